"""How right the forecasts were: the model beside its baselines, by lead time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Forecaster = Literal["model", "persistence", "average"]
FORECASTERS: Final[tuple[Forecaster, ...]] = get_args(Forecaster)
MODEL: Final[Forecaster] = "model"
BASELINES: Final[tuple[Forecaster, ...]] = ("persistence", "average")


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
    """

    kind: str
    lead_minutes: int
    yesterday: ComparedScores | None
    week: ComparedScores | None
    zones: Mapping[str, ComparedScores]
    calibration: Sequence[CalibrationBin]
