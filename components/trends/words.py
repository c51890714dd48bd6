"""What views of the archive have in words: times of the clock, minutes, places along a route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.base.texts import Texts, formats
from services.plain.trends.along import PassedPlace

_METRES_PER_KM: Final = 1_000
_SECONDS_PER_MINUTE: Final = 60
_MINUTES_PER_HOUR: Final = 60
# Of less, half a minute matters: of one drive, and of a mean, of which sums and differences of what
# is told should agree.
_SHORT_S: Final = 120.0
_SHORT_MEAN_S: Final = 1_200.0


def clock_words(texts: Texts, local_hour: float) -> str:
    """A time of the city's clock, given in hours: "18 h", "8 h 15"."""
    hour, minute = divmod(round(local_hour * _MINUTES_PER_HOUR), _MINUTES_PER_HOUR)
    if not minute:
        return str(texts["trends"]["hour"]).format(hour=hour)
    return str(texts["trends"]["clock"]).format(hour=hour, minute=f"{minute:02d}")


def time_words(texts: Texts, clock: str) -> str:
    """The same of a time such as 08:15."""
    hour, minute = clock.split(":")
    return clock_words(texts, int(hour) + int(minute) / _MINUTES_PER_HOUR)


def minutes_words(texts: Texts, seconds: float) -> str:
    """How long something takes, in whole minutes; what is short, in whole seconds."""
    return _duration(texts, seconds, _SHORT_S)


def mean_words(texts: Texts, seconds: float) -> str:
    """How long something takes on average; what is below twenty minutes, in whole seconds."""
    return _duration(texts, seconds, _SHORT_MEAN_S)


def _duration(texts: Texts, seconds: float, short_s: float) -> str:
    written = formats(texts)
    step_s = 1 if seconds < short_s else _SECONDS_PER_MINUTE
    rounded_s = round(seconds / step_s) * step_s
    return written.duration(rounded_s) if rounded_s else written.quantity(0, "s")


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
