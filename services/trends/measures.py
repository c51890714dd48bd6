"""What curves, weeks and calendars tell of a day: one number a time, defined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.statuses import DATEX_NAMES
from services.plain.trends.curve import Measure
from services.traffic.status import Status
from services.trends.day_grid import DayGrid

_DECIMALS: Final = 4
_SECONDS_PER_MINUTE: Final = 60.0
_SLOW: Final = tuple(
    DATEX_NAMES[status] for status in (Status.HEAVY, Status.CONGESTED, Status.IMPOSSIBLE)
)


def slow_share(grid: DayGrid) -> NDArray[np.float64]:
    """Share of the length that is heavy, congested or closed; NaN where nothing was kept."""
    shares = grid.status_shares()
    slow = sum((shares[name] for name in _SLOW), np.zeros(len(grid.snapshots)))
    return np.where(grid.snapshots > 0, slow, np.nan)


MEASURED: Final[dict[Measure, Callable[[DayGrid], NDArray[np.float64]]]] = {
    "congestion": lambda grid: grid.congestion,
    "jam": lambda grid: grid.jam_km,
    "status": slow_share,
    "speed": lambda grid: grid.place_kmh,
    "time": lambda grid: grid.travel_s / _SECONDS_PER_MINUTE,
}
"""Of each measure, what a day has at its times; NaN where too little was known."""


def told(values: NDArray[np.floating]) -> list[float | None]:
    """Numbers for an answer: None where one is not known."""
    return [None if np.isnan(value) else round(value, _DECIMALS) for value in values.tolist()]


def rounded(values: NDArray[np.floating]) -> list[float]:
    """Numbers for an answer, all of them known."""
    numbers: list[float] = np.round(values, _DECIMALS).tolist()
    return numbers
