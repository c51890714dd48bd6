"""What follows from the probabilities of each segment's statuses, whatever forecast they are of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.forecast import FIRM_PROBABILITY
from services.traffic.status import SPEED_STATUSES, Status, pack_statuses

FORECAST_STATUSES: Final = SPEED_STATUSES[::-1]
"""In the order of their probabilities."""
LEANING: Final = 4
"""Added to the code of free, heavy or congested that is no more than likeliest: what is left of
three bits beside the five codes of a status."""


@dataclass(frozen=True, eq=False)
class SegmentStatuses:
    """Arrays of shape (segments,), in the order of a network.

    Attributes
    ----------
    probabilities : array, shape (segments, 3)
        Of congested, heavy and free-flowing traffic; NaN where there is no basis.
    """

    probabilities: NDArray[np.float64]

    @cached_property
    def has_basis(self) -> NDArray[np.bool_]:
        """Where a model knows the segment, or something was observed of it."""
        found: NDArray[np.bool_] = ~np.isnan(self.probabilities[:, 0])
        return found

    @cached_property
    def is_leaning(self) -> NDArray[np.bool_]:
        """Where the likeliest status is not firm: see ``services.plain.forecast``."""
        likeliest = np.nan_to_num(self.probabilities, nan=0.0).max(axis=1)
        found: NDArray[np.bool_] = self.has_basis & (likeliest.round(2) < FIRM_PROBABILITY)
        return found

    @cached_property
    def status_codes(self) -> NDArray[np.uint8]:
        """The likeliest status; ``UNKNOWN`` where there is no basis to tell one."""
        likeliest = np.nan_to_num(self.probabilities, nan=0.0)
        codes: NDArray[np.uint8] = np.array(FORECAST_STATUSES, np.uint8)[likeliest.argmax(axis=1)]
        codes[~self.has_basis] = Status.UNKNOWN
        return codes

    @cached_property
    def packed(self) -> str:
        """Every status for the browser, which draws what is not firm fainter."""
        codes = self.status_codes
        return pack_statuses(np.where(self.is_leaning, codes + LEANING, codes))
