"""The network of the demo feed: a fixed number of segments, as arrays in the reply's order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.observe.demo import geometry, noise
from services.observe.demo.alignments import (
    GEOMETRY_SEED,
    PIECES_PER_LOCAL_STREET,
    Alignment,
    base_alignments,
    local_alignments,
)
from services.observe.demo.geometry import Line
from services.observe.demo.road_plan import RENNES_RADIUS_KM, road_plan

NOMINAL_SEGMENTS: Final = 2_900
MIN_SEGMENTS: Final = 600
MAX_SEGMENTS: Final = 200_000

# Real numbers have four to seven digits; the real six-digit ones stay far below this.
_FIRST_NUMBER = 900_000


@dataclass(frozen=True, eq=False)
class DemoNetwork:
    """What does not change with time, one entry per segment in the order of the reply.

    Parameters
    ----------
    ids : tuple of str
        `predefinedlocationreference`: a number, and `_D` or `_G` on two-way roads.
    names : tuple of str
        `denomination`.
    road_class : array of uint8
        Values of `RoadClass`.
    limit_kmh : array of uint8
    length_m : array of float32
    one_way : array of bool
    insee : array of int32
        Code of the commune.
    lon, lat : array of float64
        The point half-way along the segment, degrees.
    vertices : array of float64, shape (vertices, 2)
        Longitude and latitude of every segment's points, one segment after another.
    vertex_starts : array of int64, shape (segments + 1,)
        Where each segment starts in `vertices`.
    corridor : array of int32
        Segments with the same value follow one another on one road in one direction.
    position_m : array of float32
        Distance travelled on the corridor up to the middle of the segment.
    east_km, north_km : array of float32
        The half-way point, from the Place de la Mairie.
    inward : array of float32
        Cosine between the direction of travel and the direction of the centre: 1 towards it.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    road_class: NDArray[np.uint8]
    limit_kmh: NDArray[np.uint8]
    length_m: NDArray[np.float32]
    one_way: NDArray[np.bool_]
    insee: NDArray[np.int32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    vertices: NDArray[np.float64]
    vertex_starts: NDArray[np.int64]
    corridor: NDArray[np.int32]
    position_m: NDArray[np.float32]
    east_km: NDArray[np.float32]
    north_km: NDArray[np.float32]
    inward: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)


class _Piece(NamedTuple):
    segment_id: str
    alignment: Alignment
    corridor: int
    limit_kmh: int
    position_m: float
    line: Line


def build_network(segments: int) -> DemoNetwork:
    """Build the network with exactly `segments` segments.

    Up to the nominal size the drawn roads are cut finer or coarser; beyond it, they keep their
    cuts and local streets of sixteen segments each are added all over the area.

    Raises
    ------
    ValueError
        If `segments` is outside `MIN_SEGMENTS` to `MAX_SEGMENTS`.
    """
    if not MIN_SEGMENTS <= segments <= MAX_SEGMENTS:
        raise ValueError(f"segments={segments}: expected {MIN_SEGMENTS} to {MAX_SEGMENTS}")
    per_street = 2 * PIECES_PER_LOCAL_STREET
    streets = max(0, segments - NOMINAL_SEGMENTS) // per_street
    drawn = base_alignments()
    counts = _share_out(drawn, segments - streets * per_street)
    alignments = drawn + local_alignments(streets)
    counts += [PIECES_PER_LOCAL_STREET] * streets
    return _assemble(list(_pieces(alignments, counts)))


def _share_out(alignments: Sequence[Alignment], segments: int) -> list[int]:
    """Decide in how many pieces each line is cut, so that the segments add up exactly."""
    weights = np.array([alignment.weight for alignment in alignments])
    per_piece = np.array([1 if alignment.one_way else 2 for alignment in alignments])
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        fits = (_counts(weights, middle) * per_piece).sum() <= segments
        low, high = (middle, high) if fits else (low, middle)
    counts = _counts(weights, low)
    # What rounding left over goes to one-way lines, longest first, where a piece is one segment.
    missing = segments - int((counts * per_piece).sum())
    one_way = np.flatnonzero(per_piece == 1)
    order = one_way[np.argsort(-weights[one_way], kind="stable")]
    for number in range(missing):
        counts[order[number % len(order)]] += 1
    return [int(count) for count in counts]


def _counts(weights: NDArray[np.float64], scale: float) -> NDArray[np.int64]:
    return np.maximum(1, np.floor(weights * scale + 0.5)).astype(np.int64)


def _pieces(alignments: Sequence[Alignment], counts: Sequence[int]) -> Iterator[_Piece]:
    number, corridor = _FIRST_NUMBER, 0
    for index, (alignment, count) in enumerate(zip(alignments, counts, strict=True)):
        yield from _cut(alignment, _cuts_km(alignment, index, count), number, corridor)
        number += count
        corridor += 1 if alignment.one_way else 2


def _cuts_km(alignment: Alignment, index: int, count: int) -> NDArray[np.float64]:
    """Cut unevenly: many short segments near junctions and a few long ones, as in the feed."""
    draws = noise.uniforms(GEOMETRY_SEED, noise.Purpose.CUTS, index, count)
    ends = np.cumsum(0.1 + 4.0 * draws * draws * draws)
    shares: NDArray[np.float64] = np.concatenate([[0.0], ends]) / ends[-1]
    return shares * geometry.length_km(alignment.line)


def _cut(
    alignment: Alignment, cuts_km: NDArray[np.float64], number: int, corridor: int
) -> Iterator[_Piece]:
    along = geometry.cut(alignment.line, cuts_km)
    there = geometry.shift_right(along.line, alignment.shift_km)
    back = geometry.shift_right(along.line[::-1], alignment.shift_km)[::-1]
    total_km = float(cuts_km[-1])
    for piece in range(len(cuts_km) - 1):
        reach = slice(int(along.cut_at[piece]), int(along.cut_at[piece + 1]) + 1)
        middle_km = float(cuts_km[piece] + cuts_km[piece + 1]) / 2
        limits = alignment.limits_kmh
        limit_kmh = limits[min(int(middle_km / total_km * len(limits)), len(limits) - 1)]
        name = str(number + piece)
        position_m = middle_km * 1_000
        if alignment.one_way:
            yield _Piece(name, alignment, corridor, limit_kmh, position_m, there[reach])
            continue
        yield _Piece(f"{name}_D", alignment, corridor, limit_kmh, position_m, there[reach])
        back_m = total_km * 1_000 - position_m
        yield _Piece(f"{name}_G", alignment, corridor + 1, limit_kmh, back_m, back[reach][::-1])


def _assemble(pieces: Sequence[_Piece]) -> DemoNetwork:
    lines = [piece.line for piece in pieces]
    lengths_km = np.array([geometry.length_km(line) for line in lines])
    middles = np.concatenate(
        [
            geometry.at_distances(line, np.array([length / 2]))
            for line, length in zip(lines, lengths_km, strict=True)
        ]
    )
    headings = np.stack([line[-1] - line[0] for line in lines])
    degrees = geometry.to_lon_lat(middles)
    return DemoNetwork(
        ids=tuple(piece.segment_id for piece in pieces),
        names=tuple(piece.alignment.name for piece in pieces),
        road_class=np.array([piece.alignment.road_class for piece in pieces], np.uint8),
        limit_kmh=np.array([piece.limit_kmh for piece in pieces], np.uint8),
        length_m=(lengths_km * 1_000).astype(np.float32),
        one_way=np.array([piece.alignment.one_way for piece in pieces]),
        insee=_communes(middles),
        lon=degrees[:, 0],
        lat=degrees[:, 1],
        vertices=geometry.to_lon_lat(np.concatenate(lines)),
        vertex_starts=np.concatenate([[0], np.cumsum([len(line) for line in lines])]),
        corridor=np.array([piece.corridor for piece in pieces], np.int32),
        position_m=np.array([piece.position_m for piece in pieces], np.float32),
        east_km=middles[:, 0].astype(np.float32),
        north_km=middles[:, 1].astype(np.float32),
        inward=_inward(middles, headings).astype(np.float32),
    )


def _communes(middles: Line) -> NDArray[np.int32]:
    towns = road_plan().towns
    centres = np.array([(town.east_km, town.north_km) for town in towns])
    away = middles[:, None, :] - centres[None, :, :]
    distance_km = np.sqrt((away * away).sum(axis=2))
    # The first town is Rennes.
    distance_km[:, 0] = np.where(distance_km[:, 0] < RENNES_RADIUS_KM, 0.0, np.inf)
    codes = np.array([town.insee for town in towns], np.int32)
    nearest: NDArray[np.int32] = codes[distance_km.argmin(axis=1)]
    return nearest


def _inward(middles: Line, headings: Line) -> NDArray[np.float64]:
    products = geometry.norms(middles) * geometry.norms(headings)
    towards = -(middles * headings).sum(axis=1)
    cosine: NDArray[np.float64] = towards / np.maximum(products, 1e-9)
    return cosine
