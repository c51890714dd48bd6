"""From shares of ratio bins to quantiles in percent, and to shares of the statuses."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.week.observations import CONGESTED_BINS, NOT_FREE_BINS
from services.history.ratio_histogram import RATIO_BIN_PCT

LEVELS: Final = (0.10, 0.50, 0.90)
_SMALLEST_SHARE: Final = 1e-9


def quantiles_pct(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """P10, P50 and P90 of the speed ratio in whole percent; they never cross.

    Within its bin, a quantile is taken in proportion to the share before it.

    Parameters
    ----------
    shares : array, shape (..., bins)
        Distributions over bins of ``RATIO_BIN_PCT`` percent from 0.

    Returns
    -------
    array of uint8, shape (3, ...)

    Examples
    --------
    >>> quantiles_pct(np.array([0.0, 0.0, 1.0])).tolist()
    [10, 12, 14]
    """
    cumulated = shares.cumsum(axis=-1, dtype=np.float64)
    cumulated /= cumulated[..., -1:]
    found = [_quantile(shares, cumulated, level) for level in LEVELS]
    return np.rint(np.stack(found)).astype(np.uint8)


def status_shares(shares: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float64]:
    """Shares, or counts, of congested, heavy and free-flowing traffic, shape (..., 3)."""
    bounds = (0, CONGESTED_BINS, NOT_FREE_BINS)
    sums: NDArray[np.float64] = np.add.reduceat(shares, bounds, axis=-1).astype(np.float64)
    return sums


def _quantile(
    shares: NDArray[np.floating], cumulated: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    place = np.argmax(cumulated >= level, axis=-1)
    inside = np.take_along_axis(shares, place[..., None], axis=-1)[..., 0]
    before = np.take_along_axis(cumulated, place[..., None], axis=-1)[..., 0] - inside
    part = np.clip((level - before) / np.maximum(inside, _SMALLEST_SHARE), 0.0, 1.0)
    found: NDArray[np.float64] = (place + part) * RATIO_BIN_PCT
    return found
