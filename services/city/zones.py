"""Which of a city's zones a segment belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.city.plane import placed_m


def zones_of_segments(
    city: City,
    names: NDArray[np.str_],
    road_classes: NDArray[np.str_],
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Zone of each segment, as an index into ``City.zones``: the first rule that fits wins.

    Parameters
    ----------
    city : City
    names, road_classes : arrays of str, shape (segments,)
        As the feed has them.
    lat_deg, lon_deg : arrays of float, shape (segments,)
        A point of each segment, WGS 84 degrees.
    """
    distance_m = np.hypot(*placed_m(city, np.stack([lon_deg, lat_deg], axis=-1)).T)
    fits = []
    for rule in city.zone_rules:
        fit = np.isin(road_classes, np.array(rule.road_classes, dtype=np.str_)) | (
            distance_m <= rule.radius_m
        )
        for prefix in rule.name_prefixes:
            fit |= np.strings.startswith(names, prefix)
        fits.append(fit)
    order = [city.zones.index(rule.zone) for rule in city.zone_rules]
    return np.select(fits, order, default=city.zones.index(city.other_zone)).astype(np.uint8)
