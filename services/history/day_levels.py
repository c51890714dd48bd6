"""The congestion level of the whole network over a day: as observed, and as usual.

Both are what ``services.traffic.indicators.congestion_level`` makes of the network's speed ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from services.history.day_counts import zone_times_by_day
from services.history.history import History
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import ZONE_BIN_PCT
from services.history.typical import typical_zones
from services.traffic.day_curve import Spread, make_spread
from services.traffic.indicators import congestion_level
from services.traffic.network import Network
from services.traffic.snapshot import Source
from services.traffic.usual import MIN_OBSERVATIONS

_DAY: Final = timedelta(days=1)
# Of the slowest bin the roll-ups tell no more than that it begins at nothing.
_LOWEST_RATIO: Final = ZONE_BIN_PCT / 100


def observed_levels(
    data_dir: Path, source: Source, network: Network, day: date
) -> dict[int, float]:
    """The levels of a day in the network's city, by observation time (seconds since 1970 UTC).

    Parameters
    ----------
    network : Network
        That of today: a day's rows on others count on theirs.

    Raises
    ------
    StorageError
    """
    start, end = network.city.midnight(day), network.city.midnight(day + _DAY)
    days = sorted({start.date(), (end - timedelta(seconds=1)).date()})
    networks = KnownNetworks(network.city, data_dir, [network], source=source)
    history = History(data_dir, source, networks)
    return {
        epoch_s: congestion_level(ratio)
        for _, seconds, times in zone_times_by_day(history, days)
        for epoch_s, ratio in zip(
            seconds.tolist(), times.speed_ratios()[:, -1].tolist(), strict=True
        )
        if start.timestamp() <= epoch_s < end.timestamp() and ratio > 0.0
    }


def usual_levels(
    data_dir: Path, source: Source, network: Network, hours_of_week: Sequence[int]
) -> list[Spread | None]:
    """What is usual at some hours of the week; None where too little was seen.

    The roll-ups have it by the hour, in steps of the ratio of one percent.

    Raises
    ------
    StorageError
    """
    whole = network.city.whole_network
    by_hour = typical_zones(data_dir, source, network).xs(whole, level="zone")
    rows = by_hour.loc[list(hours_of_week), ["times", "p90", "p50", "p10"]]
    return [
        make_spread(*(congestion_level(max(ratio, _LOWEST_RATIO)) for ratio in ratios))
        if times >= MIN_OBSERVATIONS
        else None
        for times, *ratios in rows.itertuples(index=False)
    ]
