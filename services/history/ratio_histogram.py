"""What is remembered of many speed ratios: counts in fixed bins, which add and subtract exactly.

Fixed bins rather than a sketch that adapts: two weeks merge by adding, a day
that is forgotten is subtracted, and the order of either changes nothing. The
price is resolution: a quantile is exact to the width of a bin.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# 5 % steps: the feed's thresholds, 0.30 and 0.70, are bounds of bins. The last
# bin takes every ratio from 1.35 on (1 in 200 in the reply of 2024-08-26).
RATIO_BIN_PCT: Final = 5
RATIO_BINS: Final = 28
# A zone's ratio moves less and is never above 1: steps of 1 %, the last for 1 itself.
ZONE_BIN_PCT: Final = 1
ZONE_BINS: Final = 101
PERMILLE: Final = 1_000


def ratio_bins(speed_kmh: NDArray[np.int64], limit_kmh: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bin of each speed ratio, computed in whole numbers."""
    steps = 100 // RATIO_BIN_PCT
    bins: NDArray[np.int64] = np.minimum(speed_kmh * steps // limit_kmh, RATIO_BINS - 1)
    return bins


def zone_bins(ratio: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each zone's speed ratio, in (0, 1]."""
    bins: NDArray[np.int64] = np.minimum(ratio * (100 // ZONE_BIN_PCT), ZONE_BINS - 1).astype(
        np.int64
    )
    return bins


def quantile_pct(
    counts: NDArray[np.integer] | NDArray[np.floating], quantile: float, bin_pct: int
) -> NDArray[np.float64]:
    """A quantile of the values that were counted, in percent; NaN where there is none.

    Within its bin, a quantile is taken in proportion to the counts before it.

    Parameters
    ----------
    counts : array, shape (..., bins)
        How many values fell into each bin of ``bin_pct`` percent from 0, or what share of them.
    quantile : float
        In (0, 1).

    Returns
    -------
    array of float, shape (...)

    Examples
    --------
    >>> float(quantile_pct(np.array([0, 4, 4, 0]), 0.5, 10))
    20.0
    """
    # Whole numbers below 2**53 are exact.
    cumulated = counts.cumsum(axis=-1, dtype=np.float64)
    total = cumulated[..., -1]
    wanted = quantile * total
    place = np.argmax(cumulated >= np.maximum(wanted, 1e-9)[..., np.newaxis], axis=-1)
    index = place[..., np.newaxis]
    inside = np.take_along_axis(counts, index, axis=-1)[..., 0].astype(np.float64)
    before = np.take_along_axis(cumulated, index, axis=-1)[..., 0] - inside
    with np.errstate(invalid="ignore", divide="ignore"):
        # Sums of shares are rounded: a quantile stays in its bin all the same.
        value = (place + np.clip((wanted - before) / inside, 0.0, 1.0)) * bin_pct
    found: NDArray[np.float64] = np.where(total > 0, value, np.nan)
    return found
