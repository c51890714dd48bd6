"""Sharing whole days out: to learn from, to calibrate by, to evaluate by."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.day_split import DaySplit, share_out
from models.errors import HistoryTooShort
from models.nowcast.city_table import CityTable
from models.nowcast.speed_table import OFF, SCHOOL_HOLIDAY, WORKING

# Of working days and of days off alike: one in seven to calibrate, one in seven to evaluate.
_HELD_OUT_SHARE: Final = 7
_MIN_OF_EACH_TYPE: Final = 3
_MIN_OBSERVED_SHARE: Final = 0.5


def split_by_day_type(table: CityTable, seed: int, *, until: date | None = None) -> DaySplit:
    """Share whole days out at random, working days and days off alike.

    Days of which less than half was observed, such as a first one that began in the
    evening, are in no part: nothing could be evaluated by them.

    Parameters
    ----------
    until : date, optional
        Share out the days before this one only.

    Raises
    ------
    HistoryTooShort
        With fewer than three of a type.
    """
    types = {
        day: day_type
        for day, day_type in _observed_days(table).items()
        if until is None or day < until
    }
    groups = _alike(types)
    for name, same in groups.items():
        if len(same) < _MIN_OF_EACH_TYPE:
            raise HistoryTooShort(
                f"{len(same)} {name} in the history: training needs {_MIN_OF_EACH_TYPE} of them"
            )
    return share_out(groups.values(), seed, _HELD_OUT_SHARE)


def _alike(types: dict[date, int]) -> dict[str, list[date]]:
    """Days by type; a few days of school holidays are working days, enough of them their own."""

    def of(*chosen: int) -> list[date]:
        return [day for day, day_type in types.items() if day_type in chosen]

    if len(of(SCHOOL_HOLIDAY)) < _MIN_OF_EACH_TYPE:
        return {"working days": of(WORKING, SCHOOL_HOLIDAY), "days off": of(OFF)}
    return {
        "working days": of(WORKING),
        "days off": of(OFF),
        "days of school holidays": of(SCHOOL_HOLIDAY),
    }


def _observed_days(table: CityTable) -> dict[date, int]:
    """The days that were observed for the most part, in order, and the type of each."""
    _, first, place = np.unique(table.times.day, return_index=True, return_inverse=True)
    is_observed = np.isfinite(table.ratio).any(axis=1)
    share: NDArray[np.float64] = np.bincount(place, weights=is_observed) / np.bincount(place)
    types = table.times.day_type[first].tolist()
    return {
        day: day_type
        for day, day_type, observed in zip(table.dates(), types, share.tolist(), strict=True)
        if observed >= _MIN_OBSERVED_SHARE
    }
