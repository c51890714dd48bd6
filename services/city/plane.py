"""A city as a plane: metres from its centre."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from services.city.city import City

_METRES_PER_DEGREE: Final = 111_195.0


def placed_m(city: City, points_deg: ArrayLike) -> NDArray[np.float64]:
    """Metres eastwards and northwards of the city's centre, shape (..., 2).

    Equirectangular: exact to a metre over a city.

    Parameters
    ----------
    city : City
    points_deg : array, shape (..., 2)
        Longitude and latitude, WGS 84 degrees.
    """
    scale = _METRES_PER_DEGREE * np.array([math.cos(math.radians(city.centre_lat_deg)), 1.0])
    centre = np.array([city.centre_lon_deg, city.centre_lat_deg])
    placed: NDArray[np.float64] = (np.asarray(points_deg) - centre) * scale
    return placed


def is_anticlockwise(points_m: NDArray[np.float64]) -> bool:
    """Whether a line leads around the city's centre, or an area, with it on the left.

    Parameters
    ----------
    points_m : array, shape (points, 2)
        As of :func:`placed_m`.
    """
    east_m, north_m = points_m.T
    # The shoelace formula: what is swept as seen from the centre.
    swept = east_m[:-1] * north_m[1:] - east_m[1:] * north_m[:-1]
    return float(swept.sum()) > 0
