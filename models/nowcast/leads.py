"""The four lead times that are shown and stored, as steps of the nowcaster."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.city_table import STEP_MINUTES
from models.nowcast.forecast import BandForecast
from services.forecast.nowcasts import LEAD_MINUTES

LEAD_STEPS: Final = tuple(minutes // STEP_MINUTES for minutes in LEAD_MINUTES)
# The first step ahead has place 0.
LEAD_PLACES: Final = tuple(step - 1 for step in LEAD_STEPS)


def quantiles_at_leads(forecast: BandForecast) -> NDArray[np.float32]:
    """P10, P50 and P90 at the lead times, shape (3, times, leads, segments)."""
    bands = (forecast.p10, forecast.median, forecast.p90)
    return np.stack([np.moveaxis(band[..., LEAD_PLACES], -1, 1) for band in bands])


def at_leads(ahead: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of an array (times, segments, HORIZONS), the lead times: (times, leads, segments)."""
    return np.moveaxis(ahead[..., LEAD_PLACES], -1, 1)
