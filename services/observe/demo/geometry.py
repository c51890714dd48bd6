"""Plane geometry for the demo feed's roads: smooth, cut, shift and measure polylines.

Everything is in km east and north of the Place de la Mairie, as arrays of shape (points, 2).
Only the four operations and square roots are used, so coordinates are the same on every platform.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.city.rennes import RENNES

Line = NDArray[np.float64]

# On a sphere of 6,371 km at the centre's latitude (whose cosine is 0.66768).
KM_PER_DEGREE_LAT = 111.195
KM_PER_DEGREE_LON = 74.243

_MIN_GAP_KM = 0.004
_HALF_SQRT_3 = 0.8660254037844386
_TWELFTHS = np.array(
    [
        (1.0, 0.0),
        (_HALF_SQRT_3, 0.5),
        (0.5, _HALF_SQRT_3),
        (0.0, 1.0),
        (-0.5, _HALF_SQRT_3),
        (-_HALF_SQRT_3, 0.5),
        (-1.0, 0.0),
        (-_HALF_SQRT_3, -0.5),
        (-0.5, -_HALF_SQRT_3),
        (0.0, -1.0),
        (0.5, -_HALF_SQRT_3),
        (_HALF_SQRT_3, -0.5),
        (1.0, 0.0),
    ]
)


class Pieces(NamedTuple):
    """A road cut into segments: its dense line, and where in it each piece starts and ends."""

    line: Line
    cut_at: NDArray[np.int64]


def norms(vectors: Line) -> NDArray[np.float64]:
    """Return the length of each vector."""
    result: NDArray[np.float64] = np.sqrt(vectors[:, 0] ** 2 + vectors[:, 1] ** 2)
    return result


def distance_along(line: Line) -> NDArray[np.float64]:
    """Return the distance from the first point to each point along the line, in km."""
    return np.concatenate([[0.0], np.cumsum(norms(np.diff(line, axis=0)))])


def length_km(line: Line) -> float:
    """Return the length of a line, in km."""
    return float(distance_along(line)[-1])


def lean(points: Line, shifts: NDArray[np.float64]) -> Line:
    """Add a point in the middle of every span, moved sideways by a share of the span.

    The drawn points stay where they are, so that roads still meet.

    Parameters
    ----------
    shifts : array, shape (points - 1,)
        Signed share of each span's length; at most 40 m is applied.
    """
    spans = np.diff(points, axis=0)
    most = 0.04 / np.maximum(norms(spans), 1e-9)
    share = np.clip(shifts, -most, most)[:, None]
    sideways = np.stack([spans[:, 1], -spans[:, 0]], axis=1)
    middles = points[:-1] + spans / 2 + sideways * share
    result = np.empty((2 * len(points) - 1, 2))
    result[0::2], result[1::2] = points, middles
    return result


def smooth(points: Line, step_km: float, closed: bool = False) -> Line:
    """Draw a curve through the points (Catmull and Rom's spline, 1974).

    Parameters
    ----------
    step_km : float
        About the distance between the points of the result.
    closed : bool
        Whether the first and last points, which are then equal, join smoothly.
    """
    first, last = (points[-2], points[1]) if closed else (points[0], points[-1])
    padded = np.concatenate([[first], points, [last]])
    curves = [_span(padded[i : i + 4], step_km) for i in range(len(points) - 1)]
    return np.concatenate([*curves, points[-1:]])


def _span(four: Line, step_km: float) -> Line:
    steps = max(1, round(length_km(four[1:3]) / step_km))
    t = (np.arange(steps) / steps)[:, None]
    before, start, end, after = four
    curve: Line = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t * t
        + (3 * (start - end) + after - before) * t * t * t
    )
    return curve


def at_distances(line: Line, where_km: NDArray[np.float64]) -> Line:
    """Return the points at the given distances along the line."""
    along = distance_along(line)
    index = np.clip(np.searchsorted(along, where_km, side="right") - 1, 0, len(line) - 2)
    share = (where_km - along[index]) / np.maximum(along[index + 1] - along[index], 1e-12)
    return line[index] + (line[index + 1] - line[index]) * share[:, None]


def cut(line: Line, cuts_km: NDArray[np.float64]) -> Pieces:
    """Put a point at every cut; `cuts_km` runs from 0 to the length of the line."""
    along = distance_along(line)
    # A vertex a few metres from a cut would make an ugly kink once the line is shifted.
    gap = np.abs(along[:, None] - cuts_km[None, :]).min(axis=1)
    kept = np.flatnonzero(gap > _MIN_GAP_KM)
    where = np.concatenate([along[kept], cuts_km])
    order = np.argsort(where, kind="stable")
    points = np.concatenate([line[kept], at_distances(line, cuts_km)])[order]
    return Pieces(points, np.flatnonzero(order >= len(kept)))


def shift_right(line: Line, by_km: float) -> Line:
    """Move a line to the right of its own direction, as traffic keeps to the right."""
    tangents = np.gradient(line, axis=0)
    right = np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)
    return line + right / np.maximum(norms(tangents), 1e-12)[:, None] * by_km


def circle(east_km: float, north_km: float, radius_km: float) -> Line:
    """Draw a circle anticlockwise, the way French roundabouts turn; the ends are equal."""
    points: Line = np.array([east_km, north_km]) + _TWELFTHS * radius_km
    return points


def to_lon_lat(line: Line) -> Line:
    """Turn km into degrees, rounded to 6 decimals (0.1 m)."""
    centre = np.array([RENNES.centre_lon_deg, RENNES.centre_lat_deg])
    per_degree = np.array([KM_PER_DEGREE_LON, KM_PER_DEGREE_LAT])
    degrees: Line = np.round(centre + line / per_degree, 6)
    return degrees
