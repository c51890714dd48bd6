"""Small histories on disk whose zones do what a test says, and models that foretell them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from services.city.rennes import RENNES
from services.forecast.champions import CHAMPION_FILE
from services.forecast.nowcast_files import write_nowcast
from services.forecast.nowcasts import LEAD_MINUTES, NowcastTable, to_percent
from services.forecast.week_forecasts import WEEK_DIRECTORY, WEEK_FILE, WeekTable
from services.forecast.week_forecasts import encode_table as encode_week_table
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    TrainedOn,
    encode_table,
    make_table,
    table_shape,
)
from services.history import writer
from services.history.hour_of_week import HOURS_PER_WEEK
from services.history.rows import Observations
from services.plain.forecast import QUANTILES
from services.traffic.snapshot import Source
from services.traffic.status import Status
from services.traffic.zone_ratios import travel_times_s, zone_times
from tests.factories import make_network
from tests.services.history.days import keep_network

FREE, DENSE, BLOCKED = range(3)
# Of the limit; of free flow, in every zone on the same side of the bounds.
RATIO_OF = (0.9, 0.45, 0.25)
STATUS_OF = (Status.FREE_FLOW, Status.HEAVY, Status.CONGESTED)
NETWORK = make_network(10)

Doing = Callable[[datetime], int]


def times(start: datetime, hours: int, step_minutes: int = 20) -> list[datetime]:
    steps = hours * 60 // step_minutes
    return [start + timedelta(minutes=step_minutes * count) for count in range(steps)]


def write(
    data_dir: Path,
    moments: Sequence[datetime],
    doing: Doing,
    *,
    source: Source = "demo",
    known_share: Callable[[datetime], float] = lambda _: 1.0,
) -> None:
    """Every zone does the same; a share of the segments, the last ones, is unknown."""
    keep_network(data_dir, NETWORK)
    shares = np.array([known_share(moment) for moment in moments])
    frame = _frame(moments, np.array([doing(moment) for moment in moments]), shares)
    for day, part in frame.groupby(frame["observed_at"].dt.date):
        observations = Observations(NETWORK.version, part)
        writer.write_day(data_dir, source, day, observations)


def _frame(
    moments: Sequence[datetime], statuses: NDArray[np.int64], known_shares: NDArray[np.float64]
) -> pd.DataFrame:
    count = len(NETWORK)
    known = np.arange(count) < np.round(known_shares * count)[:, np.newaxis]
    ratios, codes = np.array(RATIO_OF)[statuses], np.array(STATUS_OF, int)[statuses]
    speed = np.round(NETWORK.speed_limit_kmh * ratios[:, np.newaxis]).astype(int)
    return pd.DataFrame(
        {
            "observed_at": pd.Series(moments).repeat(count).array,
            "segment": np.tile(np.arange(count), len(moments)),
            "status": np.where(known, codes[:, np.newaxis], int(Status.UNKNOWN)).ravel(),
            "speed_kmh": pd.arrays.IntegerArray(speed.ravel(), ~known.ravel()),
            "travel_time_s": 10,
            "reliability_pct": 60,
            "probes": np.where(known, 3, 0).ravel(),
        }
    )


def write_table(
    root: Path,
    version: str,
    shares: Sequence[float],
    *,
    last_day: date = date(2026, 3, 1),
    champion: bool = True,
) -> None:
    """A model that says the same of every hour."""
    table = make_table(
        RENNES,
        version,
        "1",
        TrainedOn("demo", date(2026, 1, 5), last_day, 50, 1_000),
        np.broadcast_to(np.array(shares, float), table_shape(RENNES)).copy(),
    )
    (root / version).mkdir(parents=True, exist_ok=True)
    (root / version / FORECASTS_FILE).write_bytes(encode_table(table))
    if champion:
        (root / CHAMPION_FILE).write_text(f"{version}\n")


def write_week(
    root: Path,
    version: str,
    quantiles: Sequence[float],
    *,
    last_day: date = date(2026, 3, 1),
) -> None:
    """A model of segments that says the same quantiles of the ratio of every hour."""
    shape = (HOURS_PER_WEEK, len(NETWORK))
    percent = np.array(quantiles)[:, np.newaxis, np.newaxis] * 100
    table = WeekTable(
        model_version=version,
        trained_on=TrainedOn("demo", date(2026, 1, 5), last_day, 50, 1_000),
        thresholds=RENNES.thresholds,
        segment_ids=NETWORK.segment_ids,
        quantiles_pct=np.broadcast_to(np.rint(percent), (3, *shape)).astype(np.uint8),
        days_observed=np.full(shape, 4, np.uint8),
    )
    directory = root / WEEK_DIRECTORY / version
    directory.mkdir(parents=True)
    (directory / WEEK_FILE).write_bytes(encode_week_table(table))
    (root / WEEK_DIRECTORY / CHAMPION_FILE).write_text(f"{version}\n")


def issue(data_dir: Path, moment: datetime, doing: Doing, **changes: Any) -> None:
    """Keep the nowcast of :func:`make_nowcast`."""
    write_nowcast(data_dir, make_nowcast(moment, doing, **changes))


def make_nowcast(
    moment: datetime,
    doing: Doing,
    *,
    version: str = "2026-03-02-aaaaaa",
    last_day: date = date(2026, 3, 1),
    source: Source = "demo",
) -> NowcastTable:
    """A nowcast that is almost sure of what every zone will do."""
    coming = [doing(moment + timedelta(minutes=lead)) for lead in LEAD_MINUTES]
    ratios = np.add.outer([-0.03, 0.0, 0.03], [RATIO_OF[status] for status in coming])
    zones = np.add.outer([-0.03, 0.0, 0.03], [zone_ratios(status) for status in coming])
    shape = (len(QUANTILES), len(LEAD_MINUTES), len(NETWORK))
    return NowcastTable(
        RENNES,
        model_version=version,
        trained_on=TrainedOn("demo", date(2026, 1, 5), last_day, 50, 1_000),
        network_version=NETWORK.version,
        snapshot_version="1",
        source=source,
        observed_at=moment,
        percent=to_percent(np.broadcast_to(ratios[:, :, None], shape)),
        zone_ratios=np.minimum(zones, 1.0),
    )


def zone_ratios(status: int) -> NDArray[np.float64]:
    """Speed ratio of each zone, against free flow and not the limit."""
    travel_s = travel_times_s(NETWORK, NETWORK.speed_limit_kmh * RATIO_OF[status])
    return zone_times(NETWORK, travel_s).speed_ratios()


def rush(moment):
    """Blocked from seven to eight, and free otherwise."""
    return BLOCKED if moment.hour == 7 else FREE
