"""How right the forecasts were: the model beside its baselines, by lead time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

Forecaster = Literal["model", "persistence", "average"]
FORECASTERS: Final[tuple[Forecaster, ...]] = get_args(Forecaster)
MODEL: Final[Forecaster] = "model"
BASELINES: Final[tuple[Forecaster, ...]] = ("average", "persistence")
"""In the order in which they are told."""

Outcome = Literal["better", "same", "worse"]
# A twentieth of a percent is told as none.
_SHOWN_DIFFERENCE: Final = 0.0005


@dataclass(frozen=True)
class ComparedScores:
    """The model beside its baselines over the same cases.

    Attributes
    ----------
    cases : int
    rps : mapping
        Mean ranked probability score of each forecaster, 0 is perfect.
    brier : mapping
        Mean Brier score of each forecaster.
    ratio_error : mapping
        Mean absolute error of the speed ratio; None for those that give none.
    coverage : mapping
        Share of speed ratios inside the band from P10 to P90; None likewise.
    better_share : mapping
        Share of cases in which the model's score was strictly better, by baseline.
    skill : mapping
        Share of each baseline's score that the model saves; None against a perfect one.
    """

    cases: int
    rps: Mapping[Forecaster, float]
    brier: Mapping[Forecaster, float]
    ratio_error: Mapping[Forecaster, float | None]
    coverage: Mapping[Forecaster, float | None]
    better_share: Mapping[Forecaster, float]
    skill: Mapping[Forecaster, float | None]

    def outcome(self, baseline: Forecaster) -> Outcome:
        """How the model's error compares with that of a baseline, as far as figures show it."""
        gain = self.skill[baseline]
        if gain is None:
            return "worse" if self.rps[MODEL] else "same"
        if abs(gain) < _SHOWN_DIFFERENCE:
            return "same"
        return "better" if gain > 0 else "worse"

    @property
    def harder_baseline(self) -> Forecaster:
        """The baseline with the smaller error: to be better than the other one says little."""
        return min(BASELINES, key=lambda name: self.rps[name])


@dataclass(frozen=True)
class DayErrors:
    """The errors of one day, as :attr:`ComparedScores.rps`."""

    day: date
    cases: int
    rps: Mapping[Forecaster, float]


@dataclass(frozen=True)
class CalibrationBin:
    """Cases whose forecast probability of *not free* lay within one tenth."""

    cases: int
    mean_probability: float
    observed_frequency: float


@dataclass(frozen=True)
class LeadQuality:
    """One kind of model at one lead time.

    Attributes
    ----------
    kind : {"zones", "week", "nowcast"}
    yesterday, week : ComparedScores or None
        Over all zones but the whole network, which would count them twice; None
        where nothing was evaluated.
    zones : mapping
        The week by zone, the whole network included.
    calibration : sequence of CalibrationBin
        The model's over the week; bins without cases are left out.
    days : sequence of DayErrors
        Like ``week``, day by day and as far back as was asked for, the oldest first; days without
        a case are left out.
    """

    kind: str
    lead_minutes: int
    yesterday: ComparedScores | None
    week: ComparedScores | None
    zones: Mapping[str, ComparedScores]
    calibration: Sequence[CalibrationBin]
    days: Sequence[DayErrors]


@dataclass(frozen=True)
class LearnedFrom:
    """What a model learned from: days of traffic of one source, or else so many pictures.

    Attributes
    ----------
    days, pictures : int
        The other one is 0.
    first_day, last_day : date or None
    """

    is_simulated: bool
    days: int = 0
    first_day: date | None = None
    last_day: date | None = None
    pictures: int = 0


@dataclass(frozen=True)
class ModelInUse:
    """A version of one kind, most often its champion, as its own record tells of it.

    Attributes
    ----------
    kind : {"zones", "week", "nowcast", "camera"}
    is_shipped : bool
        Whether it came with the code.
    is_set_aside : bool
        Whether the average of what was observed is shown instead of it.
    learned_from : LearnedFrom or None
        None where the record cannot be read.
    mean_iou : float or None
        Of a model that reads pictures: mean intersection over union, on pictures that it had
        not seen; 1 is perfect.
    """

    kind: str
    version: str
    is_shipped: bool
    is_set_aside: bool
    learned_from: LearnedFrom | None
    mean_iou: float | None = None
