"""The line that says how much the archive holds, and what a view still waits for."""

from __future__ import annotations

from typing import Final

from dash import dcc, html
from dash.development.base_component import Component

from services.base.texts import Texts, formats
from services.plain.trends.coverage import NEEDED_DAYS, Coverage

LINE_ID: Final = "trends-coverage"
TIMER_ID: Final = "trends-coverage-timer"
ASKING_ID: Final = "trends-coverage-asking"
LOOK_MS: Final = 2_000


def build_line() -> html.P:
    """Where it is told; empty until it is known."""
    return html.P(id=LINE_ID, className="trends-coverage muted")


def build_timer() -> list[Component]:
    """By which the page asks until it is known, and the store that says how that stands."""
    return [dcc.Interval(id=TIMER_ID, interval=LOOK_MS), dcc.Store(id=ASKING_ID)]


def coverage_words(texts: Texts, held: Coverage, view: str) -> str:
    """Since when there is how much, and when a view will have all that it needs."""
    wording, written = texts["trends_coverage"], formats(texts)
    needed = NEEDED_DAYS.get(view)
    enough_on = None if needed is None else held.enough_on(needed)
    if held.first_day is None:
        told = str(wording["nothing"])
    else:
        told = str(wording["held"]).format(
            first=written.day(held.first_day),
            days=written.counted(wording["days"], held.days),
            # What lacks an hour in a year is not told as whole.
            share=written.percent(int(held.share * 100) / 100),
        )
    if needed is None or enough_on is None:
        return told
    waits = str(wording["needs"]).format(
        what=texts["trends_coverage_needs"][view],
        days=written.number(needed),
        day=written.day(enough_on),
    )
    return f"{told} {waits}"
