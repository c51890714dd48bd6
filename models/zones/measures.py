"""How good probabilities were, once it is known what was observed.

The scoring rules and their sources are in ``services.learn.scoring_rules``, which the
forecasts shown are evaluated by too.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.learn.scoring_rules import (
    CALIBRATION_BINS,
    Probabilities,
    Statuses,
    brier_scores,
    one_hot,
    ranked_probability_scores,
)
from services.plain.statuses import ZONE_STATUSES

# A certain forecast that fails would cost an infinite log loss: this bounds it at 6.9.
PROBABILITY_FLOOR: Final = 0.001


def accuracy(probabilities: Probabilities, observed: Statuses) -> float:
    """Share of times at which the likeliest status is the one that was observed.

    Parameters
    ----------
    probabilities : array, shape (times, statuses)
    observed : array of int, shape (times,)
        Index of the status that was observed.
    """
    return float((probabilities.argmax(axis=1) == observed).mean())


def ranked_probability_score(probabilities: Probabilities, observed: Statuses) -> float:
    """Mean ranked probability score, 0 (perfect) to 1.

    Examples
    --------
    >>> certainly_free = np.array([[1.0, 0.0, 0.0]])
    >>> [ranked_probability_score(certainly_free, np.array([k])) for k in (0, 1, 2)]
    [0.0, 0.5, 1.0]
    """
    return float(ranked_probability_scores(probabilities, observed).mean())


def log_loss(probabilities: Probabilities, observed: Statuses) -> float:
    """Mean of -ln(probability of what was observed), floored at :data:`PROBABILITY_FLOOR`."""
    chosen = probabilities[np.arange(len(observed)), observed]
    return float(-np.log(np.maximum(chosen, PROBABILITY_FLOOR)).mean())


def brier_score(probabilities: Probabilities, observed: Statuses) -> float:
    """Mean squared error of the probabilities, summed over the statuses: 0 (perfect) to 2."""
    return float(brier_scores(probabilities, observed).mean())


def by_status(probabilities: Probabilities, observed: Statuses) -> dict[str, dict[str, Any]]:
    """Precision and recall of each status, None where nothing was forecast or happened."""
    chosen = probabilities.argmax(axis=1)
    return {
        status: {
            "happened": int((observed == code).sum()),
            "forecast": int((chosen == code).sum()),
            "precision": _share((observed == code)[chosen == code]),
            "recall": _share((chosen == code)[observed == code]),
        }
        for code, status in enumerate(ZONE_STATUSES)
    }


def calibration(probabilities: Probabilities, observed: Statuses) -> list[dict[str, Any]]:
    """Forecast probability beside observed frequency, all statuses pooled, in ten bins."""
    forecast = probabilities.ravel()
    occurred = one_hot(observed, probabilities).ravel()
    bins = np.minimum((forecast * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        {
            "from": place / CALIBRATION_BINS,
            "to": (place + 1) / CALIBRATION_BINS,
            "forecasts": int(members.sum()),
            "mean_probability": float(forecast[members].mean()),
            "observed_frequency": float(occurred[members].mean()),
        }
        for place in range(CALIBRATION_BINS)
        for members in [bins == place]
        if members.any()
    ]


def calibration_error(bins: list[dict[str, Any]]) -> float:
    """Mean distance between forecast probability and observed frequency over the bins."""
    weights = np.array([item["forecasts"] for item in bins])
    gaps = np.array([item["mean_probability"] - item["observed_frequency"] for item in bins])
    return float(np.average(np.abs(gaps), weights=weights))


def all_measures(probabilities: Probabilities, observed: Statuses) -> dict[str, Any]:
    """Every measure of one forecaster, as plain data."""
    bins = calibration(probabilities, observed)
    return {
        "accuracy": accuracy(probabilities, observed),
        "ranked_probability_score": ranked_probability_score(probabilities, observed),
        "log_loss": log_loss(probabilities, observed),
        "brier_score": brier_score(probabilities, observed),
        "calibration_error": calibration_error(bins),
        "by_status": by_status(probabilities, observed),
        "calibration": bins,
    }


def _share(hits: NDArray[np.bool_]) -> float | None:
    return float(hits.mean()) if len(hits) else None
