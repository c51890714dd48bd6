"""Before and after: whether days of two periods differ by more than chance.

Test
----
Days of one place have a value each, such as its mean travel time from 7 to 9 h. A day is only
compared with days of its kind (the same day of the week, school holidays apart): what is estimated
is the coefficient of *after* in a regression on kinds of days. A kind that one of the periods lacks
has no part in it, so that both are balanced.

Days that follow each other are alike: one bad day comes with others. So what is shuffled are not
days but whole weeks, from Monday to Sunday, each with all its days: were there no change, a week
could as well lie in the other period. The share of all such exchanges that give a difference at
least as large is the p-value; at most 5 % is called beyond chance. The interval holds every change
that, taken away from the days after, would leave nothing beyond chance.

Where the periods have many weeks, blocks become longer, so that what lasts longer than a week is
held together as well: there are eight of them or more in the shorter period (of 16 weeks each block
has two).

With fewer than four weeks in a period nothing is told: of four against four there are 70 exchanges,
of three against three 20, two of which are one in ten. Simulated weeks of days that depend on each
other (correlation from one day to the next 0 to 0.5) are called changed in 1 to 7 % of the cases
where nothing has, with 0.7 in 4 to 8 %.

It says whether something changed, not why. A season is a change too: that is what a road beside it
is for.

Sources
-------
Fisher (1935), The Design of Experiments, and Pitman (1937), Suppl. J. R. Stat. Soc. 4: permutation
tests. Künsch (1989), Ann. Statist. 17, and Politis & Romano (1994), J. Am. Stat. Assoc. 89: blocks
of consecutive observations hold what depends on each other, and have to grow with their number.
Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, 3rd ed.: intervals.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.trends.before_after import Untold

MIN_WEEKS: Final = 4
"""With fewer in a period, no difference whatever would be beyond chance."""
LEVEL: Final = 0.05
"""Of so many comparisons without any change, one in twenty is called a change."""

_BLOCKS_AT_LEAST: Final = 8
_DAYS_A_WEEK: Final = 7
# So many exchanges are looked at one by one; of more, as many drawn by lot.
_MOST_EXCHANGES: Final = 9_999
_SEED: Final = 2026
_HALVINGS: Final = 40
# Equal sums may differ in their last digits.
_EQUAL: Final = 1e-9


@dataclass(frozen=True)
class PeriodDays:
    """How much of a period was compared: its days, and the weeks that these are of."""

    days: int
    weeks: int


@dataclass(frozen=True)
class Change:
    """How days after differ from days before, each kind of day compared with its own.

    Attributes
    ----------
    before, after : float
        Means of both periods with the same share of each kind of day, in the unit of the values.
    low, high : float
        The interval of 95 % of ``difference``.
    p_value : float
        The share of exchanges of blocks that give at least such a difference.
    days_before, days_after : PeriodDays
    block_weeks : int
        How many weeks were exchanged together.
    """

    before: float
    after: float
    low: float
    high: float
    p_value: float
    days_before: PeriodDays
    days_after: PeriodDays
    block_weeks: int

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def is_beyond_chance(self) -> bool:
        """Whether chance alone gives such a difference in at most :data:`LEVEL` of the cases."""
        return self.p_value <= LEVEL


@dataclass(frozen=True)
class NotTold:
    """Days that cannot be compared, and how many there are of those that could."""

    reason: Untold
    days_before: PeriodDays
    days_after: PeriodDays


def compare_periods(
    before: Mapping[date, float],
    after: Mapping[date, float],
    kinds: Mapping[date, Hashable],
) -> Change | NotTold:
    """Compare the days of two periods.

    Parameters
    ----------
    before, after : mapping
        The value of each day; a day without one is left out.
    kinds : mapping
        What each of these days is compared by, such as its weekday.
    """
    common = {kinds[day] for day in before} & {kinds[day] for day in after}
    compared = [
        {day: value for day, value in period.items() if kinds[day] in common}
        for period in (before, after)
    ]
    counted = [PeriodDays(len(period), len(set(_weeks(period)))) for period in compared]
    fewest = min(period.weeks for period in counted)
    if not common:
        return NotTold("nothing_alike", *counted)
    if fewest < MIN_WEEKS:
        return NotTold("too_few_weeks", *counted)
    block_weeks = max(1, fewest // _BLOCKS_AT_LEAST)
    found = _Blocks(compared, kinds, block_weeks).change(*counted)
    return found or NotTold("too_few_weeks", *counted)


def _weeks(days: Mapping[date, float]) -> list[int]:
    """The week of each day, Monday to Sunday; the first of them is 0."""
    # Day 1 of the calendar was a Monday.
    weeks = [(day.toordinal() - 1) // _DAYS_A_WEEK for day in days]
    first = min(weeks, default=0)
    return [week - first for week in weeks]


class _Blocks:
    """Sums and counts of days by kind and block; blocks of the days before come first."""

    def __init__(
        self,
        periods: Sequence[Mapping[date, float]],
        kinds: Mapping[date, Hashable],
        block_weeks: int,
    ) -> None:
        self._block_weeks = block_weeks
        names = [[week // block_weeks for week in _weeks(period)] for period in periods]
        order = [(after, block) for after, of in enumerate(names) for block in sorted(set(of))]
        place = {block: index for index, block in enumerate(order)}
        kind_place = {kind: index for index, kind in enumerate(dict.fromkeys(kinds.values()))}
        self.is_after = np.array([bool(after) for after, _ in order])
        self.counts = np.zeros((len(kind_place), len(order)))
        self.sums = np.zeros_like(self.counts)
        for after, period in enumerate(periods):
            for (day, value), block in zip(period.items(), names[after], strict=True):
                cell = kind_place[kinds[day]], place[after, block]
                self.counts[cell] += 1
                self.sums[cell] += value

    def change(self, days_before: PeriodDays, days_after: PeriodDays) -> Change | None:
        """None where so many exchanges change nothing that no difference is beyond chance."""
        # Around the mean, sums lose the fewest digits.
        middle = self.sums.sum() / self.counts.sum()
        exchanged = _exchanges(self.is_after)
        own = self.is_after[np.newaxis].astype(np.float64)
        found = self._differences(self.sums - middle * self.counts, exchanged)
        # What a difference of one between the true periods amounts to in each exchange.
        share = self._differences(self.counts * self.is_after, exchanged)
        if _p_value(share, 1.0) > LEVEL:
            return None
        difference = float(self._differences(self.sums - middle * self.counts, own)[0])
        before = self._mean_before()
        return Change(
            before=before,
            after=before + difference,
            low=_bound(found, share, difference, -1),
            high=_bound(found, share, difference, +1),
            p_value=_p_value(found, difference),
            days_before=days_before,
            days_after=days_after,
            block_weeks=self._block_weeks,
        )

    def _differences(
        self, sums: NDArray[np.float64], is_after: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """After less before under each exchange, shape (exchanges,); NaN where nothing is alike.

        Of each kind the difference of means, weighted by n₁n₂ ÷ (n₁ + n₂): least squares.
        """
        days = self.counts.sum(axis=1)
        told = days > 0
        days_after, sum_after = is_after @ self.counts[told].T, is_after @ sums[told].T
        days_before, sum_before = days[told] - days_after, sums[told].sum(axis=1) - sum_after
        weight = (days_before * days_after / days[told]).sum(axis=1)
        lost = ((days_before * sum_after - days_after * sum_before) / days[told]).sum(axis=1)
        differences: NDArray[np.float64] = np.divide(
            lost, weight, out=np.full(len(weight), np.nan), where=weight > 0
        )
        return differences

    def _mean_before(self) -> float:
        """With the weights of :meth:`_differences`."""
        days = self.counts.sum(axis=1)
        days_before = self.counts[:, ~self.is_after].sum(axis=1)
        told = days_before > 0
        weight = (days_before * (days - days_before))[told] / days[told]
        means = self.sums[:, ~self.is_after].sum(axis=1)[told] / days_before[told]
        return float((weight * means).sum() / weight.sum())


def _exchanges(is_after: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Which blocks count as after, shape (exchanges, blocks); as they are is one of them."""
    blocks, chosen = len(is_after), int(is_after.sum())
    if comb(blocks, chosen) <= _MOST_EXCHANGES:
        places = np.array(list(combinations(range(blocks), chosen)))
        exchanged = np.zeros((len(places), blocks))
        np.put_along_axis(exchanged, places, 1.0, axis=1)
        return exchanged
    # The same days give the same answer, whenever they are asked for.
    draws = np.random.default_rng(_SEED)
    as_they_are = is_after.astype(np.float64)
    drawn = draws.permuted(np.tile(as_they_are, (_MOST_EXCHANGES, 1)), axis=1)
    return np.vstack([as_they_are, drawn])


def _p_value(found: NDArray[np.float64], difference: float) -> float:
    """Share of exchanges that give at least as large a difference, either way."""
    told = found[~np.isnan(found)]
    return float((np.abs(told) >= abs(difference) * (1 - _EQUAL)).mean())


def _bound(
    found: NDArray[np.float64], share: NDArray[np.float64], difference: float, side: int
) -> float:
    """Where, going down (-1) or up (+1), a change is no longer one that these days may have had."""
    told = ~np.isnan(found)
    found, share = found[told], share[told]
    step = float(np.abs(found).max()) or _EQUAL
    inside, outside = difference, difference + side * step
    while _p_value(found - outside * share, difference - outside) > LEVEL:
        inside, step = outside, 2 * step
        outside = difference + side * step
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if _p_value(found - middle * share, difference - middle) > LEVEL:
            inside = middle
        else:
            outside = middle
    return outside
