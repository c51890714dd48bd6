"""The view of a route's travel time by departure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash.development.base_component import Component

from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.trip import build_trip
from services.base.errors import InvalidRequest
from services.base.texts import Texts
from services.plain.trends.trip import TripAnswer, TripQuery

_WINDOW: Final = (7.0, 9.5)
_DEFAULTS: Final = {"h1": "07:00", "h2": "09:30"}


def _query(asked: Asked) -> TripQuery:
    # What is chosen besides is of the departures that one answer has.
    _window(asked)
    asked.maybe_hour("depart")
    return TripQuery(place=asked.route, day=asked.day("jour", asked.today))


def _window(asked: Asked) -> tuple[float, float]:
    window = asked.hour("h1", _WINDOW[0]), asked.hour("h2", _WINDOW[1])
    if window[1] < window[0]:
        raise InvalidRequest("h2", asked.parts.get("h2", ""), "a time after the first one")
    return window


def _build(texts: Texts, answer: TripAnswer, asked: Asked) -> Sequence[Component]:
    return build_trip(texts, answer, asked.maybe_hour("depart"), _window(asked))


VIEW: Final = PageView(
    name="trajet",
    controls=("lieu", "jour", "depart", "h1", "h2"),
    query=_query,
    build=_build,
    defaults=lambda _today: _DEFAULTS,
)
