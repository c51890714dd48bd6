"""Now against the usual: what counts as busier, or quieter, than it normally is.

Pure functions: the caller brings the speed ratios of now (``services.traffic.zone_ratios``)
and those usual at this hour, which the worker reads from the history
(``services.history.typical``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Three weeks of the same hour at a snapshot every 3 minutes: fewer show a day, not a habit.
MIN_OBSERVATIONS: Final = 60
# Below the width of a bin of speed ratios a difference is not told apart from none.
MIN_DIFFERENCE: Final = 0.05


class Comparison(IntEnum):
    """How traffic is, compared with what is usual; the numbers may be sent."""

    NOT_TOLD = 0
    QUIETER = 1
    USUAL = 2
    BUSIER = 3


USUAL_QUANTILES: Final = ("p2", "p10", "p50", "p90", "p98")


@dataclass(frozen=True)
class UsualRatios:
    """Speed ratios seen at the same hour of the week, arrays of any one shape or numbers.

    ``p10`` to ``p90`` is what four in five of them lie between, ``p2`` to ``p98`` 24 in 25;
    ``observations`` is how many there are.
    """

    p2: NDArray[np.floating] | float
    p10: NDArray[np.floating] | float
    p50: NDArray[np.floating] | float
    p90: NDArray[np.floating] | float
    p98: NDArray[np.floating] | float
    observations: NDArray[np.integer] | int

    def is_known(self) -> NDArray[np.bool_]:
        """Where enough was seen to speak of a habit, of the same shape."""
        return np.asarray(self.observations) >= MIN_OBSERVATIONS


def compare(
    ratio: NDArray[np.floating] | float, usual: UsualRatios, *, single: bool = False
) -> NDArray[np.uint8]:
    """Compare speed ratios with the usual ones.

    Busier means slower than nine in ten times at this hour, of a single road than 49 in 50,
    and by enough to be felt: on an empty road at night the percentiles are next to each other,
    and a kilometre an hour less is no news.

    Parameters
    ----------
    ratio : array or float
        Speed ÷ limit, or a zone's free-flow ÷ actual time; NaN where not known.
    usual : UsualRatios
        Of the same shape.
    single : bool
        Whether these are single segments: of 2,859 some hundreds are outside P10 to P90 at any
        time, which is nothing unusual.

    Returns
    -------
    array of uint8, same shape
        Codes of :class:`Comparison`.
    """
    now = np.asarray(ratio, dtype=np.float64)
    difference = now - np.asarray(usual.p50)
    codes = np.full(now.shape, Comparison.USUAL, dtype=np.uint8)
    low, high = (usual.p2, usual.p98) if single else (usual.p10, usual.p90)
    codes[(now < low) & (difference <= -MIN_DIFFERENCE)] = Comparison.BUSIER
    codes[(now > high) & (difference >= MIN_DIFFERENCE)] = Comparison.QUIETER
    told = np.isfinite(difference) & usual.is_known()
    codes[~told] = Comparison.NOT_TOLD
    return codes
