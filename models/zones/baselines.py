"""What the Keras model has to beat: averages that anyone could count."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.zones.features import Cells
from services.history.averages import smoothed_shares


class HourOfWeekAverage:
    """How often each status was seen in this zone, on this weekday, at this hour.

    Parameters
    ----------
    counts : array, shape (zones, days, hours, statuses)
        Times each status was observed.
    """

    name: Final = "hour-of-week average"

    def __init__(self, counts: NDArray[np.float64]) -> None:
        self._probabilities = smoothed_shares(counts)

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """See :class:`models.zones.forecaster.Forecaster`."""
        chosen: NDArray[np.float64] = self._probabilities[cells.zone, cells.day, cells.hour]
        return chosen


class CommonestStatus:
    """Always what this zone was most often, with certainty.

    Parameters
    ----------
    counts : array, shape (zones, days, hours, statuses)
        Times each status was observed.
    """

    name: Final = "commonest status"

    def __init__(self, counts: NDArray[np.float64]) -> None:
        by_zone = counts.sum(axis=(1, 2))
        self._probabilities = np.eye(counts.shape[-1])[by_zone.argmax(axis=-1)]

    def predict(self, cells: Cells) -> NDArray[np.float64]:
        """See :class:`models.zones.forecaster.Forecaster`."""
        chosen: NDArray[np.float64] = self._probabilities[cells.zone]
        return chosen
