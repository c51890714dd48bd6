"""The view of two periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from dash.development.base_component import Component
from msgspec.structs import replace

from callbacks.pages.trends.names import own_words, period_words
from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.before_after import build_before_after
from components.trends.controls import Control
from services.base.texts import Texts
from services.plain.trends.before_after import BeforeAfterAnswer, BeforeAfterQuery
from services.plain.trends.common import Period

# The least that can be told, and what most asks for.
_WEEKS: Final = timedelta(weeks=4)
_DAY: Final = timedelta(days=1)
_FROM, _TO = "07:00", "09:00"


def _query(asked: Asked) -> BeforeAfterQuery:
    before, after = _periods(asked)
    return BeforeAfterQuery(
        place=asked.place,
        before=before,
        after=after,
        from_hour=asked.hour("h1", 7.0),
        # Midnight is the end of a day.
        to_hour=asked.hour("h2", 9.0) or 24.0,
        detour=asked.parts.get("lieu2"),
    )


def _periods(asked: Asked) -> tuple[Period, Period]:
    """Those of the address; where it is silent the last four weeks, and those before."""
    after = asked.maybe_period("du2", "au2")
    if after is None:
        after = Period(asked.today - _WEEKS, asked.today - _DAY, asked.kept)
    before = asked.maybe_period("du", "au")
    if before is None:
        before = Period(after.first - _WEEKS, after.first - _DAY, asked.kept)
    return before, after


def _defaults(today: date) -> Mapping[Control, str]:
    """What the controls show where the address is silent."""
    changed = today - _WEEKS
    return {
        "du": (changed - _WEEKS).isoformat(),
        "au": (changed - _DAY).isoformat(),
        "du2": changed.isoformat(),
        "au2": (today - _DAY).isoformat(),
        "h1": _FROM,
        "h2": _TO,
    }


def _when(texts: Texts, asked: Asked) -> str:
    before, after = _periods(asked)
    wording = texts["trends_avant_apres"]["when"]
    return str(wording).format(
        before=period_words(texts, replace(before, days="tous")), after=period_words(texts, after)
    )


def _build(texts: Texts, answer: BeforeAfterAnswer, asked: Asked) -> Sequence[Component]:
    names = {one.place: own_words(asked.network, one.place, texts) for one in answer.places}
    return build_before_after(texts, answer, _query(asked), names)


VIEW: Final = PageView(
    "avant-apres",
    ("lieu", "lieu2", "du", "au", "du2", "au2", "jours", "h1", "h2"),
    _query,
    _build,
    _defaults,
    when=_when,
)
