"""The view of two periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from dash.development.base_component import Component

from callbacks.pages.trends.names import place_words
from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.before_after import build_before_after
from services.base.errors import InvalidRequest
from services.base.texts import Texts
from services.plain.trends.before_after import BeforeAfterAnswer, BeforeAfterQuery
from services.plain.trends.common import Period

# The least that can be told, and what most asks for.
_WEEKS: Final = timedelta(weeks=4)
_DAY: Final = timedelta(days=1)
_FROM, _TO = "07:00", "09:00"


def _query(asked: Asked) -> BeforeAfterQuery:
    after = asked.maybe_period("du2", "au2")
    if after is None:
        last = asked.today - _DAY
        after = Period(last - _WEEKS + _DAY, last, asked.kept)
    before = asked.maybe_period("du", "au")
    if before is None:
        before = Period(after.first - _WEEKS, after.first - _DAY, asked.kept)
    return BeforeAfterQuery(
        place=asked.place,
        before=before,
        after=after,
        from_hour=_hour(asked, "h1", _FROM),
        to_hour=_hour(asked, "h2", _TO),
        detour=asked.parts.get("lieu2"),
    )


def _hour(asked: Asked, name: str, otherwise: str) -> float:
    """A time of the address, in hours; midnight as the end of a day is 24.

    Raises
    ------
    InvalidRequest
    """
    text = asked.parts.get(name, otherwise)
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise InvalidRequest(name, text, "a time such as 07:30")
    found = int(hour) + int(minute) / 60
    return 24.0 if name == "h2" and not found else found


def _build(texts: Texts, answer: BeforeAfterAnswer, asked: Asked) -> Sequence[Component]:
    names = {one.place: place_words(asked.network, one.place, texts) for one in answer.places}
    return build_before_after(texts, answer, _query(asked), names)


VIEW: Final = PageView(
    "avant-apres",
    ("lieu", "lieu2", "du", "au", "du2", "au2", "jours", "h1", "h2"),
    _query,
    _build,
)
