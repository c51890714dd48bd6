"""From the quantiles of the segments to those of a zone's speed ratio.

A zone's ratio is free-flow time ÷ actual time over its known segments
(``services.traffic.zone_ratios``). Its quantiles are not those of its segments added up: errors
of neighbouring segments go together, those of distant ones do not. How much they do is
learned: on days that the network did not see, how many half-bands of "all segments at
P10" or "all at P90" the zone came out away from "all at P50". The three factors of each
zone and lead time are the 10th, 50th and 90th percentiles of that. The middle one also
takes out what comes of knowing, later, fewer segments than are forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.forecast import QUANTILES
from services.traffic.network import Network
from services.traffic.zone_ratios import travel_times_s, zone_times

_LITTLE: Final = 1e-4


@dataclass(frozen=True)
class ZoneCalibration:
    """How far from the middle each quantile of a zone lies.

    Attributes
    ----------
    factors : array, shape (3, leads, zones)
        In half-bands: negative ones below, in ascending order.
    """

    factors: NDArray[np.float64]

    def quantiles(self, network: Network, segments: NDArray[np.floating]) -> NDArray[np.float64]:
        """P10, P50 and P90 of each zone's ratio.

        Parameters
        ----------
        segments : array, shape (3, times, leads, segments)
            Quantiles of the segments; NaN where there are none.

        Returns
        -------
        array, shape (3, times, leads, zones)
            In order, within (0, 1]; NaN where too few segments have quantiles.
        """
        middle, below, above = _middle_and_halves(network, segments)
        factors = self.factors[:, None]
        moved = middle + factors * np.where(factors < 0.0, below, above)
        return np.clip(moved, _LITTLE, 1.0)


def zone_ratios_of(
    network: Network, ratio: NDArray[np.floating], at_most: float = 1.0
) -> NDArray[np.float64]:
    """Speed ratio of each zone, shape (..., zones), from those of its segments, (..., segments)."""
    travel_s = travel_times_s(network, ratio * network.speed_limit_kmh)
    return zone_times(network, travel_s).speed_ratios(at_most=at_most)


def learn_zone_calibration(
    network: Network, segments: NDArray[np.floating], observed: NDArray[np.floating]
) -> ZoneCalibration:
    """Factors from forecasts of segments and what was observed to the zones.

    Parameters
    ----------
    segments : array, shape (3, times, leads, segments)
    observed : array, shape (times, leads, zones)
        Ratio of each zone as it was observed; NaN where unknown.
    """
    middle, below, above = _middle_and_halves(network, segments)
    away = observed - middle
    in_halves = away / np.where(away < 0.0, below, above)
    known = ~np.isnan(in_halves)
    # A zone that was never known keeps the bands of its segments.
    factors = np.where(known.any(axis=0), 0.0, np.array([-1.0, 0.0, 1.0])[:, None, None])
    levels = list(QUANTILES.values())
    for lead, zone in zip(*np.nonzero(known.any(axis=0)), strict=True):
        factors[:, lead, zone] = np.quantile(in_halves[known[:, lead, zone], lead, zone], levels)
    return ZoneCalibration(factors)


def _middle_and_halves(
    network: Network, segments: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    # All segments at their medians are faster than free flow whenever a zone flows well: bounded
    # here, the zone would be forecast alike at all those hours.
    low, middle, high = (zone_ratios_of(network, part, at_most=np.inf) for part in segments)
    return middle, np.maximum(middle - low, _LITTLE), np.maximum(high - middle, _LITTLE)
