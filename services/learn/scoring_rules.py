"""Scoring rules: what a probability costs, case by case, once it is known what was observed.

Sources
-------
ranked probability score
    Epstein (1969), as normalised by Murphy (1971): squared errors of the
    cumulated probabilities over the ordered statuses, divided by their number
    less one. 0 is perfect, 1 the worst; taking *blocked* for *free* costs more
    than taking *dense* for it.
Brier score
    Brier (1950), summed over the statuses: 0 to 2.
skill
    1 - score / reference score: above 0 is better than the reference.
"""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

# Of forecast probabilities beside observed frequencies: each tenth on its own.
CALIBRATION_BINS: Final = 10

Probabilities = NDArray[np.float64]
Statuses = NDArray[np.int64]
AnyFloat = TypeVar("AnyFloat", bound=np.floating)


def ranked_probability_scores(
    probabilities: NDArray[AnyFloat], observed: NDArray[np.integer] | int
) -> NDArray[AnyFloat]:
    """Ranked probability score of each case, 0 (perfect) to 1.

    Parameters
    ----------
    probabilities : array, shape (..., statuses)
        In the order of the statuses, from one end to the other.
    observed : array of int, shape (...), or int
        Index of the status that was observed; of all cases, if it is one.

    Examples
    --------
    >>> certainly_free = np.array([[1.0, 0.0, 0.0]] * 3)
    >>> ranked_probability_scores(certainly_free, np.array([0, 1, 2])).tolist()
    [0.0, 0.5, 1.0]
    """
    last = probabilities.shape[-1] - 1
    cumulated = np.zeros(probabilities.shape[:-1], probabilities.dtype)
    scores = np.zeros_like(cumulated)
    # One status after the other: nowcasts of a fortnight are millions of cases.
    for status in range(last):
        cumulated += probabilities[..., status]
        scores += (cumulated - np.less_equal(observed, status)) ** 2
    scores /= last
    return scores


def brier_scores(probabilities: Probabilities, observed: Statuses) -> NDArray[np.float64]:
    """Brier score of each case: squared errors summed over the statuses, 0 (perfect) to 2."""
    errors = probabilities - one_hot(observed, probabilities)
    scores: NDArray[np.float64] = (errors**2).sum(axis=1)
    return scores


def skill(score: float, reference: float) -> float | None:
    """How much better than a reference, as a share of it; None against a perfect one."""
    return None if reference == 0.0 else 1.0 - score / reference


def one_hot(observed: Statuses, probabilities: Probabilities) -> Probabilities:
    """Certainty of what was observed, in the shape of the probabilities."""
    return np.eye(probabilities.shape[1])[observed]
