"""Evaluating forecasts beside two baselines, on exactly the same cases, and adding up the scores.

A case is a zone, or a segment of it, at one observed time. What is known of it
is compared with what the model, persistence and the hour-of-week average said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import add
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.learn.scoring_rules import (
    CALIBRATION_BINS,
    Probabilities,
    Statuses,
    brier_scores,
    ranked_probability_scores,
)
from services.operations.tables import ForecastScore
from services.plain.quality import BASELINES, MODEL, Forecaster

# Where "free" stands among the statuses; the calibration is that of "not free".
_FREE: Final = 0


@dataclass(frozen=True)
class Prediction:
    """What one forecaster said of each case.

    Attributes
    ----------
    shares : array, shape (cases, statuses)
        Probability of each status, from free to blocked.
    ratio, p10, p90 : array, shape (cases,), or None
        Speed ratio and its band, where the forecaster gives them.
    """

    shares: Probabilities
    ratio: NDArray[np.float64] | None = None
    p10: NDArray[np.float64] | None = None
    p90: NDArray[np.float64] | None = None

    def each(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Prediction:
        """The same with each of its arrays changed."""
        return Prediction(
            change(self.shares),
            *(None if part is None else change(part) for part in (self.ratio, self.p10, self.p90)),
        )


@dataclass(frozen=True)
class Evaluated:
    """Some cases at one lead time: what was observed, and what each forecaster had said.

    Attributes
    ----------
    zone : array of int, shape (cases,)
        Index into ``City.zone_choices``.
    observed : array of int, shape (cases,)
        Status that was observed, 0 for free to 2 for blocked.
    ratio : array, shape (cases,)
        Speed ratio that was observed.
    predictions : mapping of Prediction
        Of every forecaster in :data:`FORECASTERS`.
    """

    model_version: str
    lead_minutes: int
    zone: NDArray[np.int64]
    observed: Statuses
    ratio: NDArray[np.float64]
    predictions: Mapping[Forecaster, Prediction]


@dataclass(frozen=True)
class ScoreKey:
    """Whose sums, of which zone and lead time."""

    model_version: str
    zone: str
    lead_minutes: int
    forecaster: Forecaster


@dataclass(frozen=True)
class Tally:
    """Sums over cases, as in ``operations.ForecastScore``."""

    cases: int = 0
    rps_sum: float = 0.0
    brier_sum: float = 0.0
    ratio_cases: int = 0
    ratio_error_sum: float = 0.0
    band_cases: int = 0
    band_hits: int = 0
    better_than: Mapping[str, int] = field(default_factory=dict)
    calibration: tuple[tuple[float, ...], ...] = ((0.0, 0.0, 0.0),) * CALIBRATION_BINS

    def __add__(self, other: Tally) -> Tally:
        names = {**self.better_than, **other.better_than}
        return Tally(
            **{name: getattr(self, name) + getattr(other, name) for name in _PLAIN_SUMS},
            better_than={
                name: self.better_than.get(name, 0) + other.better_than.get(name, 0)
                for name in names
            },
            calibration=tuple(
                tuple(map(add, one, another))
                for one, another in zip(self.calibration, other.calibration, strict=True)
            ),
        )


# Those that are added as they are.
_PLAIN_SUMS: Final = [
    item.name for item in fields(Tally) if item.name not in {"better_than", "calibration"}
]


def tally_of(row: ForecastScore) -> Tally:
    """The sums that a row holds."""
    return Tally(
        **{name: getattr(row, name) for name in _PLAIN_SUMS},
        better_than=row.better_than,
        calibration=tuple(tuple(cells) for cells in row.calibration),
    )


def tallies(city: City, evaluated: Evaluated) -> dict[ScoreKey, Tally]:
    """The sums of every zone and forecaster; zones without a case are left out."""
    scores = {
        name: ranked_probability_scores(prediction.shares, evaluated.observed)
        for name, prediction in evaluated.predictions.items()
    }
    found = {}
    for code in np.unique(evaluated.zone).tolist():
        members = evaluated.zone == code
        for name, prediction in evaluated.predictions.items():
            key = ScoreKey(
                evaluated.model_version, city.zone_choices[code], evaluated.lead_minutes, name
            )
            found[key] = _tally(evaluated, prediction, members, scores[name][members])
            if name == MODEL:
                found[key] += Tally(better_than=_wins(scores, members))
    return found


def added_up(parts: Iterable[Mapping[ScoreKey, Tally]]) -> dict[ScoreKey, Tally]:
    """Sums of sums."""
    total: dict[ScoreKey, Tally] = {}
    for part in parts:
        for key, tally in part.items():
            total[key] = total[key] + tally if key in total else tally
    return total


def _wins(
    scores: Mapping[Forecaster, NDArray[np.float64]], members: NDArray[np.bool_]
) -> dict[str, int]:
    """In how many of some cases the model's score is strictly better, by baseline."""
    return {other: int((scores[MODEL] < scores[other])[members].sum()) for other in BASELINES}


def _tally(
    evaluated: Evaluated,
    prediction: Prediction,
    members: NDArray[np.bool_],
    scores: NDArray[np.float64],
) -> Tally:
    shares, observed, ratio = (
        prediction.shares[members],
        evaluated.observed[members],
        evaluated.ratio,
    )
    errors = np.array([])
    if prediction.ratio is not None:
        errors = np.abs(prediction.ratio - ratio)[members]
        errors = errors[~np.isnan(errors)]
    banded = inside = np.array([], dtype=bool)
    if prediction.p10 is not None and prediction.p90 is not None:
        banded = ~np.isnan(prediction.p10 + prediction.p90)[members]
        inside = ((ratio >= prediction.p10) & (ratio <= prediction.p90))[members]
    return Tally(
        cases=len(observed),
        rps_sum=float(scores.sum()),
        brier_sum=float(brier_scores(shares, observed).sum()),
        ratio_cases=len(errors),
        ratio_error_sum=float(errors.sum()),
        band_cases=int(banded.sum()),
        band_hits=int((banded & inside).sum()),
        calibration=_calibration(1.0 - shares[:, _FREE], observed != _FREE),
    )


def _calibration(
    probability: NDArray[np.float64], occurred: NDArray[np.bool_]
) -> tuple[tuple[float, ...], ...]:
    """Cases, sum of probabilities and occurrences in each of ten bins."""
    bins = np.clip((probability * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)
    columns = (
        np.bincount(bins, weights, CALIBRATION_BINS).tolist()
        for weights in (None, probability, occurred.astype(float))
    )
    return tuple(tuple(float(value) for value in row) for row in zip(*columns, strict=True))
