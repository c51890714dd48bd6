"""The hour-of-week average: what counts by hour of the week, or of anything else, amount to."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Observations of each status beforehand, so that no probability is 0. The average is at its
# best with about this much (0.03 to 3 tried on another simulation): a baseline is to be beaten
# at its best.
SMOOTHING_COUNT: Final = 0.1


def mean_of(
    total: NDArray[Any], count: NDArray[Any], otherwise: NDArray[Any] | float = np.nan
) -> NDArray[Any]:
    """Sums divided by how many values are in them.

    Parameters
    ----------
    total, count : arrays of shapes that go together
    otherwise : array or float
        What stands where nothing was counted.
    """
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)


def smoothed_shares(
    counts: NDArray[np.integer] | NDArray[np.floating], smoothing_count: float = SMOOTHING_COUNT
) -> NDArray[np.float64]:
    """How often each status was seen, as probabilities; all alike where nothing was.

    Parameters
    ----------
    counts : array, shape (..., statuses)
    smoothing_count : float
        Added to each of them.

    Examples
    --------
    >>> smoothed_shares(np.array([[1, 2, 5], [0, 0, 0]]), 0.5).round(3).tolist()
    [[0.158, 0.263, 0.579], [0.333, 0.333, 0.333]]
    """
    smoothed = counts + smoothing_count
    shares: NDArray[np.float64] = smoothed / smoothed.sum(axis=-1, keepdims=True)
    return shares


def shrunk(
    counts: NDArray[np.integer] | NDArray[np.floating],
    above: NDArray[np.floating],
    strength: float | NDArray[np.floating],
) -> NDArray[np.floating]:
    """Shares of what was counted, those expected beforehand counting as so many observations.

    The mean of a Dirichlet distribution: ``(counts + strength * above) / (n + strength)``.

    Parameters
    ----------
    counts, above : array, shape (..., categories)
        ``above`` sums to 1.
    strength : float or array, shape (..., 1)
        Above 0.

    Examples
    --------
    >>> shrunk(np.array([3, 1]), np.array([0.5, 0.5]), 4.0).tolist()
    [0.625, 0.375]
    """
    observations, weight = counts.sum(axis=-1, keepdims=True), np.float32(strength)
    shares: NDArray[np.floating] = (counts + weight * above) / (observations + weight)
    return shares
