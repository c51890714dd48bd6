"""The speed ratio of a zone: one definition for live figures, history, training and scores.

Free-flow time ÷ actual time, each summed over the segments of the zone whose speed is known,
as if each of them were driven once: between 0 and 1. Free flow is ``Network.free_flow_kmh``, what
is driven where nothing slows, and not the limit, which nobody reaches between traffic lights.
Speeds above the limit count as the limit. Those between free flow and the limit count as they are:
of the few cars that are measured some are faster and some slower, and bounding the fast ones alone
would turn their chance into congestion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.traffic.network import Network

MIN_KNOWN_SHARE: Final = 0.05
"""With a smaller share of its segments known, a zone has no ratio: they would not speak for it.

At night one segment in three is known; an archive cut at the API's 100 rows knows one in thirty.
"""
# The slowest known speed stands for a standstill: no trip takes for ever.
_STANDSTILL_KMH: Final = 1.0
_KMH_PER_METRE_PER_SECOND: Final = 3.6


@dataclass(frozen=True)
class ZoneTimes:
    """What driving the known segments of each zone once takes.

    The zones are those of ``City.zone_choices``: the whole network is the last.

    Attributes
    ----------
    free_flow_s, actual_s : array of float, shape (..., zones)
        Seconds.
    known : array of float, shape (..., zones)
        How many segments are known.
    segments : array of float, shape (zones,)
        How many there are.
    """

    free_flow_s: NDArray[np.float64]
    actual_s: NDArray[np.float64]
    known: NDArray[np.float64]
    segments: NDArray[np.float64]

    def speed_ratios(
        self, *, min_known_share: float = MIN_KNOWN_SHARE, at_most: float = 1.0
    ) -> NDArray[np.float64]:
        """Free-flow ÷ actual time, in (0, 1], of the same shape.

        Parameters
        ----------
        min_known_share : float
            Share of a zone's segments, 0 to 1; with fewer known, or none at all, the ratio is
            NaN. What is shown, usual, learned from and forecast takes the one of
            :data:`MIN_KNOWN_SHARE`, so that they can be compared; another one needs a reason.
        at_most : float
            Nothing that is told is faster than free flow; a step of a computation may be.
        """
        is_enough = self.known >= np.maximum(1, min_known_share * self.segments)
        ratio = np.divide(
            self.free_flow_s, self.actual_s, out=np.full(self.known.shape, np.nan), where=is_enough
        )
        # Sums of equal times may differ in their last digit.
        ratios: NDArray[np.float64] = np.minimum(ratio, at_most)
        return ratios


def travel_times_s(network: Network, speed_kmh: NDArray[np.floating]) -> NDArray[np.float64]:
    """Seconds to drive each segment at some speeds, at most at its limit; NaN where not known.

    Parameters
    ----------
    speed_kmh : array, shape (..., segments)
        NaN where not known.
    """
    bounded_kmh = speed_kmh.copy()
    # A limit that is not known bounds nothing.
    np.fmin(bounded_kmh, network.speed_limit_kmh, out=bounded_kmh, where=~np.isnan(bounded_kmh))
    return times_at_s(network, bounded_kmh)


def times_at_s(network: Network, speed_kmh: NDArray[np.floating]) -> NDArray[np.float64]:
    """Seconds to drive each segment at just these speeds, above its limit too; NaN where not known.

    Parameters
    ----------
    speed_kmh : array, shape (..., segments)
        NaN where not known.
    """
    moving_kmh = np.maximum(speed_kmh, _STANDSTILL_KMH)
    seconds: NDArray[np.float64] = network.length_m * _KMH_PER_METRE_PER_SECOND / moving_kmh
    return seconds


def zone_times(network: Network, travel_s: NDArray[np.float64]) -> ZoneTimes:
    """Travel times of the segments summed by zone.

    Parameters
    ----------
    travel_s : array, shape (..., segments)
        As of :func:`travel_times_s`.
    """
    by_time = travel_s.reshape(-1, len(network))
    zones = len(network.city.zones)
    time, segment = np.nonzero(~np.isnan(by_time) & ~np.isnan(network.free_flow_time_s))
    cell = time * zones + network.zone_codes[segment]
    shape = (*travel_s.shape[:-1], zones)

    def summed(amounts: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        sums = np.bincount(cell, amounts, len(by_time) * zones)
        return _with_whole(sums.reshape(shape).astype(np.float64))

    return ZoneTimes(
        free_flow_s=summed(network.free_flow_time_s[segment]),
        actual_s=summed(by_time[time, segment]),
        known=summed(),
        segments=_with_whole(np.bincount(network.zone_codes, minlength=zones).astype(np.float64)),
    )


def _with_whole(by_zone: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = by_zone.sum(axis=-1, keepdims=True)
    both: NDArray[np.float64] = np.concatenate([by_zone, whole], axis=-1)
    return both
