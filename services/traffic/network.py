"""The road network: what does not change from one snapshot to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.city.city import City
from services.city.zones import zones_of_segments
from services.traffic.corridors import Corridor, corridors_of
from services.traffic.reference_speed import ReferenceSpeeds
from services.traffic.road_lines import Part, RoadLines, road_lines
from services.traffic.stretches import Stretch, stretches_of

_EARTH_RADIUS_M: Final = 6_371_008.8
# Five decimals are 1.1 m: finer than the width of a road, half the bytes.
_COORDINATE_DECIMALS: Final = 5
# 2 m: parts of one segment that end to end lie closer than that are one line.
_TOUCH_DEG: Final = 2e-5
# The feed has 4 at most; putting them in order takes their number cubed where they are circles.
_MOST_PARTS: Final = 20
# A shorter stretch says where traffic stands, but is no place that people would be sent around.
_MIN_LISTED_M: Final = 200.0
# What a road without a limit is driven at where the quickest of several drives is looked for.
_TOWN_KMH: Final = 50.0
# What takes long to find and is the same whatever was measured.
_OF_ROADS: Final = ("length_m", "points", "zone_codes", "lines", "stretches", "stretch_codes",
                    "is_listed", "corridors", "index_of_id")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Network:
    """The segments in their fixed order; all arrays have shape (segments,).

    Attributes
    ----------
    city : City
        Whose roads these are.
    version : str
        Fingerprint of everything below.
    segment_ids : tuple of str
        The feed's ``predefinedlocationreference``.
    geometry : tuple of list of Part
        Each segment's lines, in the direction of travel.
    names, road_classes : array of str
    speed_limit_kmh : array of float
        NaN where there is none.
    reference : ReferenceSpeeds, optional
        What was measured of free flow; not a part of the version.
    """

    city: City
    version: str
    segment_ids: tuple[str, ...]
    geometry: tuple[list[Part], ...]
    names: NDArray[np.str_]
    road_classes: NDArray[np.str_]
    speed_limit_kmh: NDArray[np.float64]
    reference: ReferenceSpeeds | None = None

    def __len__(self) -> int:
        return len(self.segment_ids)

    @cached_property
    def length_m(self) -> NDArray[np.float64]:
        """Length of each segment along its geometry, in metres."""
        return segment_lengths_m(self.geometry)

    @cached_property
    def usual_free_flow_shares(self) -> NDArray[np.float64]:
        """Free-flow speed ÷ limit of each segment, as ``City.free_flow_shares`` has it."""
        roads = zip(self.road_classes.tolist(), self.speed_limit_kmh.tolist(), strict=True)
        return np.array(self.city.free_flow_shares_of(roads))

    @cached_property
    def free_flow_kmh(self) -> NDArray[np.float64]:
        """Speed of the traffic on each segment that nothing slows, at most its limit.

        As measured, where that is enough (:mod:`services.traffic.reference_speed`), else by class
        and limit, as the city's captures tell; without a limit as little as was measured, NaN where
        nothing was.
        """
        share = self.usual_free_flow_shares * self.city.space_mean_share
        usual_kmh = self.speed_limit_kmh * np.minimum(share, 1.0)
        measured_kmh, is_enough = self._measured
        is_told = is_enough | np.isnan(usual_kmh)
        return np.where(is_told, np.fmin(measured_kmh, self.speed_limit_kmh), usual_kmh)

    @property
    def measured_share(self) -> float:
        """Share of the segments whose free flow is told as measured, 0 to 1."""
        return float(self._measured[1].mean()) if len(self) else 0.0

    @cached_property
    def _measured(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Reference speed of each segment, NaN without one, and whether it is enough."""
        speed_kmh, is_enough = np.full(len(self), np.nan), np.zeros(len(self), bool)
        if self.reference is not None:
            place = places_of(self.segment_ids, self.reference.segment_ids)
            found = place >= 0
            speed_kmh[found] = self.reference.speed_kmh[place[found]]
            is_enough[found] = self.reference.is_enough[place[found]]
        return speed_kmh, is_enough

    def with_reference(self, reference: ReferenceSpeeds | None) -> Network:
        """The same roads with other reference speeds; what is known of the roads stays known."""
        if reference is self.reference:
            return self
        other = replace(self, reference=reference)
        vars(other).update({name: vars(self)[name] for name in _OF_ROADS if name in vars(self)})
        return other

    @cached_property
    def free_flow_time_s(self) -> NDArray[np.float64]:
        """Seconds to drive each segment in free flow."""
        return self.length_m / (self.free_flow_kmh / 3.6)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """A point of each segment, shape (segments, 2): longitude, latitude."""
        return np.array([parts[0][len(parts[0]) // 2] for parts in self.geometry])

    @cached_property
    def zone_codes(self) -> NDArray[np.uint8]:
        """Zone of each segment, as an index into ``City.zones``."""
        return zones_of_segments(
            self.city, self.names, self.road_classes, self.points[:, 1], self.points[:, 0]
        )

    @cached_property
    def zone_free_flow_kmh(self) -> NDArray[np.float64]:
        """Free-flow speed of each of ``City.zone_choices``, all segments driven once; NaN of none.

        The whole network is the last. Segments whose free flow is not known have no part in it.
        """
        zones, told = len(self.city.zones), ~np.isnan(self.free_flow_time_s)
        of_zones = (
            np.bincount(self.zone_codes[told], amounts[told], zones)
            for amounts in (self.length_m, self.free_flow_time_s)
        )
        metres, seconds = (np.append(amounts, amounts.sum()) for amounts in of_zones)
        speeds: NDArray[np.float64] = np.divide(
            3.6 * metres, seconds, out=np.full(zones + 1, np.nan), where=seconds > 0
        )
        return speeds

    @cached_property
    def lines(self) -> RoadLines:
        """How each segment begins and ends."""
        return road_lines(
            self.city, self.segment_ids, self.names.tolist(), self.geometry, self.length_m
        )

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches of its roads, ordered by key: each segment is of exactly one."""
        return stretches_of(self.lines)

    @cached_property
    def stretch_codes(self) -> NDArray[np.intp]:
        """Stretch of each segment, as an index into :attr:`stretches`."""
        codes = np.empty(len(self), np.intp)
        for code, stretch in enumerate(self.stretches):
            codes[list(stretch.segments)] = code
        return codes

    @cached_property
    def is_listed(self) -> NDArray[np.bool_]:
        """Which stretches lists may name: no roundabout, no road without a name, none too short."""
        return np.array(
            [
                stretch.length_m >= _MIN_LISTED_M
                and stretch.direction != "around"
                and stretch.road not in self.city.names_of_no_road
                for stretch in self.stretches
            ]
        )

    @cached_property
    def corridors(self) -> tuple[Corridor, ...]:
        """The drives that people know by name; quickest at the limits, whatever was measured."""
        speed_kmh = np.where(np.isnan(self.speed_limit_kmh), _TOWN_KMH, self.speed_limit_kmh)
        return corridors_of(self.lines, self.length_m / (speed_kmh / 3.6))

    @cached_property
    def index_of_id(self) -> dict[str, int]:
        """Place of each segment in the fixed order."""
        return {segment_id: index for index, segment_id in enumerate(self.segment_ids)}


def places_of(wanted: Sequence[str], known: Sequence[str]) -> NDArray[np.int64]:
    """Where each of some ids of segments stands among others; -1 where it does not."""
    place = {segment_id: index for index, segment_id in enumerate(known)}
    return np.array([place.get(segment_id, -1) for segment_id in wanted], np.int64)


def segment_lengths_m(geometry: Sequence[list[Part]]) -> NDArray[np.float64]:
    """Length of each segment in metres, the gaps between its parts left out.

    Equirectangular distances: within 0.1 % over segments shorter than 10 km.
    """
    points = np.array([point[:2] for parts in geometry for part in parts for point in part])
    part_sizes = [len(part) for parts in geometry for part in parts]
    segment_of_part = np.repeat(np.arange(len(geometry)), [len(parts) for parts in geometry])
    part_of_point = np.repeat(np.arange(len(part_sizes)), part_sizes)
    radians = np.radians(points)
    east = np.diff(radians[:, 0]) * np.cos(radians[:-1, 1])
    steps_m = _EARTH_RADIUS_M * np.hypot(east, np.diff(radians[:, 1]))
    steps_m[part_of_point[1:] != part_of_point[:-1]] = 0.0
    segment_of_step = segment_of_part[part_of_point[1:]]
    lengths_m: NDArray[np.float64] = np.bincount(
        segment_of_step, weights=steps_m, minlength=len(geometry)
    ).astype(np.float64)
    return lengths_m


def encode_network(network: Network) -> bytes:
    """The network as GeoJSON: what the data directory keeps and the browser draws.

    Feature ids are the segments' places in the fixed order, because the
    browser's map addresses features by integer.
    """
    features = [
        _feature(index, network, zone) for index, zone in enumerate(network.zone_codes.tolist())
    ]
    return orjson.dumps(
        {"type": "FeatureCollection", "version": network.version, "features": features}
    )


def decode_network(city: City, document: bytes, version: str) -> Network:
    """Read back :func:`encode_network`.

    Raises
    ------
    StorageError
        When the document is not that network, whole and sound.
    """
    try:
        content = orjson.loads(document)
        features = content["features"]
        properties = [feature["properties"] for feature in features]
        network = Network(
            city=city,
            version=content["version"],
            segment_ids=tuple(_texts(properties, "segment_id")),
            geometry=tuple(geometry_parts(feature["geometry"]) for feature in features),
            names=np.array(_texts(properties, "name"), dtype=np.str_),
            road_classes=np.array(_texts(properties, "road_class"), dtype=np.str_),
            speed_limit_kmh=np.array([item["speed_limit_kmh"] for item in properties], float),
        )
        _check_sound(network, version)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"not a network document: {error}") from error
    return network


def _texts(properties: Sequence[dict[str, Any]], name: str) -> list[str]:
    texts = [item[name] for item in properties]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"a {name} that is no text")
    return texts


def _check_sound(network: Network, version: str) -> None:
    """Raises ValueError, or TypeError, for a network that nothing can be drawn or computed from."""
    if network.version != version:
        raise ValueError(f"it is of version {str(network.version)[:40]!r}")
    if not network.segment_ids or len(network.index_of_id) < len(network):
        raise ValueError("no segments, or some of them twice")
    if not (network.speed_limit_kmh > 0).all() or not np.isfinite(network.length_m).all():
        raise ValueError("a segment without a limit or a length")


def geometry_parts(geometry: dict[str, Any]) -> list[Part]:
    """The parts of a GeoJSON LineString (feed from 2025) or MultiLineString (2024).

    Raises
    ------
    ValueError
        For any other type, a part of fewer than two points, or more than 20 parts.
    """
    if geometry["type"] == "LineString":
        parts = [geometry["coordinates"]]
    elif geometry["type"] == "MultiLineString":
        parts = geometry["coordinates"]
    else:
        raise ValueError(f"geometry of type {geometry['type']}")
    if not parts or any(len(part) < 2 for part in parts):
        raise ValueError("geometry with fewer than two points")
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"geometry of {len(parts)} parts")
    return parts if len(parts) == 1 else _in_order_of_travel(parts)


def _in_order_of_travel(parts: list[Part]) -> list[Part]:
    """The parts from start to end, those that touch made one.

    The feed of 2024 gives the parts of some segments in any order, some of them a point.
    """
    left = [part for part in parts if not _touch(part[0], part[-1])] or parts[:1]
    ordered: list[Part] = []
    while left:
        end = ordered[-1][-1] if ordered else None
        after = next((part for part in left if end and _touch(end, part[0])), None)
        part = after or next((part for part in left if not _follows_any(part, left)), left[0])
        left = [other for other in left if other is not part]
        if after:
            ordered[-1] = ordered[-1] + part[1:]
        else:
            ordered.append(part)
    return ordered


def _follows_any(part: Part, others: list[Part]) -> bool:
    return any(other is not part and _touch(other[-1], part[0]) for other in others)


def _touch(one: list[float], other: list[float]) -> bool:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) < _TOUCH_DEG


def rounded(parts: list[Part]) -> list[Part]:
    """Lines as precise as networks are kept, without heights."""
    return [
        [[round(c, _COORDINATE_DECIMALS) for c in point[:2]] for point in part] for part in parts
    ]


def _feature(index: int, network: Network, zone: int) -> dict[str, Any]:
    parts = rounded(network.geometry[index])
    single = len(parts) == 1
    return {
        "type": "Feature",
        "id": index,
        "geometry": {
            "type": "LineString" if single else "MultiLineString",
            "coordinates": parts[0] if single else parts,
        },
        "properties": {
            "segment_id": network.segment_ids[index],
            "name": str(network.names[index]),
            "road_class": str(network.road_classes[index]),
            "speed_limit_kmh": int(network.speed_limit_kmh[index]),
            "zone": network.city.zones[zone],
        },
    }
