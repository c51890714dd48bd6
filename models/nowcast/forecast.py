"""What a forecaster of speeds gives: one value to be evaluated by each error, and a band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SpeedForecast:
    """Forecasts made at some times, in the table's unit.

    Attributes
    ----------
    mean, median : arrays, shape (times, detectors, horizons)
        The mean has the least squared error, the median the least absolute one.
    """

    mean: NDArray[np.float32]
    median: NDArray[np.float32]


@dataclass(frozen=True)
class BandForecast(SpeedForecast):
    """The same with a band: ``p10`` ≤ ``median`` ≤ ``p90`` everywhere."""

    p10: NDArray[np.float32]
    p90: NDArray[np.float32]
