"""From three quantiles of the speed ratio to the probabilities of the traffic statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import StatusThresholds

_LOGIT_OF_P90: Final = float(np.log(9.0))
_NARROWEST: Final = 1e-6
_STEEPEST: Final = 60.0


@dataclass(frozen=True)
class StatusProbabilities:
    """Probabilities of the statuses that a speed gives; they sum to 1.

    Attributes
    ----------
    congested, heavy, free : arrays of float64, of one shape
        NaN where a quantile is.
    """

    congested: NDArray[np.float64]
    heavy: NDArray[np.float64]
    free: NDArray[np.float64]


def probability_up_to(
    limit: float,
    p10: NDArray[np.floating],
    p50: NDArray[np.floating],
    p90: NDArray[np.floating],
) -> NDArray[np.float64]:
    """Probability of a value up to a limit, from ordered quantiles.

    The distribution is logistic on either side of the median, each with the scale
    that its own quantile gives: it goes through all three quantiles exactly, rises
    everywhere, and has the heavier tails that errors of speed have.

    Examples
    --------
    >>> quantiles = np.array([0.2]), np.array([0.5]), np.array([0.6])
    >>> [probability_up_to(limit, *quantiles).round(3).item() for limit in (0.2, 0.5, 0.6)]
    [0.1, 0.5, 0.9]
    """
    median = np.asarray(p50, dtype=np.float64)
    side = np.where(limit < median, median - p10, np.asarray(p90, dtype=np.float64) - median)
    steps = _LOGIT_OF_P90 * (limit - median) / np.maximum(side, _NARROWEST)
    probability: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(steps, -_STEEPEST, _STEEPEST)))
    return probability


def status_probabilities(
    p10: NDArray[np.floating],
    p50: NDArray[np.floating],
    p90: NDArray[np.floating],
    thresholds: StatusThresholds,
) -> StatusProbabilities:
    """Probabilities of congested, heavy and free-flowing traffic.

    They come from the same distribution as the quantiles, through the thresholds by
    which the feed itself names a speed ratio, so that status and speed never disagree.

    Parameters
    ----------
    p10, p50, p90 : arrays of one shape
        Quantiles of the speed ratio, in order.
    thresholds : StatusThresholds
        Those of the feed.
    """
    congested = probability_up_to(thresholds.congested_up_to, p10, p50, p90)
    not_free = np.maximum(probability_up_to(thresholds.free_from, p10, p50, p90), congested)
    return StatusProbabilities(congested, not_free - congested, 1.0 - not_free)
