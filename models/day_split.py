"""Whole days shared out: to learn from, to stop the training by, to evaluate by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from models.errors import HistoryTooShort
from services.forecast.zone_forecasts import DAY_NAMES, DAYS

# One day in six to stop the training by, one in six to evaluate it by.
_HELD_OUT_SHARE: Final = 6
# Of each weekday: one to learn from, one to stop by, one to evaluate by.
MIN_OF_EACH_WEEKDAY: Final = 3


@dataclass(frozen=True)
class DaySplit:
    """Whole days, each in one part only, so that nothing of an evaluated day was ever seen."""

    train: list[date]
    validation: list[date]
    test: list[date]


def split_days(days: list[date], seed: int) -> DaySplit:
    """Share whole days out at random, each weekday alike.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday.
    """
    generator = np.random.default_rng(seed)
    parts: tuple[list[date], list[date], list[date]] = ([], [], [])
    for weekday in range(DAYS):
        same = [day for day in sorted(days) if day.weekday() == weekday]
        if len(same) < MIN_OF_EACH_WEEKDAY:
            raise HistoryTooShort(
                f"{len(same)} {DAY_NAMES[weekday]}s in the history: training needs "
                f"{MIN_OF_EACH_WEEKDAY} of each weekday"
            )
        held = max(1, len(same) // _HELD_OUT_SHARE)
        shuffled = [same[place] for place in generator.permutation(len(same))]
        for part, chosen in zip(
            parts, (shuffled[2 * held :], shuffled[:held], shuffled[held : 2 * held]), strict=True
        ):
            part.extend(chosen)
    return DaySplit(*(sorted(part) for part in parts))


def split_with_newest_evaluated(days: list[date], evaluated: list[date], seed: int) -> DaySplit:
    """Evaluate by some given days, and share out the others: each weekday alike, at random.

    Raises
    ------
    HistoryTooShort
        With fewer than two others of some weekday: one to learn from, one to stop by.
    """
    generator = np.random.default_rng(seed)
    train: list[date] = []
    validation: list[date] = []
    for weekday in range(DAYS):
        same = [day for day in sorted(set(days) - set(evaluated)) if day.weekday() == weekday]
        if len(same) < MIN_OF_EACH_WEEKDAY - 1:
            raise HistoryTooShort(
                f"{len(same)} {DAY_NAMES[weekday]}s to learn from: a challenger needs "
                f"{MIN_OF_EACH_WEEKDAY - 1} of each weekday beside the days it is judged by"
            )
        held = max(1, len(same) // _HELD_OUT_SHARE)
        shuffled = [same[place] for place in generator.permutation(len(same))]
        validation.extend(shuffled[:held])
        train.extend(shuffled[held:])
    return DaySplit(sorted(train), sorted(validation), sorted(evaluated))
