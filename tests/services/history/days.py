"""Days of observations on a small network, and what is in a history, for its tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from services.base.files import write_atomically
from services.history import day_files, layout, writer
from services.history.typical import TypicalWeek, typical_days
from services.traffic.network import Network, encode_network
from services.traffic.snapshot import Source
from services.traffic.status import Status
from tests.factories import make_snapshot_for


def keep_network(data_dir: Path, network: Network) -> None:
    write_atomically(data_dir / "networks" / f"{network.version}.geojson", encode_network(network))


def files(data_dir: Path, source: Source) -> list[Path]:
    """The readable files of a source, in order of time, those left out that count twice."""
    days = layout.days(data_dir, source)
    return [path for day in days for path in day_files.day_files(data_dir, source, day).to_read()]


def typical_week(data_dir: Path, source: Source, network: Network) -> TypicalWeek:
    """What is usual for every segment at every hour of the week."""
    return typical_days(data_dir, source, network, range(7))


def moments(start: datetime, how_many: int, step_minutes: int = 3) -> list[datetime]:
    return [start + timedelta(minutes=step_minutes * count) for count in range(how_many)]


def append(
    data_dir: Path,
    network: Network,
    times: Sequence[datetime],
    *,
    source: Source = "live",
    seed: int = 0,
) -> None:
    """Snapshots whose statuses are drawn at random, the same ones for the same seed."""
    keep_network(data_dir, network)
    for moment in times:
        generator = np.random.default_rng([seed, int(moment.timestamp())])
        codes = generator.integers(0, len(Status), len(network)).astype(np.uint8)
        snapshot = make_snapshot_for(network, codes, observed_at=moment, source=source)
        writer.append_snapshot(data_dir, snapshot)


def observations(data_dir: Path, source: Source, day: date) -> pd.DataFrame:
    """Everything the history holds of a day, in a fixed order."""
    frame = day_files.read_day(data_dir, source, day).to_pandas()
    frame["network_version"] = frame["network_version"].astype(str)
    order = ["observed_at", "network_version", "segment"]
    return frame.sort_values(order).reset_index(drop=True)


def file_names(data_dir: Path, source: Source, day: date) -> list[str]:
    directory = data_dir / "history" / f"source={source}" / f"date={day.isoformat()}"
    return sorted(path.name for path in directory.iterdir())
