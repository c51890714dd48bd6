"""The places that the archive can be asked about, by the keys that addresses have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.base.errors import TrafficError
from services.traffic.corridors import Corridor
from services.traffic.network import Network
from services.traffic.stretches import Stretch

PlaceKind = Literal["reseau", "zone", "corridor", "troncon", "segment"]
WHOLE: Final = "reseau"
# Between the kind of a place and its own key.
_MARK: Final = ":"


class UnknownPlace(TrafficError):
    """No place of today's network has that key."""

    reason: ClassVar[str] = "unknown_place"


@dataclass(frozen=True, eq=False)
class Place:
    """Some segments of today's network.

    Attributes
    ----------
    key : str
    kind : PlaceKind
    network : Network
    segments : array of int, shape (segments,)
        Their places in the network's order; of a corridor or a stretch in the order of travel.
    """

    key: str
    kind: PlaceKind
    network: Network
    segments: NDArray[np.int64]

    @property
    def is_route(self) -> bool:
        """Whether one drives from its first segment to its last."""
        return self.kind in ("corridor", "troncon", "segment")

    @cached_property
    def segment_ids(self) -> tuple[str, ...]:
        """The feed's ids of its segments."""
        return tuple(self.network.segment_ids[place] for place in self.segments.tolist())

    @cached_property
    def length_m(self) -> NDArray[np.float64]:
        """Of each segment."""
        return self.network.length_m[self.segments]

    @cached_property
    def free_s(self) -> NDArray[np.float64]:
        """Seconds to drive each segment in free flow; NaN where that is not known."""
        return self.network.free_flow_time_s[self.segments]

    @cached_property
    def limit_kmh(self) -> NDArray[np.float64]:
        """Of each segment; NaN where there is none."""
        return self.network.speed_limit_kmh[self.segments]


def place_of(network: Network, key: str) -> Place:
    """The place of a key.

    Raises
    ------
    UnknownPlace
    """
    kind, _, name = key.partition(_MARK)
    if key == WHOLE:
        return Place(key, "reseau", network, np.arange(len(network)))
    if kind == "zone" and name in network.city.zones:
        of_zone = network.zone_codes == network.city.zones.index(name)
        return Place(key, "zone", network, np.flatnonzero(of_zone))
    if kind == "segment" and name in network.index_of_id:
        return Place(key, "segment", network, np.array([network.index_of_id[name]]))
    route = corridor_of(network, key) or stretch_of(network, key)
    if route is None:
        raise UnknownPlace(f"no place {key!r} in the network of today")
    of_route: PlaceKind = "corridor" if isinstance(route, Corridor) else "troncon"
    return Place(key, of_route, network, np.array(route.segments, np.int64))


def corridor_of(network: Network, key: str) -> Corridor | None:
    """The corridor of a place's key."""
    found = (one for one in network.corridors if key == f"corridor{_MARK}{one.way.key}")
    return next(found, None)


def stretch_of(network: Network, key: str) -> Stretch | None:
    """The stretch of a place's key."""
    return next((one for one in network.stretches if key == f"troncon{_MARK}{one.key}"), None)


def keys_of(network: Network) -> dict[PlaceKind, list[str]]:
    """The keys of all places that lists offer, by kind, in the order of the city's file."""
    stretches = zip(network.stretches, network.is_listed.tolist(), strict=True)
    return {
        "reseau": [WHOLE],
        "zone": [f"zone{_MARK}{name}" for name in network.city.zones],
        "corridor": [f"corridor{_MARK}{one.way.key}" for one in network.corridors],
        "troncon": [f"troncon{_MARK}{one.key}" for one, is_listed in stretches if is_listed],
    }
