"""Which segments lie along what others have drawn: points, lines and areas on the network.

What is drawn along a road, by somebody else and on another map, runs beside the segments at some
metres and is cut elsewhere. Here it is compared by distance and, where it has a course, by heading;
in which of two directions it holds is not told by where it lies, so both are found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.city.plane import placed_m
from services.traffic.network import Network
from services.traffic.roadworks import Geometry, lines_of

REACH_M: Final = 25.0
"""Half of a wide boulevard, and the error of two maps."""
MAX_ANGLE_DEG: Final = 30.0
"""Between lines that follow one another; a street that only crosses has more."""

# What is shorter shows a place, such as one house: it has no course of its own.
_MIN_COURSE_M: Final = 20.0
# A line that ends at a crossing reaches a little into the next segment.
_MIN_OVERLAP_M: Final = 15.0
# The two directions of a road are drawn up to 10 m apart.
_OTHER_DIRECTION_M: Final = 10.0
_STEP_M: Final = 5.0
# A longer line is looked at in longer steps.
_MAX_STEPS: Final = 400
_PIECE_M: Final = 20.0
# A piece is found by its middle.
_SQUARE_M: Final = REACH_M + _PIECE_M / 2
_SQUARES_A_ROW: Final = 1_000_000
# Bounds the memory: about 20 pieces are near each point.
_POINTS_AT_A_TIME: Final = 20_000

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def segments_along(network: Network, shapes: Sequence[Geometry | None]) -> list[list[int]]:
    """The segments that each shape lies on.

    Parameters
    ----------
    network : Network
    shapes : sequence of Geometry or None
        None, and what is nowhere near a road, lies on none.

    Returns
    -------
    list of list of int
        For each shape, places in the network's order, ascending. A line or an area's edge lies on
        the segments beside it (:data:`REACH_M`) that run as it does (:data:`MAX_ANGLE_DEG`), an
        area also on those inside of it, a point on the nearest one and on its other direction.
    """
    pieces = _Pieces(network)
    drawn = _Drawn(network, shapes)
    pairs = [
        *_beside_lines(network, pieces, drawn),
        *_nearest_to_points(network, pieces, drawn),
        *_inside_areas(pieces, drawn),
    ]
    found = np.unique(np.concatenate([np.zeros((0, 2), np.int64), *pairs]), axis=0)
    ends = np.searchsorted(found[:, 0], np.arange(len(shapes) + 1))
    return [found[a:b, 1].tolist() for a, b in pairwise(ends.tolist())]


class _Pieces:
    """The network's lines cut into short straight pieces; arrays of shape (pieces,) or (…, 2)."""

    def __init__(self, network: Network) -> None:
        parts = [part for lines in network.geometry for part in lines]
        part_of_point = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        points = placed_m(network.city, [point[:2] for part in parts for point in part])
        segment_of_part = np.repeat(
            np.arange(len(network)), [len(lines) for lines in network.geometry]
        )
        steps = np.diff(points, axis=0)
        length_m = np.hypot(*steps.T)
        edges = np.flatnonzero((np.diff(part_of_point) == 0) & (length_m > 0))
        counts = np.ceil(length_m[edges] / _PIECE_M).astype(np.int64)
        edge = np.repeat(edges, counts)
        place = _numbered(counts)
        self.length_m = np.repeat(length_m[edges] / counts, counts)
        self.heading = steps[edge] / length_m[edge, None]
        self.start = points[edge] + self.heading * (self.length_m * place)[:, None]
        self.middle = self.start + self.heading * self.length_m[:, None] / 2
        self.segment = segment_of_part[part_of_point[edge]]
        squares = _squares(self.middle)
        self._order = np.argsort(squares, kind="stable")
        self._squares = squares[self._order]

    def near(self, points: Floats) -> tuple[Places, Places]:
        """Pairs of a point and a piece that may be within reach of it."""
        squares = _squares(points)
        points_found, pieces_found = [], []
        for step in (i * _SQUARES_A_ROW + j for i in (-1, 0, 1) for j in (-1, 0, 1)):
            first = np.searchsorted(self._squares, squares + step, side="left")
            counts = np.searchsorted(self._squares, squares + step, side="right") - first
            points_found.append(np.repeat(np.arange(len(points)), counts))
            pieces_found.append(self._order[np.repeat(first, counts) + _numbered(counts)])
        return np.concatenate(points_found), np.concatenate(pieces_found)


class _Steps(NamedTuple):
    """Points at regular steps along lines, each with the heading there and the step's length."""

    points: Floats
    heading: Floats
    step_m: Floats
    shape: Places


class _Drawn:
    """Shapes taken apart: lines with a course, places, and the edges of areas."""

    def __init__(self, network: Network, shapes: Sequence[Geometry | None]) -> None:
        self.lines: list[tuple[int, Floats]] = []
        self.areas: list[tuple[int, Floats]] = []
        self.length_m = np.zeros(len(shapes))
        places: list[tuple[int, Floats]] = []
        for shape, geometry in enumerate(shapes):
            for is_area, coordinates in lines_of(geometry):
                line = placed_m(network.city, coordinates)
                length_m = float(np.hypot(*np.diff(line, axis=0).T).sum()) if len(line) > 1 else 0.0
                if is_area:
                    self.areas.append((shape, line))
                if length_m < _MIN_COURSE_M:
                    places.append((shape, line.mean(axis=0)))
                else:
                    self.lines.append((shape, line))
                    self.length_m[shape] += length_m
        self.place_shape = np.array([shape for shape, _ in places], np.int64)
        self.places = np.array([place for _, place in places]).reshape(-1, 2)

    def steps(self) -> _Steps:
        """All lines with a course, step by step."""
        steps = [_steps_along(shape, line) for shape, line in self.lines]
        if not steps:
            return _Steps(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64))
        return _Steps(*(np.concatenate(column) for column in zip(*steps, strict=True)))


def _steps_along(shape: int, line: Floats) -> _Steps:
    edges = np.diff(line, axis=0)
    # A point may be there twice.
    leads_on = np.hypot(*edges.T) > 0
    starts, edges = line[:-1][leads_on], edges[leads_on]
    length_m = np.hypot(*edges.T)
    ends_m = np.cumsum(length_m)
    count = min(max(round(ends_m[-1] / _STEP_M), 1), _MAX_STEPS)
    step_m = ends_m[-1] / count
    at_m = (np.arange(count) + 0.5) * step_m
    edge = np.minimum(np.searchsorted(ends_m, at_m), len(edges) - 1)
    heading = edges[edge] / length_m[edge, None]
    along_m = at_m - (ends_m - length_m)[edge]
    return _Steps(
        points=starts[edge] + heading * along_m[:, None],
        heading=heading,
        step_m=np.full(count, step_m),
        shape=np.full(count, shape, np.int64),
    )


def _beside_lines(network: Network, pieces: _Pieces, drawn: _Drawn) -> Iterator[Places]:
    """Pairs of a shape and a segment that runs beside one of its lines for long enough."""
    steps = drawn.steps()
    beside = [
        _beside(network, pieces, steps, slice(first, first + _POINTS_AT_A_TIME))
        for first in range(0, len(steps.points), _POINTS_AT_A_TIME)
    ]
    step, segment = np.divmod(np.concatenate([*beside, np.zeros(0, np.int64)]), len(network))
    cells = steps.shape[step] * len(network) + segment
    cell, inverse = np.unique(cells, return_inverse=True)
    shape, segment = np.divmod(cell, len(network))
    long_enough_m = np.minimum(drawn.length_m[shape], network.length_m[segment]) / 2
    overlap_m = np.bincount(inverse, steps.step_m[step], len(cell))
    is_on = overlap_m >= np.minimum(long_enough_m, _MIN_OVERLAP_M)
    yield np.stack([shape[is_on], segment[is_on]], axis=1)


def _beside(network: Network, pieces: _Pieces, steps: _Steps, of: slice) -> Places:
    """Pairs of a step and a segment beside it, each as one number: step times segments, plus it."""
    point, piece = pieces.near(steps.points[of])
    away = steps.points[of][point] - pieces.start[piece]
    along_m = (away * pieces.heading[piece]).sum(axis=1)
    aside_m = np.abs(_cross(pieces.heading[piece], away))
    sine = np.abs(_cross(pieces.heading[piece], steps.heading[of][point]))
    is_beside = (
        (along_m >= 0)
        & (along_m <= pieces.length_m[piece])
        & (aside_m <= REACH_M)
        & (sine <= math.sin(math.radians(MAX_ANGLE_DEG)))
    )
    # Two pieces of one segment may be beside one step.
    pairs = (of.start + point[is_beside]) * len(network) + pieces.segment[piece[is_beside]]
    return np.unique(pairs)


def _nearest_to_points(network: Network, pieces: _Pieces, drawn: _Drawn) -> Iterator[Places]:
    """Pairs of a shape and the segment nearest to a place of it, and that one's other direction."""
    point, piece = pieces.near(drawn.places)
    away = drawn.places[point] - pieces.start[piece]
    along_m = np.clip((away * pieces.heading[piece]).sum(axis=1), 0, pieces.length_m[piece])
    distance_m = np.hypot(*(away - pieces.heading[piece] * along_m[:, None]).T)
    order = np.lexsort((pieces.segment[piece], distance_m, point))
    order = order[distance_m[order] <= REACH_M]
    point, segment, distance_m = point[order], pieces.segment[piece[order]], distance_m[order]
    points, first = np.unique(point, return_index=True)
    nearest = first[np.searchsorted(points, point)]
    is_its_road = network.names[segment] == network.names[segment[nearest]]
    is_as_near = distance_m <= distance_m[nearest] + _OTHER_DIRECTION_M
    is_on = (segment == segment[nearest]) | (is_its_road & is_as_near)
    yield np.stack([drawn.place_shape[point[is_on]], segment[is_on]], axis=1)


def _inside_areas(pieces: _Pieces, drawn: _Drawn) -> Iterator[Places]:
    """Pairs of a shape and a segment that passes through an area of it."""
    for shape, ring in drawn.areas:
        low, high = ring.min(axis=0), ring.max(axis=0)
        near = np.flatnonzero(((pieces.middle >= low) & (pieces.middle <= high)).all(axis=1))
        inside = pieces.segment[near[_is_inside(pieces.middle[near], ring)]]
        yield np.stack([np.full(len(inside), shape), inside], axis=1)


def _is_inside(points: Floats, ring: Floats) -> NDArray[np.bool_]:
    """Whether points lie inside a closed line: even-odd rule."""
    start, end = ring, np.roll(ring, -1, axis=0)
    rises = np.where(end[:, 1] == start[:, 1], 1.0, end[:, 1] - start[:, 1])
    above = points[:, None, 1] < np.stack([start[:, 1], end[:, 1]])[:, None, :]
    crosses_east_m = start[:, 0] + (points[:, None, 1] - start[:, 1]) * (
        (end[:, 0] - start[:, 0]) / rises
    )
    crossed = (above[0] != above[1]) & (points[:, None, 0] < crosses_east_m)
    odd: NDArray[np.bool_] = crossed.sum(axis=1) % 2 == 1
    return odd


def _numbered(counts: Places) -> Places:
    """For each count as many numbers from 0 on, one after another."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _squares(points: Floats) -> Places:
    """The number of the square that each point lies in."""
    rows: Places = np.floor(points / _SQUARE_M).astype(np.int64)
    return rows[:, 0] * _SQUARES_A_ROW + rows[:, 1]


def _cross(one: Floats, other: Floats) -> Floats:
    """Sine of the angle between directions, times both lengths."""
    found: Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return found
