"""The network of the demo feed: the city's own, or more of it by copies a little beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.observe.feeds.reply import GEOMETRY_FIELD, ID_FIELD, Record, build_network
from services.observe.network_file import RawRecord, read_records
from services.traffic.network import geometry_parts
from services.traffic.stretches import chains

MAX_SEGMENTS: Final = 200_000

POINT_FIELD: Final = "geo_point_2d"
# Above the feed's numbers, which have seven digits at most.
_NUMBERS_PER_COPY: Final = 10_000_000
# Copies lie 0.003° (two to three hundred metres) apart, ten in a row: all within what is believed.
_COPY_STEP_DEG: Final = 0.003
_COPIES_PER_ROW: Final = 10


class RoadClass(IntEnum):
    """The road classes of the feed, from the highest."""

    NATIONAL = 0
    ARMATURE = 1
    APPUI = 2
    DISTRIBUTION = 3


_CLASSES: Final = {
    "Réseau national": RoadClass.NATIONAL,
    "Réseau d'armature": RoadClass.ARMATURE,
    "Réseau d'appui": RoadClass.APPUI,
}


@dataclass(frozen=True, eq=False)
class DemoNetwork:
    """What does not change with time, one entry per segment in the order of the reply.

    Parameters
    ----------
    ids : tuple of str
        `predefinedlocationreference`.
    records : list of dict
        All that the feed says of each segment that does not move.
    names : array of str
        `denomination`.
    road_class : array of uint8
        Values of `RoadClass`; secondary distribution is distribution.
    limit_kmh : array of uint8
    free_flow_share : array of float
        Free-flow speed ÷ limit that is usual for its class and limit (``City.free_flow_shares``).
    length_m : array of float32
    zone : array of uint8
        As an index into the city's zones.
    corridor : array of int64
        Segments with the same value follow one another on one road in one direction.
    position_m : array of float32
        Distance travelled on the corridor up to the middle of the segment.
    east_km, north_km : array of float32
        The middle between its ends, from the city's centre; a copy's is that of the original.
    inward : array of float32
        Cosine between the direction of travel and the direction of the centre: 1 towards it.
    """

    ids: tuple[str, ...]
    records: list[RawRecord]
    names: NDArray[np.str_]
    road_class: NDArray[np.uint8]
    limit_kmh: NDArray[np.uint8]
    free_flow_share: NDArray[np.float64]
    length_m: NDArray[np.float32]
    zone: NDArray[np.uint8]
    corridor: NDArray[np.int64]
    position_m: NDArray[np.float32]
    east_km: NDArray[np.float32]
    north_km: NDArray[np.float32]
    inward: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)


def demo_network(city: City, segments: int | None = None) -> DemoNetwork:
    """The first so many segments of a city's network and, beyond it, of copies beside it.

    Parameters
    ----------
    city : City
    segments : int, optional
        1 to `MAX_SEGMENTS`; those of the city by default.
    """
    whole = _whole_network(city)
    if segments is None:
        return whole
    copies, places = np.divmod(np.arange(segments), len(whole))
    originals = list(zip(places.tolist(), copies.tolist(), strict=True))
    corridors = int(whole.corridor.max()) + 1
    return DemoNetwork(
        ids=tuple(_copied_id(whole.ids[place], copy) for place, copy in originals),
        records=[_copied_record(whole.records[place], copy) for place, copy in originals],
        names=whole.names[places],
        road_class=whole.road_class[places],
        limit_kmh=whole.limit_kmh[places],
        free_flow_share=whole.free_flow_share[places],
        length_m=whole.length_m[places],
        zone=whole.zone[places],
        corridor=whole.corridor[places] + corridors * copies,
        position_m=whole.position_m[places],
        east_km=whole.east_km[places],
        north_km=whole.north_km[places],
        inward=whole.inward[places],
    )


# Each of several simulations of a city takes the same: its chains take a tenth of a second.
@lru_cache(maxsize=1)
def _whole_network(city: City) -> DemoNetwork:
    document = read_records(city)
    records = msgspec.json.decode(document, type=list[RawRecord])
    shapes = [msgspec.json.decode(record[GEOMETRY_FIELD]) for record in records]
    parts = [geometry_parts(shape["geometry"]) for shape in shapes]
    of_feed = msgspec.json.decode(document, type=list[Record])
    network = build_network(city, list(zip(of_feed, parts, strict=True)))
    lines = network.lines
    # To a decimetre, so that no last bit of a cosine tells platforms apart.
    length_m = np.round(network.length_m, 1).astype(np.float32)
    corridor, position_m = _along_roads(chains(lines), length_m)
    middles_m = (lines.start + lines.end) / 2
    towards = -(middles_m * (lines.end - lines.start)).sum(axis=1)
    reach = np.hypot(*middles_m.T) * np.hypot(*(lines.end - lines.start).T)
    return DemoNetwork(
        ids=network.segment_ids,
        records=records,
        names=network.names,
        road_class=np.array(
            [_CLASSES.get(name, RoadClass.DISTRIBUTION) for name in network.road_classes.tolist()],
            np.uint8,
        ),
        limit_kmh=network.speed_limit_kmh.astype(np.uint8),
        free_flow_share=network.usual_free_flow_shares,
        length_m=length_m,
        zone=network.zone_codes,
        corridor=corridor,
        position_m=position_m,
        east_km=(middles_m[:, 0] / 1_000).astype(np.float32),
        north_km=(middles_m[:, 1] / 1_000).astype(np.float32),
        inward=(towards / np.maximum(reach, 1.0)).astype(np.float32),
    )


def _along_roads(
    roads: list[list[int]], length_m: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which chain each segment is of, and how far along it its middle lies."""
    corridor = np.empty(len(length_m), np.int64)
    position_m = np.empty(len(length_m), np.float32)
    for number, road in enumerate(roads):
        lengths = length_m[road]
        corridor[road] = number
        position_m[road] = np.cumsum(lengths) - lengths / 2
    return corridor, position_m


def _copied_id(segment_id: str, copy: int) -> str:
    """The id of a segment's copy: another number, and the same direction."""
    number, mark, direction = segment_id.partition("_")
    return f"{int(number) + copy * _NUMBERS_PER_COPY}{mark}{direction}"


def _copied_record(record: RawRecord, copy: int) -> RawRecord:
    if not copy:
        return record
    step_deg = [_COPY_STEP_DEG * step for step in divmod(copy, _COPIES_PER_ROW)]

    def moved(point: list[float]) -> list[float]:
        return [round(at + step, 6) for at, step in zip(point, step_deg, strict=True)]

    segment_id = msgspec.json.decode(record[ID_FIELD], type=str)
    shape = msgspec.json.decode(record[GEOMETRY_FIELD])
    parts = geometry_parts(shape["geometry"])
    shape["geometry"] = {
        "coordinates": [[moved(point) for point in part] for part in parts],
        "type": "MultiLineString",
    }
    middle = msgspec.json.decode(record[POINT_FIELD])
    lon, lat = moved([middle["lon"], middle["lat"]])
    replaced = {
        ID_FIELD: _copied_id(segment_id, copy),
        GEOMETRY_FIELD: shape,
        POINT_FIELD: {"lon": lon, "lat": lat},
    }
    return record | {name: msgspec.Raw(msgspec.json.encode(v)) for name, v in replaced.items()}
