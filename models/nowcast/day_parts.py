"""Sharing whole days out: to learn from, to calibrate by, to evaluate by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.nowcast.city_table import CityTable
from models.nowcast.speed_table import OFF, SCHOOL_HOLIDAY, WORKING

# Of working days and of days off alike: one in seven to calibrate, one in seven to evaluate.
_HELD_OUT_SHARE: Final = 7
_MIN_OF_EACH_TYPE: Final = 3
_MIN_OBSERVED_SHARE: Final = 0.5


@dataclass(frozen=True)
class NowcastSplit:
    """Whole days, each in one part only; numbers as in ``CityTable.times.day``."""

    train: list[int]
    validation: list[int]
    test: list[int]


def split_days(table: CityTable, seed: int, *, until: int | None = None) -> NowcastSplit:
    """Share whole days out at random, working days and days off alike.

    Days of which less than half was observed, such as a first one that began in the
    evening, are in no part: nothing could be evaluated by them.

    Parameters
    ----------
    until : int, optional
        Share out the days before this one only, a number as in ``CityTable.times.day``.

    Raises
    ------
    HistoryTooShort
        With fewer than three of a type.
    """
    generator = np.random.default_rng(seed)
    days, first = _observed_days(table)
    if until is not None:
        days, first = days[days < until], first[days < until]
    parts = NowcastSplit([], [], [])
    for name, same in _alike(days, table.times.day_type[first]):
        if len(same) < _MIN_OF_EACH_TYPE:
            raise HistoryTooShort(
                f"{len(same)} {name} in the history: training needs {_MIN_OF_EACH_TYPE} of them"
            )
        held = max(1, len(same) // _HELD_OUT_SHARE)
        shuffled = generator.permutation(same).tolist()
        parts.validation.extend(shuffled[:held])
        parts.test.extend(shuffled[held : 2 * held])
        parts.train.extend(shuffled[2 * held :])
    return NowcastSplit(sorted(parts.train), sorted(parts.validation), sorted(parts.test))


def _alike(
    days: NDArray[np.int64], types: NDArray[np.int64]
) -> list[tuple[str, NDArray[np.int64]]]:
    """Days by type; a few days of school holidays are working days, enough of them their own."""
    is_holiday = types == SCHOOL_HOLIDAY
    has_enough = is_holiday.sum() >= _MIN_OF_EACH_TYPE
    working = types == WORKING if has_enough else types != OFF
    groups = [("working days", days[working]), ("days off", days[types == OFF])]
    return [*groups, ("days of school holidays", days[is_holiday])] if has_enough else groups


def _observed_days(table: CityTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The days that were observed for the most part, and the first row of each."""
    days, first, place = np.unique(table.times.day, return_index=True, return_inverse=True)
    is_observed = np.isfinite(table.ratio).any(axis=1)
    share = np.bincount(place, weights=is_observed) / np.bincount(place)
    chosen = share >= _MIN_OBSERVED_SHARE
    return days[chosen], first[chosen]
