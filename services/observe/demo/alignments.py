"""From the sketch to alignments: every line of the demo network that is to be cut in segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.observe.demo import geometry, noise
from services.observe.demo.geometry import Line
from services.observe.demo.road_plan import Carriageway, Interchange, Road, RoadClass, road_plan

# The town's shape does not follow the feed's seed: every demo shows the same streets.
GEOMETRY_SEED = 35_238

PIECES_PER_LOCAL_STREET = 8

_STEP_KM = 0.035
# Segments per km and direction, as in the feed of 2024.
_PIECES_PER_KM = {
    RoadClass.NATIONAL: 2.8,
    RoadClass.ARMATURE: 4.3,
    RoadClass.APPUI: 7.9,
    RoadClass.DISTRIBUTION: 11.7,
}
_PIECES_PER_RAMP = 1.7
_PIECES_PER_ROUNDABOUT = 5.0
_ROUNDABOUT_RADIUS_KM = 0.03
_DIVIDED_SHIFT_KM, _TWO_WAY_SHIFT_KM = 0.01, 0.006
# A road that was drawn with a ruler would look it: typical sideways lean of a span.
_LEAN = {
    RoadClass.NATIONAL: 0.012,
    RoadClass.ARMATURE: 0.03,
    RoadClass.APPUI: 0.045,
    RoadClass.DISTRIBUTION: 0.05,
}
# Distance along the carriageway from the crossing road, and to its right, in km, of a ramp that
# leaves it: close by, or around the loop of a full interchange.
_EXIT_RAMP = ((-0.36, 0.01), (-0.24, 0.02), (-0.1, 0.055), (-0.02, 0.085))
_WIDE_EXIT_RAMP = ((-0.42, 0.01), (-0.28, 0.04), (-0.14, 0.12), (-0.01, 0.2))
_LOOP_RADIUS_KM = 0.06
# Half of a neighbourhood's streets cross the others.
_CROSSING_SHARE = 0.5
# Unit vectors with exact coordinates, the directions that local streets may take.
_DIRECTIONS = ((1.0, 0.0), (0.8, 0.6), (0.6, 0.8), (0.96, -0.28), (0.28, -0.96), (0.0, 1.0))


@dataclass(frozen=True)
class Alignment:
    """One line to be cut in segments.

    Parameters
    ----------
    line : array, shape (points, 2)
        Smooth line, in km, in the digitising direction.
    shift_km : float
        How far right of the line each direction is drawn.
    weight : float
        Segments per direction at the nominal size of the network.
    """

    name: str
    road_class: RoadClass
    limits_kmh: tuple[int, ...]
    line: Line
    one_way: bool
    shift_km: float
    weight: float


def base_alignments() -> list[Alignment]:
    """Return the drawn roads, the ramps of the ring road and the roundabouts."""
    plan = road_plan()
    # The ring road is the first, and closed.
    lines = [_centre_line(road, n, is_closed=n == 0) for n, road in enumerate(plan.roads)]
    result: list[Alignment] = []
    for road, line in zip(plan.roads, lines, strict=True):
        result += _carriageways(road, line)
    for interchange in plan.interchanges:
        result += _ramps(interchange, lines[0])
    return [*result, *_roundabouts()]


def local_alignments(count: int) -> list[Alignment]:
    """Return `count` local streets spread evenly over the area, to stretch the network."""
    return [_local_street(number, east, north) for number, east, north in _local_places(count)]


def _centre_line(road: Road, number: int, *, is_closed: bool) -> Line:
    points = np.array(road.points)
    if is_closed:
        points = np.concatenate([points, points[:1]])
    shifts = noise.normals(GEOMETRY_SEED, noise.Purpose.GEOMETRY, number, len(points) - 1)
    leaning = geometry.lean(points, shifts.astype(np.float64) * _LEAN[road.road_class])
    return geometry.smooth(leaning, _STEP_KM, is_closed)


def _carriageways(road: Road, line: Line) -> list[Alignment]:
    weight = geometry.length_km(line) * _PIECES_PER_KM[road.road_class]

    def alignment(along: Line, limits_kmh: tuple[int, ...], shift_km: float) -> Alignment:
        one_way = road.carriageway is not Carriageway.TWO_WAY
        return Alignment(road.name, road.road_class, limits_kmh, along, one_way, shift_km, weight)

    if road.carriageway is Carriageway.DIVIDED:
        return [
            alignment(line, road.limits_kmh, _DIVIDED_SHIFT_KM),
            alignment(line[::-1], road.limits_kmh[::-1], _DIVIDED_SHIFT_KM),
        ]
    one_way = road.carriageway is Carriageway.ONE_WAY
    return [alignment(line, road.limits_kmh, 0.0 if one_way else _TWO_WAY_SHIFT_KM)]


def _ramps(interchange: Interchange, ring: Line) -> Iterator[Alignment]:
    for carriageway in (ring, ring[::-1]):
        for ramp in _ramp_lines(interchange, carriageway):
            yield Alignment(
                interchange.name,
                interchange.road_class,
                (interchange.ramp_limit_kmh,),
                ramp,
                one_way=True,
                shift_km=0.0,
                weight=_PIECES_PER_RAMP,
            )


def _ramp_lines(interchange: Interchange, carriageway: Line) -> Iterator[Line]:
    exit_ramp = np.array(_WIDE_EXIT_RAMP if interchange.has_loops else _EXIT_RAMP)
    entry_ramp = exit_ramp[::-1] * np.array([-1.0, 1.0])
    for ramp in (exit_ramp, entry_ramp):
        yield geometry.smooth(_beside(carriageway, interchange, ramp), _STEP_KM)
    if interchange.has_loops:
        # Three quarters of a turn to the right, from past the bridge back on to it.
        circle = geometry.circle(_LOOP_RADIUS_KM, 0.01 + _LOOP_RADIUS_KM, _LOOP_RADIUS_KM)
        loop = np.concatenate([circle[9:-1], circle[:7]])
        yield geometry.smooth(_beside(carriageway, interchange, loop), _STEP_KM / 2)


def _beside(carriageway: Line, interchange: Interchange, offsets: Line) -> Line:
    """Place points given along and to the right of a closed carriageway, seen from a *porte*."""
    along = geometry.distance_along(carriageway)
    porte = np.array([interchange.east_km, interchange.north_km])
    here = along[np.argmin(geometry.norms(carriageway - porte))]
    where = (here + offsets[:, 0]) % along[-1]
    reach = 0.02
    ahead = geometry.at_distances(carriageway, (where + reach) % along[-1])
    behind = geometry.at_distances(carriageway, (where - reach) % along[-1])
    tangent = (ahead - behind) / geometry.norms(ahead - behind)[:, None]
    right = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    return geometry.at_distances(carriageway, where) + right * offsets[:, 1:]


def _roundabouts() -> Iterator[Alignment]:
    for roundabout in road_plan().roundabouts:
        yield Alignment(
            roundabout.name,
            roundabout.road_class,
            (roundabout.limit_kmh,),
            geometry.circle(roundabout.east_km, roundabout.north_km, _ROUNDABOUT_RADIUS_KM),
            one_way=True,
            shift_km=0.0,
            weight=_PIECES_PER_ROUNDABOUT,
        )


def _local_places(count: int) -> Iterator[tuple[int, float, float]]:
    """Spread places over an ellipse around the town (the R2 sequence of M. Roberts, 2018)."""
    middle_east, middle_north = -0.45, -1.17
    half_width, half_height = 7.6, 6.4
    found = candidate = 0
    while found < count:
        candidate += 1
        x = 2 * (candidate * 0.7548776662466927 % 1.0) - 1
        y = 2 * (candidate * 0.5698402909980532 % 1.0) - 1
        if x * x + y * y < 1:
            found += 1
            yield found, middle_east + x * half_width, middle_north + y * half_height


def _local_street(number: int, east_km: float, north_km: float) -> Alignment:
    length_share, turn, bend, *_ = noise.uniforms(
        GEOMETRY_SEED, noise.Purpose.LOCAL_STREETS, number, 4
    ).tolist()
    # Streets of one neighbourhood share a direction, or cross it at a right angle.
    direction = _DIRECTIONS[(int(east_km // 1.3) * 7 + int(north_km // 1.3) * 3) % len(_DIRECTIONS)]
    across = (-direction[1], direction[0]) if turn < _CROSSING_SHARE else direction
    half = np.array(across) * (0.15 + 0.25 * length_share)
    middle = np.array([east_km, north_km])
    ends = np.stack([middle - half, middle + half])
    return Alignment(
        f"Voie communale {number}",
        RoadClass.DISTRIBUTION,
        (30,) if number % 4 == 0 else (50,),
        geometry.smooth(geometry.lean(ends, np.array([(bend - 0.5) * 0.2])), _STEP_KM),
        one_way=False,
        shift_km=_TWO_WAY_SHIFT_KM,
        weight=PIECES_PER_LOCAL_STREET,
    )
