"""What of a network can be found by its name: roads, junctions, communes and corridors."""

from __future__ import annotations

from collections import defaultdict

import orjson

from services.traffic.network import Network


def encode_places(network: Network) -> bytes:
    """The names that lead to somewhere, as JSON.

    Stretches and zones are not among them: the page has those. ``names`` are of roads and
    junctions: kind (``City.kind_of_name``), name of the feed, by which the network has the
    segments, and what signs have instead; main and long roads first. ``communes`` are a name with
    its longitude and latitude, WGS 84 degrees. ``corridors`` are name, ``towards``, ``side`` and
    the places of the segments in the network's order.
    """
    city = network.city
    return orjson.dumps(
        {
            "names": [
                (city.kind_of_name(name), name, city.road_sign(name)) for name in _by_rank(network)
            ],
            "communes": [(place.name, *place.point) for place in city.communes],
            "corridors": [
                (one.way.name, one.way.towards, one.way.side, one.segments)
                for one in network.corridors
            ],
        }
    )


def _by_rank(network: Network) -> list[str]:
    """The names that belong to something, those of long and wide roads first."""
    widths = dict(network.city.road_widths)
    size_m: dict[str, float] = defaultdict(float)
    rows = zip(network.names.tolist(), network.road_classes.tolist(), strict=True)
    for (name, road_class), length_m in zip(rows, network.length_m.tolist(), strict=True):
        if network.city.kind_of_name(name) is not None:
            size_m[name] += length_m * widths.get(road_class, 1.0)
    return sorted(size_m, key=lambda name: (-size_m[name], name))
