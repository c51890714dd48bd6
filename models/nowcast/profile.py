"""The usual speed of each detector at each time of day, without the day it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.speed_table import OFF, SCHOOL_HOLIDAY, RowTimes

_KERNEL_REACH: Final = 3
_LITTLE: Final = 1e-9


@dataclass(frozen=True)
class ProfileOptions:
    """How days are averaged.

    Attributes
    ----------
    smoothing_minutes : float
        Standard deviation of the Gaussian over the time of day.
    other_type_weight : float
        Weight of a working day in the profile of weekend days, and the reverse:
        it shrinks the profile of the rarer type towards that of all days.
    school_holiday_weight : float
        The same between working days with school and without, which are more alike.
    """

    smoothing_minutes: float = 30.0
    other_type_weight: float = 0.1
    school_holiday_weight: float = 0.3


@dataclass(frozen=True)
class UsualSpeeds:
    """What is usual at some rows.

    Attributes
    ----------
    speed, spread : arrays of float32, shape (rows, detectors)
        Mean and standard deviation over the other days; always finite.
    """

    speed: NDArray[np.float32]
    spread: NDArray[np.float32]


class DailyProfile:
    """Mean and spread over days, by detector, time of day and type of day.

    A row of a day that was learned from gets the profile of the *other* days. With
    its own day in it, the profile would hold a share of the very speed that the
    model is to forecast, which makes it look far more reliable in training than it
    is later.

    Parameters
    ----------
    speed : array, shape (rows, detectors)
        NaN where unknown.
    """

    def __init__(
        self, speed: NDArray[np.float32], times: RowTimes, options: ProfileOptions
    ) -> None:
        self._options = options
        self._slots = times.slots_per_day
        self._days = np.unique(times.day)
        self._types = np.array([times.day_type[times.day == day][0] for day in self._days])
        minutes_per_slot = 24 * 60 / self._slots
        kernel = _gaussian(options.smoothing_minutes / minutes_per_slot)
        known = ~np.isnan(speed)
        value = np.where(known, speed, 0.0).astype(np.float64)
        self._count, self._sum, self._squares = (
            _smoothed(self._by_day(part, times), kernel) for part in (known, value, value**2)
        )
        counts = np.maximum(known.sum(axis=0), 1)
        self._mean = value.sum(axis=0) / counts
        self._variance = np.maximum((value**2).sum(axis=0) / counts - self._mean**2, 0.0)

    @property
    def knows_school_holidays(self) -> bool:
        """Whether days of school holidays were learned from."""
        return bool((self._types == SCHOOL_HOLIDAY).any())

    def rows(self, times: RowTimes) -> UsualSpeeds:
        """The profile at each row, leaving out the day that the row belongs to."""
        speed = np.empty((len(times.day), len(self._mean)), dtype=np.float32)
        spread = np.empty_like(speed)
        for day in np.unique(times.day):
            chosen = times.day == day
            table, deviation = self._table(day, int(times.day_type[chosen][0]))
            speed[chosen], spread[chosen] = table[times.slot[chosen]], deviation[times.slot[chosen]]
        return UsualSpeeds(speed, spread)

    def _table(
        self, without_day: int, day_type: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weight = self._weights(day_type)
        weight[self._days == without_day] = 0.0
        count, total, squares = (
            np.einsum("d,dsn->sn", weight, part) for part in (self._count, self._sum, self._squares)
        )
        seen = count > _LITTLE
        divisor = np.where(seen, count, 1.0)
        mean = np.where(seen, total / divisor, self._mean)
        variance = np.where(seen, squares / divisor - mean**2, self._variance)
        return mean, np.sqrt(np.maximum(variance, 0.0))

    def _weights(self, day_type: int) -> NDArray[np.float64]:
        """Of each day in the profile of a type of day."""
        weight = np.where(self._types == day_type, 1.0, self._options.other_type_weight)
        if day_type != OFF:
            is_alike = (self._types != OFF) & (self._types != day_type)
            weight[is_alike] = self._options.school_holiday_weight
        return weight

    def _by_day(self, part: NDArray[np.generic], times: RowTimes) -> NDArray[np.float64]:
        days = np.zeros((len(self._days), self._slots, part.shape[1]))
        days[np.searchsorted(self._days, times.day), times.slot] = part
        return days


def _gaussian(sigma_slots: float) -> NDArray[np.float64]:
    reach = int(_KERNEL_REACH * sigma_slots)
    offsets = np.arange(-reach, reach + 1)
    return np.exp(-0.5 * (offsets / max(sigma_slots, _LITTLE)) ** 2)


def _smoothed(days: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Around the clock: the minutes before midnight neighbour those after it."""
    reach = len(kernel) // 2
    rolled = (
        weight * np.roll(days, offset, axis=1)
        for offset, weight in zip(range(-reach, reach + 1), kernel, strict=True)
    )
    total = np.zeros_like(days)
    for part in rolled:
        total += part
    return total
