"""The zones of Rennes that people name, and which one a segment belongs to."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import InvalidRequest

# The page and the API list the zones in this order.
ZONES: Final = ("centre-ville", "rocade", "penetrantes", "ceinture", "quartiers")
WHOLE_NETWORK: Final = "metropole"
ZONE_CHOICES: Final = (*ZONES, WHOLE_NETWORK)
DEFAULT_ZONE: Final = "centre-ville"

# Place de la Mairie. The feed has no segment in the hyper-centre itself; within
# 2 km lie the inner ring of boulevards and the quays (about 400 segments).
CENTRE_LAT_DEG: Final = 48.1117
CENTRE_LON_DEG: Final = -1.6777
CENTRE_RADIUS_M: Final = 2_000.0

_RING_ROAD_NAMES: Final = ("Route nationale 136", "Rocade", "Porte d")
_OUTER_BELT_CLASS: Final = "Réseau d'armature"
_RADIAL_CLASSES: Final = ("Réseau national", "Réseau d'appui")
_METRES_PER_DEGREE: Final = 111_195.0


def zones_of_segments(
    names: NDArray[np.str_],
    road_classes: NDArray[np.str_],
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Zone of each segment, as an index into :data:`ZONES`.

    The first rule that fits wins: the ring road by its name (its *portes*
    included), the centre by distance, the outer belt and the radials by the
    feed's road class, and the districts for what is left.

    Parameters
    ----------
    names, road_classes : arrays of str, shape (segments,)
        The feed's ``denomination`` and ``hierarchie``.
    lat_deg, lon_deg : arrays of float, shape (segments,)
        A point of each segment, WGS 84 degrees.
    """
    is_ring_road = np.zeros(len(names), dtype=bool)
    for prefix in _RING_ROAD_NAMES:
        is_ring_road |= np.strings.startswith(names, prefix)
    rules = [
        is_ring_road,
        _distance_to_centre_m(lat_deg, lon_deg) <= CENTRE_RADIUS_M,
        road_classes == _OUTER_BELT_CLASS,
        np.isin(road_classes, _RADIAL_CLASSES),
    ]
    order = [ZONES.index(z) for z in ("rocade", "centre-ville", "ceinture", "penetrantes")]
    return np.select(rules, order, default=ZONES.index("quartiers")).astype(np.uint8)


def checked_zone(value: str | None) -> str:
    """Check the zone a caller named, or the default one.

    Raises
    ------
    InvalidRequest
        When no zone has that name.
    """
    if value is None:
        return DEFAULT_ZONE
    if value not in ZONE_CHOICES:
        raise InvalidRequest("zone", value, "one of " + ", ".join(ZONE_CHOICES))
    return value


def _distance_to_centre_m(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    # Equirectangular: exact to a metre over a city.
    north_m = (lat_deg - CENTRE_LAT_DEG) * _METRES_PER_DEGREE
    east_m = (lon_deg - CENTRE_LON_DEG) * _METRES_PER_DEGREE * np.cos(np.radians(CENTRE_LAT_DEG))
    distance_m: NDArray[np.float64] = np.hypot(north_m, east_m)
    return distance_m
