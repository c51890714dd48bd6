"""What views of the archive have in words: times of the clock, minutes, places along a route."""

from __future__ import annotations

from collections.abc import Sequence

from services.base.texts import Texts, formats
from services.plain.trends.along import PassedPlace

_METRES_PER_KM = 1_000
_SECONDS_PER_MINUTE = 60
_MINUTES_PER_HOUR = 60
# What takes less is told in seconds.
_SHORT_S = 120.0


def clock_words(texts: Texts, local_hour: float) -> str:
    """A time of the city's clock, given in hours."""
    hour, minute = divmod(round(local_hour * _MINUTES_PER_HOUR), _MINUTES_PER_HOUR)
    words: str = texts["trends_space"]["clock"].format(hour=hour, minute=f"{minute:02d}")
    return words


def minutes_words(texts: Texts, seconds: float) -> str:
    """How long something takes, in whole minutes; what is short in seconds."""
    if abs(seconds) < _SHORT_S:
        return formats(texts).duration(seconds)
    number = formats(texts).number(round(seconds / _SECONDS_PER_MINUTE))
    words: str = texts["trends_space"]["minutes"].format(number=number)
    return words


def kilometres_words(texts: Texts, metres: float) -> str:
    """A length in kilometres."""
    number = formats(texts).number(metres / _METRES_PER_KM, 1)
    words: str = texts["trends_space"]["kilometres"].format(number=number)
    return words


def place_along(texts: Texts, places: Sequence[PassedPlace], at_m: float) -> str:
    """Where on a route something is: between which of the places that one passes."""
    wording, names = texts["trends_space"], texts["local_name"]
    before = [place for place in places if place.at_m <= at_m]
    after = [place for place in places if place.at_m > at_m]
    if before and after:
        first, last = (names.get(one.name, one.name) for one in (before[-1], after[0]))
        if first != last:
            return str(wording["between"]).format(before=first, after=last)
    if before or after:
        nearest = before[-1] if before else after[0]
        return str(wording["at_place"]).format(place=names.get(nearest.name, nearest.name))
    return str(wording["at_km"]).format(km=formats(texts).number(at_m / _METRES_PER_KM, 1))
