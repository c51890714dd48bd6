"""From shares of ratio bins to quantiles in percent, and to shares of the statuses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.week.observations import status_bins
from services.city.city import StatusThresholds
from services.history.ratio_histogram import RATIO_BIN_PCT, quantile_pct
from services.plain.forecast import QUANTILES


def quantiles_pct(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """P10, P50 and P90 of the speed ratio in whole percent; they never cross.

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
    found = [quantile_pct(shares, level, RATIO_BIN_PCT) for level in QUANTILES.values()]
    return np.rint(np.stack(found)).astype(np.uint8)


def status_shares(
    thresholds: StatusThresholds, shares: NDArray[np.floating] | NDArray[np.integer]
) -> NDArray[np.float64]:
    """Shares, or counts, of congested, heavy and free-flowing traffic, shape (..., 3)."""
    bounds = (0, *status_bins(thresholds))
    sums: NDArray[np.float64] = np.add.reduceat(shares, bounds, axis=-1).astype(np.float64)
    return sums
