"""How each segment of the demo network behaves: the part of the traffic model that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.observe.demo import noise
from services.observe.demo.calibration import CONDUCT, Conduct, Kind, kinds
from services.observe.demo.demand import Profile
from services.observe.demo.network import DemoNetwork, RoadClass
from services.observe.demo.noise import Purpose

Floats = NDArray[np.float32]

SECTORS: Final = 8

# Streets are slower in the centre than their limits say, faster on the outskirts: distribution at
# noon and rush, by distance from the centre.
_SLOWEST, _FASTEST, _FASTER_PER_KM, _SLOWEST_UP_TO_KM = 0.87, 1.30, 0.11, 1.5
# Long segments between far crossings are faster than short ones: noon and rush, armature and appui,
# by length.
_SHORT, _LONGER, _LONG_M = 0.96, 0.25, 600.0
# How much more traffic delays in the very centre: the same at rush, against noon.
_CENTRE_DELAY: Final = 0.25
# Less where the limit is 30 km/h.
_CALM_DELAY, _CALM_UP_TO_KMH = 0.4, 30
_CENTRE_FULL_KM, _CENTRE_FADES_KM = 1.2, 3.4

# Where the ring road jams on working days: the segment at which a queue begins, and how many metres
# it reaches behind it. As at rush; the morning is taken to jam at the same places.
_QUEUES: Final = {
    "489972": 5_400.0,  # Porte de Maurepas, anticlockwise
    "47060": 7_400.0,  # Porte d'Alma, anticlockwise
    "47243": 5_200.0,  # Porte du Blosne, clockwise
    "45242": 6_000.0,  # Porte de Villejean, clockwise
}
_QUEUE_DELAY: Final = 0.7

# Noise along a road is independent every so many segments: noon and rush, correlation of speed ÷
# limit with the next segment (0.7) and the fifth (0.1 to 0.3).
_CELL_SEGMENTS: Final = 4
# What of a segment's lasting difference it has in common with its neighbours and its road; shares
# of variance.
_OF_CELL, _OF_ROAD = 0.5, 0.3
# The same of how much of its traffic is measured. What is unknown at noon and at rush agrees by
# 0.8 with the next segment and 0.5 with the eighth; both captures agree by 0.6 (appui) and 0.25.
_SEEN_OF_CELL, _SEEN_OF_ROAD = 0.23, 0.75


@dataclass(frozen=True, eq=False)
class Cells:
    """Where noise that roads share is drawn, and how segments take it.

    Parameters
    ----------
    road : array of int64, shape (segments,)
        Its corridor.
    cell : array of int64, shape (segments,)
        Its place among the cells of all roads; the next cell is `cell + 1`.
    weights : pair of arrays of float32, shape (segments,)
        How much it takes from its cell and from the next.
    roads, cells : int
        Number of them.
    """

    road: NDArray[np.int64]
    cell: NDArray[np.int64]
    weights: tuple[Floats, Floats]
    roads: int
    cells: int

    def spread(self, drawn: Floats) -> Floats:
        """Take noise of deviation 1 from cells, shape (times, cells), to segments."""
        taken: Floats = drawn[:, self.cell] * self.weights[0]
        taken += drawn[:, self.cell + 1] * self.weights[1]
        return taken


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
        Weight of load⁴ and of load⁸ in the delay.
    activity : array of float32
        How much more of its traffic than usual is measured, with deviation 1.
    conduct : Conduct of arrays of float32
        That of its kind.
    sector : array of int64
        Which eighth of the town it lies in.
    along : Cells
    """

    demand_share: Floats
    free_ratio: Floats
    town_delay: Floats
    fast_delay: Floats
    activity: Floats
    conduct: Conduct
    sector: NDArray[np.int64]
    along: Cells


def character_of(network: DemoNetwork, seed: int) -> Character:
    """Derive the behaviour of every segment from where it lies and from the seed."""
    conduct = _conduct(network)
    central = _centrality(network)
    along = _cells(network)
    own = _lasting(along, seed, 0, _OF_CELL, _OF_ROAD)
    town_delay = conduct.town_delay * _unevenness(_lasting(along, seed, 3, _OF_CELL, _OF_ROAD))
    town_delay[network.limit_kmh <= _CALM_UP_TO_KMH] *= _CALM_DELAY
    return Character(
        demand_share=_demand_share(network, central),
        free_ratio=np.maximum(_free_shares(network) * (1.0 + conduct.free_spread * own), 0.2),
        town_delay=town_delay * (1.0 + _CENTRE_DELAY * central).astype(np.float32),
        fast_delay=conduct.fast_delay + _queues(network).astype(np.float32),
        activity=_lasting(along, seed, 6, _SEEN_OF_CELL, _SEEN_OF_ROAD),
        conduct=conduct,
        sector=_sector(network),
        along=along,
    )


def _conduct(network: DemoNetwork) -> Conduct:
    table = np.array([CONDUCT[kind] for kind in Kind], np.float32)
    return Conduct(*table[kinds(network)].T)


def _lasting(along: Cells, seed: int, index: int, of_cell: float, of_road: float) -> Floats:
    """Draw what makes each segment differ for good: deviation 1, alike along a road."""
    own, cell, road = (
        noise.normals(seed, Purpose.CHARACTER, index + place, count)
        for place, count in enumerate((len(along.cell), along.cells, along.roads))
    )
    rest = np.float32(np.sqrt(1.0 - of_cell - of_road))
    mixed: Floats = along.spread(cell[None, :])[0] * np.float32(np.sqrt(of_cell))
    mixed += road[along.road] * np.float32(np.sqrt(of_road)) + own * rest
    return mixed


def _unevenness(drawn: Floats) -> Floats:
    """Say how much worse than others each segment jams: mean 1, most less, a few more.

    A segment that ends at a busy crossing holds the queue of the whole street.
    """
    squared = drawn * drawn
    uneven: Floats = np.float32(0.3) + np.float32(0.7 / 3.0) * squared * squared
    return uneven


def _away_km(network: DemoNetwork) -> NDArray[np.float64]:
    east, north = network.east_km.astype(np.float64), network.north_km.astype(np.float64)
    away_km: NDArray[np.float64] = np.sqrt(east * east + north * north)
    return away_km


def _centrality(network: DemoNetwork) -> NDArray[np.float64]:
    """Return 1 in the centre, falling to 0 towards the ring road; fast roads keep out of it."""
    fade = (_CENTRE_FADES_KM - _away_km(network)) / (_CENTRE_FADES_KM - _CENTRE_FULL_KM)
    in_town = network.road_class == RoadClass.DISTRIBUTION
    central: NDArray[np.float64] = np.clip(fade, 0.0, 1.0) * in_town
    return central


def _free_shares(network: DemoNetwork) -> Floats:
    """Free-flow speed ÷ limit that is usual for the class, the limit and the place."""
    outwards = _SLOWEST + _FASTER_PER_KM * (_away_km(network) - _SLOWEST_UP_TO_KM)
    by_length = _SHORT + _LONGER * np.minimum(network.length_m.astype(np.float64) / _LONG_M, 1.0)
    shares: NDArray[np.float64] = network.free_flow_share * np.choose(
        network.road_class,
        # From national to distribution.
        [np.ones_like(by_length), by_length, by_length, np.clip(outwards, _SLOWEST, _FASTEST)],
    )
    return shares.astype(np.float32)


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


def _cells(network: DemoNetwork) -> Cells:
    """Lay cells along every corridor."""
    roads = int(network.corridor.max()) + 1
    order = np.lexsort((network.position_m, network.corridor))
    sizes = np.bincount(network.corridor, minlength=roads)
    firsts = np.cumsum(sizes) - sizes
    place = np.empty(len(network), np.int64)
    place[order] = np.arange(len(network)) - firsts[network.corridor[order]]
    cells = sizes // _CELL_SEGMENTS + 2
    share = (place % _CELL_SEGMENTS / _CELL_SEGMENTS)[None, :].astype(np.float32)
    ones, zeros = np.ones_like(share), np.zeros_like(share)
    return Cells(
        road=network.corridor,
        cell=(np.cumsum(cells) - cells)[network.corridor] + place // _CELL_SEGMENTS,
        weights=(noise.blend(ones, zeros, share)[0], noise.blend(zeros, ones, share)[0]),
        roads=roads,
        cells=int(cells.sum()),
    )
