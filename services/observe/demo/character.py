"""How each segment of the demo network behaves: the part of the traffic model that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.observe.demo import noise
from services.observe.demo.demand import Profile
from services.observe.demo.network import DemoNetwork, RoadClass
from services.observe.demo.noise import Purpose

Floats = NDArray[np.float32]

SECTORS: Final = 8
# A segment may turn unknown, or known again, once in so many periods.
UNKNOWN_LASTS_PERIODS: Final = 5

# By road class, from national to distribution.
_FREE_RATIO: Final = np.array([1.0, 0.94, 0.97, 0.94])
_FREE_RATIO_SPREAD: Final = np.array([0.07, 0.15, 0.22, 0.22])
_TOWN_DELAY: Final = np.array([0.04, 0.14, 0.21, 0.25])
_FAST_DELAY: Final = np.array([0.16, 0.06, 0.04, 0.0])

# Traffic lights and crossings take this share of the free speed in the very centre.
_CENTRE_SLOWNESS: Final = 0.06
_CENTRE_DELAY: Final = 0.15
_CENTRE_FULL_KM, _CENTRE_FADES_KM = 1.2, 3.4

# Where the ring road jams on working days: the segment at which a queue begins, and how many metres
# it reaches behind it. As on 2025-11-04 at 17:24; the morning is taken to jam at the same places.
_QUEUES: Final = {
    "489972": 4_800.0,  # Porte de Maurepas, anticlockwise
    "47060": 6_500.0,  # Porte d'Alma, anticlockwise
    "47243": 4_600.0,  # Porte du Blosne, clockwise
    "45242": 5_400.0,  # Porte de Villejean, clockwise
}
_QUEUE_DELAY: Final = 0.75

# Noise along a road: one knot every so many metres, and how much it changes the load.
_CELL_M: Final = 600.0
_DRIFT: Final = 0.13


@dataclass(frozen=True, eq=False)
class Character:
    """How each segment behaves, shape (segments,): the part of the model that stays.

    Parameters
    ----------
    demand_share : array of float32, shape (3, segments)
        How much of each `Profile` it carries.
    free_ratio : array of float32
        Free-flow speed ÷ limit.
    town_delay, fast_delay : arrays of float32
        Weight of load⁴ and of load⁶ in the delay.
    sector : array of int64
        Which eighth of the town it lies in.
    cell : array of int64
        Its place among the cells of drifting noise; the next cell is `cell + 1`.
    cell_weights : pair of arrays of float32
        How much it takes from its cell and from the next.
    cells : int
        Number of cells.
    phase : array of int64
        Shifts the moments when it may become unknown, in periods.
    """

    demand_share: Floats
    free_ratio: Floats
    town_delay: Floats
    fast_delay: Floats
    sector: NDArray[np.int64]
    cell: NDArray[np.int64]
    cell_weights: tuple[Floats, Floats]
    cells: int
    phase: NDArray[np.int64]


def character_of(network: DemoNetwork, seed: int) -> Character:
    """Derive the behaviour of every segment from where it lies and from the seed."""
    count = len(network)
    corridors = int(network.corridor.max()) + 1
    own = noise.normals(seed, Purpose.CHARACTER, 0, count)
    of_road = noise.normals(seed, Purpose.CHARACTER, 1, corridors)[network.corridor]
    spread = _FREE_RATIO_SPREAD[network.road_class] * (0.85 * own + 0.5 * of_road)
    central = _centrality(network)
    free = _FREE_RATIO[network.road_class] - _CENTRE_SLOWNESS * central + spread
    town_delay = _TOWN_DELAY[network.road_class] + _CENTRE_DELAY * central
    cell, weights, cells = _cells(network)
    return Character(
        demand_share=_demand_share(network, central),
        free_ratio=np.clip(free, 0.3, 1.7).astype(np.float32),
        town_delay=(town_delay * _unevenness(network, seed)).astype(np.float32),
        fast_delay=(_FAST_DELAY[network.road_class] + _queues(network)).astype(np.float32),
        sector=_sector(network),
        cell=cell,
        cell_weights=weights,
        cells=cells,
        phase=(noise.raw(seed, Purpose.PHASE, 0, count) % UNKNOWN_LASTS_PERIODS).astype(np.int64),
    )


def _unevenness(network: DemoNetwork, seed: int) -> NDArray[np.float64]:
    """Say how much worse than its neighbours each segment jams: mean 1, most less, a few more.

    A segment that ends at a busy crossing holds the queue of the whole street.
    """
    count, corridors = len(network), int(network.corridor.max()) + 1
    own = noise.normals(seed, Purpose.CHARACTER, 2, count)
    of_road = noise.normals(seed, Purpose.CHARACTER, 3, corridors)[network.corridor]
    mixed = (0.8 * own + 0.6 * of_road).astype(np.float64)
    squared = mixed * mixed
    uneven: NDArray[np.float64] = 0.3 + 0.7 / 3.0 * squared * squared
    return uneven


def _centrality(network: DemoNetwork) -> NDArray[np.float64]:
    """Return 1 in the centre, falling to 0 towards the ring road; fast roads keep out of it."""
    east, north = network.east_km.astype(np.float64), network.north_km.astype(np.float64)
    away_km = np.sqrt(east * east + north * north)
    fade = (_CENTRE_FADES_KM - away_km) / (_CENTRE_FADES_KM - _CENTRE_FULL_KM)
    in_town = network.road_class == RoadClass.DISTRIBUTION
    central: NDArray[np.float64] = np.clip(fade, 0.0, 1.0) * in_town
    return central


def _demand_share(network: DemoNetwork, central: NDArray[np.float64]) -> Floats:
    commuting = 1.0 - 0.75 * central
    inbound = (1.0 + network.inward) / 2
    shares = np.empty((len(Profile), len(network)), np.float32)
    shares[Profile.INBOUND] = commuting * inbound
    shares[Profile.OUTBOUND] = commuting * (1.0 - inbound)
    shares[Profile.TOWN] = 1.0 - commuting
    return shares


def _queues(network: DemoNetwork) -> NDArray[np.float64]:
    """Weight of the fast delay in the queues of the ring road, shape (segments,)."""
    delay = np.zeros(len(network))
    for head, reach_m in _QUEUES.items():
        # Networks that are a part of the real one, or a copy, have no such segment.
        for place in [network.ids.index(head)] if head in network.ids else []:
            ring = np.flatnonzero(network.corridor == network.corridor[place])
            around_m = network.length_m[ring].astype(np.float64).sum()
            position_m = network.position_m.astype(np.float64)
            behind_m = (position_m[place] - position_m[ring]) % around_m
            delay[ring] += _QUEUE_DELAY * (behind_m <= reach_m)
    return delay


def _sector(network: DemoNetwork) -> NDArray[np.int64]:
    """Number the eighths of the town by two signs and a comparison, without an arctangent."""
    east, north = network.east_km, network.north_km
    steep = np.abs(north) > np.abs(east)
    return (4 * (east > 0) + 2 * (north > 0) + steep).astype(np.int64)


def _cells(network: DemoNetwork) -> tuple[NDArray[np.int64], tuple[Floats, Floats], int]:
    """Lay cells of drifting noise along every corridor."""
    corridors = int(network.corridor.max()) + 1
    longest_m = np.zeros(corridors)
    np.maximum.at(longest_m, network.corridor, network.position_m)
    sizes = (longest_m // _CELL_M).astype(np.int64) + 2
    starts = np.concatenate([[0], np.cumsum(sizes)])
    along = network.position_m.astype(np.float64) / _CELL_M
    whole = np.floor(along)
    share = (along - whole)[None, :].astype(np.float32)
    ones = np.ones_like(share)
    own = noise.blend(ones, np.zeros_like(share), share)[0]
    following = noise.blend(np.zeros_like(share), ones, share)[0]
    amplitude = np.float32(_DRIFT)
    cell = starts[network.corridor] + whole.astype(np.int64)
    return cell, (own * amplitude, following * amplitude), int(starts[-1])
