"""Widens or narrows the P10–P90 band until it holds what it says, slow traffic on its own.

Split conformal prediction in its quantile form (Romano, Patterson and Candès 2019),
with a factor of the half-band in place of a distance, for each side and each class of
speed on its own, learned on rows that the network did not see.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.forecast import BandForecast

Array = NDArray[np.float32]

_LITTLE: Final = 1e-6
# Forecasts this much above the slow limit can still come out below it.
_SLOW_MARGIN: Final = 1.25


@dataclass(frozen=True)
class CalibrationOptions:
    """What share of the speeds may fall outside the band, on each side.

    Attributes
    ----------
    slow_below : float
        Speed in the table's unit below which traffic counts as slow.
    slow_tail, other_tail : float
        Shares below P10 and above P90, where the median is at most 1.25 ×
        ``slow_below`` and elsewhere. A sudden jam is always forecast as faster than
        it turns out: the slow class is given wider bands to make up for those.
    """

    slow_below: float
    slow_tail: float = 0.06
    other_tail: float = 0.105


@dataclass(frozen=True)
class BandCalibration:
    """Factors of the lower and the upper half of the band.

    Attributes
    ----------
    slow_up_to : float
        Medians up to here use the first factor, others the second.
    lower, upper : pairs of float
    """

    slow_up_to: float
    lower: tuple[float, float]
    upper: tuple[float, float]

    def apply(self, forecast: BandForecast) -> BandForecast:
        """The forecast with P10 and P90 calibrated; they never pass the median."""
        median = forecast.median
        chosen = (median > self.slow_up_to).astype(int)
        lower = np.array(self.lower, dtype=np.float32)[chosen]
        upper = np.array(self.upper, dtype=np.float32)[chosen]
        return replace(
            forecast,
            p10=median - lower * (median - forecast.p10),
            p90=median + upper * (forecast.p90 - median),
        )


def learn_calibration(
    forecast: BandForecast, happened: Array, options: CalibrationOptions
) -> BandCalibration:
    """Factors from a forecast and what happened (NaN where unknown), arrays of one shape."""
    median = forecast.median
    slow_up_to = _SLOW_MARGIN * options.slow_below
    is_slow = median <= slow_up_to
    below = (median - happened) / np.maximum(median - forecast.p10, _LITTLE)
    above = (happened - median) / np.maximum(forecast.p90 - median, _LITTLE)
    classes = ((is_slow, options.slow_tail), (~is_slow, options.other_tail))
    lower = [_factor(below[members], tail) for members, tail in classes]
    upper = [_factor(above[members], tail) for members, tail in classes]
    return BandCalibration(slow_up_to, (lower[0], lower[1]), (upper[0], upper[1]))


def _factor(excess: Array, tail: float) -> float:
    """How many half-bands hold all but the tail; 1 where too few are known to say."""
    known = excess[~np.isnan(excess)]
    if len(known) * tail < 1.0:
        return 1.0
    return max(0.0, float(np.quantile(known, 1.0 - tail)))
