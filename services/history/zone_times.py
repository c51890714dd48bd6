"""How long the zones took at every time of a history: what is learned from, and evaluated by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.history import day_files
from services.history.day_counts import COUNTED_COLUMNS, observed_zone_times, rows_by_network
from services.history.networks import KnownNetworks
from services.traffic.snapshot import Source
from services.traffic.zone_ratios import ZoneTimes


def zone_times_by_day(
    data_dir: Path, source: Source, days: Iterable[date], networks: KnownNetworks
) -> Iterator[tuple[date, NDArray[np.int64], ZoneTimes]]:
    """The zones at every time of some UTC days, day by day; a day on two networks comes twice.

    Parameters
    ----------
    networks : KnownNetworks
        Rows on others are left out.

    Yields
    ------
    day : date
    epoch_s : array of int, shape (times,)
        Observation times, seconds since 1970 UTC, in order.
    times : ZoneTimes
        Of shape (times, zones).

    Raises
    ------
    StorageError
        When files cannot be read though nothing is known to be wrong with them.
    """
    for day in days:
        table = day_files.read_day(data_dir, source, day, COUNTED_COLUMNS)
        for counted in rows_by_network(table, networks):
            yield (day, *observed_zone_times(counted))
