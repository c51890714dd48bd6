"""What a benchmark finds: a figure, its baseline, their ratio, and whether a target is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).parent.parent
# A real reply, handed out beside the checkout to those who have it.
REAL_REPLY: Final = ROOT.parent / "shared" / "data" / "rennes" / "snapshot-2024-08-26T1243.json"
# As many as the real feed has.
SEGMENTS: Final = 2_859


class NotMeasured(Exception):
    """Something that a benchmark needs is not there; the message says what, in one line."""


@dataclass(frozen=True)
class Options:
    """How much to measure.

    Attributes
    ----------
    is_quick : bool
        Few repetitions: to try the benchmarks out, not to trust their figures.
    """

    is_quick: bool = False

    def repeat(self, full: int, quick: int) -> int:
        """Number of repetitions."""
        return quick if self.is_quick else full


@dataclass(frozen=True)
class Spread:
    """A figure over several runs: its median unless said otherwise, its least and its most."""

    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        """The figure for people, the range only where there is one."""
        text = f"{number(self.value)} {self.unit}"
        if self.low == self.high:
            return text
        return f"{text} ({number(self.low)}–{number(self.high)})"


@dataclass(frozen=True)
class Ratio:
    """A figure against its baseline.

    Attributes
    ----------
    value : float
        Baseline ÷ figure when ``style`` is ``"times less"``, figure ÷ baseline otherwise.
    """

    value: float
    style: Literal["times less", "share"]

    def __str__(self) -> str:
        """The ratio for people."""
        if self.style == "share":
            return f"{100 * self.value:.0f} %"
        if self.value < 1:
            return f"{number(1 / self.value)} × more"
        return f"{number(self.value)} × less"


@dataclass(frozen=True)
class Target:
    """What a figure, the worst of its runs, or its ratio has to reach."""

    limit: float
    bound: Literal["at most", "at least"]
    of: Literal["figure", "worst run", "ratio"] = "figure"

    def is_met(self, here: Spread, ratio: Ratio | None) -> bool:
        """Whether a measurement reaches it."""
        is_most = self.bound == "at most"
        if self.of == "ratio":
            if ratio is None:
                return False
            value = ratio.value
        elif self.of == "worst run":
            value = here.high if is_most else here.low
        else:
            value = here.value
        return value <= self.limit if is_most else value >= self.limit

    def text(self, here: Spread, ratio: Ratio | None) -> str:
        """The target for people."""
        sign = "≤" if self.bound == "at most" else "≥"
        if self.of == "ratio" and ratio is not None:
            return f"{sign} {Ratio(self.limit, ratio.style)}"
        return f"{sign} {number(self.limit)} {here.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table; ``here`` is None for what could not be measured."""

    figure: str
    here: Spread | None
    baseline: Spread | None = None
    baseline_is: str = ""
    ratio: Ratio | None = None
    target: Target | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without a target or a figure."""
        if self.target is None or self.here is None:
            return None
        return self.target.is_met(self.here, self.ratio)


def spread(values: Sequence[float], unit: str, scale: float = 1.0) -> Spread:
    """The median of some runs, between their least and their most.

    Parameters
    ----------
    scale : float
        Multiplies every value: 1,000 for seconds in milliseconds.
    """
    scaled = [scale * value for value in values]
    return Spread(statistics.median(scaled), min(scaled), max(scaled), unit)


def exactly(value: float, unit: str) -> Spread:
    """A figure that was measured once."""
    return Spread(value, value, value, unit)


def times_less(here: Spread, baseline: Spread) -> Ratio:
    """How many times less than the baseline a figure is."""
    return Ratio(baseline.value / here.value, "times less")


def share(here: Spread, baseline: Spread) -> Ratio:
    """What part of the baseline a figure is."""
    return Ratio(here.value / baseline.value, "share")


def number(value: float) -> str:
    """Three figures that count, and no more.

    Examples
    --------
    >>> number(13.0421), number(704123), number(0.002)
    ('13.0', '704,123', '0.002')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    return f"{value:.3g}"
