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
