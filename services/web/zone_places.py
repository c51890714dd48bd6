"""What the panel says of one zone beyond its state: its worst stretches and its corridors."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from services.traffic.corridors import corridor_ways
from services.traffic.indicators import WORST_STRETCHES, WorstStretch, worst_stretches
from services.traffic.stretch_wording import stretch_parts
from services.web.latest import TrafficView

# A corridor is told of in each zone that it leads through for this share of its length at least.
_MIN_CORRIDOR_SHARE: Final = 0.25


def encode_zone_places(view: TrafficView) -> bytes:
    """By zone: ``worst``, its worst stretches, and ``corridors``, places in the city's file.

    A stretch counts for the zone of the segment on it that loses the most time; it is told as
    in a refresh, and so are the times of the corridors.
    """
    network = view.network
    zones = network.city.zones
    found: dict[str, dict[str, list[Any]]] = {
        zone: {"worst": [], "corridors": []} for zone in zones
    }
    for worst in worst_stretches(network, view.snapshot, view.usual_time_s):
        listed = found[zones[network.zone_codes[worst.segment_index]]]["worst"]
        if len(listed) < WORST_STRETCHES:
            listed.append(worst_content(worst))
    places = {way.key: place for place, way in enumerate(corridor_ways(network.city))}
    for time in view.corridor_times:
        shares = _zone_shares(view, list(time.corridor.segments))
        for zone, share in zip(zones, shares, strict=True):
            if share >= _MIN_CORRIDOR_SHARE:
                found[zone]["corridors"].append(places[time.corridor.way.key])
    return orjson.dumps(found)


def worst_content(worst: WorstStretch) -> list[Any]:
    """Segment, delay (s), the same against the usual or None, speed (km/h), and its words."""
    against = worst.usual_delay_s
    return [
        worst.segment_index,
        round(worst.delay_s),
        None if against is None else round(against),
        round(worst.speed_kmh),
        stretch_parts(worst.stretch),
    ]


def _zone_shares(view: TrafficView, segments: list[int]) -> NDArray[np.float64]:
    """Share of the length of some segments in each zone."""
    network = view.network
    metres = np.bincount(
        network.zone_codes[segments], network.length_m[segments], len(network.city.zones)
    )
    shares: NDArray[np.float64] = metres / metres.sum()
    return shares
