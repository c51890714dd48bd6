"""From the quantiles of the segments to those of a zone's speed ratio.

A zone's ratio is free-flow time ÷ actual time over its known segments
(``services.traffic.indicators``). Its quantiles are not those of its segments added up: errors
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

from services.city.zones import WHOLE_NETWORK, ZONE_CHOICES, ZONES
from services.traffic.network import Network

Array = NDArray[np.float32]

_LEVELS: Final = (0.10, 0.50, 0.90)
_LITTLE: Final = 1e-4
# The slowest known speed of services.traffic.indicators, which stands for a standstill.
_LEAST_KMH: Final = 1.0


@dataclass(frozen=True)
class ZoneSums:
    """Which segments each zone has, and what they weigh.

    Attributes
    ----------
    members : array of bool, shape (zones, segments)
        In the order of ``zones.ZONE_CHOICES``.
    free_flow_s : array, shape (segments,)
    least_ratio : array, shape (segments,)
        The ratio of the slowest speed there is.
    """

    members: NDArray[np.bool_]
    free_flow_s: NDArray[np.float64]
    least_ratio: NDArray[np.float64]

    def ratios(self, ratio: NDArray[np.floating]) -> NDArray[np.float64]:
        """Speed ratio of each zone over the segments that are known.

        Parameters
        ----------
        ratio : array, shape (..., segments)
            NaN where unknown; above 1 counts as 1.

        Returns
        -------
        array, shape (..., zones)
            NaN where nothing is known.
        """
        known = ~np.isnan(ratio)
        bounded = np.clip(np.where(known, ratio, 1.0), self.least_ratio, 1.0)
        actual_s = np.where(known, self.free_flow_s / bounded, 0.0)
        free_s = np.where(known, self.free_flow_s, 0.0)
        weights = self.members.T.astype(np.float64)
        total_s = actual_s @ weights
        found: NDArray[np.float64] = np.where(
            total_s > 0.0, (free_s @ weights) / np.where(total_s > 0.0, total_s, 1.0), np.nan
        )
        return found


@dataclass(frozen=True)
class ZoneCalibration:
    """How far from the middle each quantile of a zone lies.

    Attributes
    ----------
    factors : array, shape (3, leads, zones)
        In half-bands: negative ones below, in ascending order.
    """

    factors: NDArray[np.float64]

    def quantiles(self, sums: ZoneSums, segments: NDArray[np.floating]) -> NDArray[np.float64]:
        """P10, P50 and P90 of each zone's ratio.

        Parameters
        ----------
        sums : ZoneSums
        segments : array, shape (3, times, leads, segments)
            Quantiles of the segments; NaN where there are none.

        Returns
        -------
        array, shape (3, times, leads, zones)
            In order, within (0, 1]; NaN where no segment has quantiles.
        """
        middle, below, above = _middle_and_halves(sums, segments)
        factors = self.factors[:, None]
        moved = middle + factors * np.where(factors < 0.0, below, above)
        return np.clip(moved, _LITTLE, 1.0)


def zone_sums(network: Network) -> ZoneSums:
    """The zones of a network, the whole of it as the last."""
    members = [
        np.ones(len(network), dtype=bool)
        if zone == WHOLE_NETWORK
        else network.zone_codes == ZONES.index(zone)
        for zone in ZONE_CHOICES
    ]
    return ZoneSums(
        np.array(members), network.free_flow_time_s, _LEAST_KMH / network.speed_limit_kmh
    )


def learn_zone_calibration(
    sums: ZoneSums, segments: NDArray[np.floating], happened: NDArray[np.floating]
) -> ZoneCalibration:
    """Factors from forecasts of segments and what happened to the zones.

    Parameters
    ----------
    segments : array, shape (3, times, leads, segments)
    happened : array, shape (times, leads, zones)
        Ratio of each zone as it was observed; NaN where unknown.
    """
    middle, below, above = _middle_and_halves(sums, segments)
    away = happened - middle
    in_halves = away / np.where(away < 0.0, below, above)
    known = ~np.isnan(in_halves)
    # A zone that was never known keeps the bands of its segments.
    factors = np.where(known.any(axis=0), 0.0, np.array([-1.0, 0.0, 1.0])[:, None, None])
    for lead, zone in zip(*np.nonzero(known.any(axis=0)), strict=True):
        factors[:, lead, zone] = np.quantile(in_halves[known[:, lead, zone], lead, zone], _LEVELS)
    return ZoneCalibration(factors)


def _middle_and_halves(
    sums: ZoneSums, segments: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    low, middle, high = (sums.ratios(part) for part in segments)
    return middle, np.maximum(middle - low, _LITTLE), np.maximum(high - middle, _LITTLE)
