"""The hour of the day as waves, which networks read: 23 h is beside 0 h."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.history.hour_of_week import HOURS_PER_DAY

# Six waves a day resolve two hours: a rush hour keeps its shape, and neighbouring
# hours lend one another their observations.
HOUR_HARMONICS: Final = 6


def hour_waves(hours: NDArray[np.integer]) -> NDArray[np.float64]:
    """Sines, then cosines, of hours of the day: shape (hours, 2 * HOUR_HARMONICS).

    An hour of the week has the waves of its hour of the day.
    """
    angles = 2 * np.pi * hours[:, None] / HOURS_PER_DAY * np.arange(1, HOUR_HARMONICS + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
