"""Whole days shared out: to learn from, to stop the training by, to evaluate by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def split_days(days: list[date], seed: int, evaluated: list[date] | None = None) -> DaySplit:
    """Share whole days out at random, each weekday alike.

    Parameters
    ----------
    evaluated : list of date, optional
        Evaluate by these, and share out the others.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday, or two others where it is given what to evaluate by.
    """
    least = MIN_OF_EACH_WEEKDAY - (evaluated is not None)
    others = sorted(set(days) - set(evaluated or ()))
    by_weekday = [[day for day in others if day.weekday() == weekday] for weekday in range(DAYS)]
    for name, same in zip(DAY_NAMES, by_weekday, strict=True):
        if len(same) < least:
            beside = "" if evaluated is None else " beside the days it is evaluated by"
            raise HistoryTooShort(
                f"{len(same)} {name}s in the history: training needs {least} of each "
                f"weekday{beside}"
            )
    return share_out(by_weekday, seed, _HELD_OUT_SHARE, evaluated)


def share_out(
    groups: Iterable[Sequence[date]],
    seed: int,
    held_out_share: int,
    evaluated: list[date] | None = None,
) -> DaySplit:
    """Share days out at random, those of each group alike.

    Parameters
    ----------
    held_out_share : int
        One day in so many, one at least, to stop the training by, and one to evaluate by.
    evaluated : list of date, optional
        Evaluate by these, which are in no group, and by none of the groups.
    """
    generator = np.random.default_rng(seed)
    split = DaySplit([], [], list(evaluated or ()))
    for same in groups:
        held = max(1, len(same) // held_out_share)
        tested = held if evaluated is None else 0
        shuffled = [same[place] for place in generator.permutation(len(same))]
        split.validation.extend(shuffled[:held])
        split.test.extend(shuffled[held : held + tested])
        split.train.extend(shuffled[held + tested :])
    return DaySplit(sorted(split.train), sorted(split.validation), sorted(split.test))
