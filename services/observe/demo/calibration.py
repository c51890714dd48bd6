"""What the simulation takes from real traffic: numbers by kind of road, fitted to two captures.

Noon is the reply of 2024-08-26 12:43 (a Monday of the holidays, snapshot-2024-08-26T1243.json),
rush that of 2025-11-04 17:24 (a Tuesday, capture-2025-11-04T1724.csv). `python -m
services.observe.demo compare CAPTURE` says how well they are met; docs/simulation.md tells what no
capture says (nights, mornings, weekends, how fast anything changes).
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.observe.demo.network import DemoNetwork, RoadClass

_FAST_FROM_KMH: Final = 90


@unique
class Kind(IntEnum):
    """Kinds of road that differ in how traffic behaves."""

    MAIN = 0
    """National, limit 90 km/h or more."""
    RAMP = 1
    """National, below: the *portes* of the ring road for the most part."""
    ARMATURE = 2
    APPUI = 3
    DISTRIBUTION = 4


class Conduct(NamedTuple):
    """How the traffic of a kind of road behaves.

    Parameters
    ----------
    free_spread : float
        Standard deviation of free-flow speed between segments, as a share of it.
    town_delay, fast_delay : float
        Mean weight of load⁴, and weight of load⁸, in the delay.
    haste, long_haste : float
        By how much a hasty probe is faster than the traffic: weights of its haste and of that³.
    hold_up, long_hold_up : float
        By how much one that is held up is slower: weights of the hold-up and of that².
    unknown_below, seen_per_load : float
        Nothing is measured where activity (mean 0, deviation 1) is below the first less the second
        times the load.
    probes : float
        How many vehicles are measured in a usual hour, else.
    """

    free_spread: float
    town_delay: float
    fast_delay: float
    haste: float
    long_haste: float
    hold_up: float
    long_hold_up: float
    unknown_below: float
    seen_per_load: float
    probes: float


# Noon and rush, by hierarchie and vitesse_maxi: the spread that both captures share (free), what
# rush lost to noon (delays), the quantiles of speed ÷ limit, the unknown, and the probes; in the
# order of the fields.
CONDUCT: Final = {
    Kind.MAIN: Conduct(0.05, 0.03, 0.01, 0.14, 0.00, 0.05, 0.06, -3.5, 0.0, 6.2),
    Kind.RAMP: Conduct(0.30, 0.05, 0.00, 0.50, 0.05, 0.20, 0.50, -2.0, 0.3, 3.4),
    Kind.ARMATURE: Conduct(0.18, 0.28, 0.00, 0.25, 0.02, 0.20, 0.32, -3.5, 0.0, 2.2),
    Kind.APPUI: Conduct(0.25, 0.21, 0.00, 0.25, 0.18, 0.15, 0.45, -0.45, 0.55, 1.05),
    Kind.DISTRIBUTION: Conduct(0.22, 0.28, 0.00, 0.25, 0.09, 0.15, 0.68, 0.41, 1.24, 0.90),
}


def kinds(network: DemoNetwork) -> NDArray[np.int64]:
    """Kind of each segment, shape (segments,)."""
    is_ramp = (network.road_class == RoadClass.NATIONAL) & (network.limit_kmh < _FAST_FROM_KMH)
    is_main = (network.road_class == RoadClass.NATIONAL) & ~is_ramp
    return np.where(is_main, Kind.MAIN, network.road_class.astype(np.int64) + Kind.RAMP)
