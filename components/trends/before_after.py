"""Two periods at a place, and the detour beside it, in the same terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_paragraphs, build_table
from components.trends.figure import LINES, MUTED, build_figure, layout_of, line
from components.trends.words import clock_words, mean_words, time_words
from services.base.texts import Texts, formats
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    BeforeAfterQuery,
    MeasuredChange,
    PeriodValues,
    PlaceChange,
)

_SECONDS_PER_MINUTE: Final = 60.0
_HUNDRED: Final = 100
# Hundredths that fractions have no exact digits for.
_LAST_DIGITS: Final = 1e-9
_QUARTERS_PER_HOUR: Final = 4
_MINUTES_PER_QUARTER: Final = 15
# Before and after, in each figure: told apart without their colours as well.
_COLOURS: Final = LINES[:2]
_DASHES: Final = ("dot", "solid")
_SYMBOLS: Final = ("circle-open", "diamond")
_CLOCK: Final = [
    f"{quarter // _QUARTERS_PER_HOUR:02d}:{quarter % _QUARTERS_PER_HOUR * _MINUTES_PER_QUARTER:02d}"
    for quarter in range(24 * _QUARTERS_PER_HOUR)
]


def build_before_after(
    texts: Texts, answer: BeforeAfterAnswer, query: BeforeAfterQuery, names: Mapping[str, str]
) -> Sequence[Component]:
    """A card for each place, and one that has them side by side.

    Parameters
    ----------
    names : mapping
        What each place is called.
    """
    wording = texts["trends_avant_apres"]
    cards = [
        _card(texts, place, query, names[place.place], number)
        for number, place in enumerate(answer.places)
    ]
    table = _table(texts, answer, names)
    explained = html.Details(
        [html.Summary(wording["explain_title"]), *build_paragraphs(wording["explain"])]
    )
    return [*cards, build_card(wording["table"], table, explained)]


def _card(
    texts: Texts, place: PlaceChange, query: BeforeAfterQuery, name: str, number: int
) -> html.Section:
    wording = texts["trends_avant_apres"]
    heading = wording["detour_heading"].format(place=name) if number else name
    return build_card(
        heading,
        html.P(_sentence(texts, place), className="trends-described"),
        *(html.P(note) for note in _closed(texts, place)),
        html.P(_periods(texts, query), className="trends-note"),
        html.Div(
            [
                html.Div(
                    [
                        html.H3(wording[kind], className="trends-part"),
                        build_figure(
                            f"trends-{kind}-{number}",
                            figure(texts, place),
                            wording[label].format(place=name),
                        ),
                    ]
                )
                for kind, label, figure in (
                    ("daily", "daily_label", daily_figure),
                    ("curve", "curve_label", curve_figure),
                )
            ],
            className="trends-pair",
        ),
    )


def daily_figure(texts: Texts, place: PlaceChange) -> dict[str, Any]:
    """A point a day, and the mean of each period."""
    wording, written = texts["trends_avant_apres"], formats(texts)
    traces: list[dict[str, Any]] = []
    for which, period in enumerate(_periods_of(place)):
        days = [day.isoformat() for day in period.days]
        name = wording[("before", "after")[which]]
        traces.append(
            {
                "x": days,
                "y": _shown(place, period.values),
                "name": name,
                "type": "scatter",
                "mode": "markers",
                "text": [written.day(day) for day in period.days],
                "hovertemplate": "%{text} : %{y}",
                "marker": {"color": _COLOURS[which], "symbol": _SYMBOLS[which], "size": 8},
            }
        )
        if place.change is not None and days:
            mean = (place.change.before, place.change.after)[which]
            traces.append(
                {
                    "x": [days[0], days[-1]],
                    "y": _shown(place, [mean, mean]),
                    "name": wording[("usual_before", "usual_after")[which]],
                    "type": "scatter",
                    "mode": "lines",
                    "line": {"color": _COLOURS[which], "dash": _DASHES[which], "width": 2.5},
                }
            )
    told = [day.isoformat() for period in _periods_of(place) for day in period.days]
    if told:
        traces.append(
            {
                "x": [min(told), max(told)],
                "y": _shown(place, [place.free, place.free]),
                "name": wording["free"],
                "type": "scatter",
                "mode": "lines",
                "line": {"color": MUTED, "dash": "dash", "width": 1.5},
            }
        )
    layout = layout_of(texts, [], wording[f"unit_{place.unit}"])
    layout |= {"xaxis": {"type": "date", "tickformat": wording["tick_day"]}}
    layout["hovermode"] = "closest"
    return {"data": traces, "layout": layout}


def curve_figure(texts: Texts, place: PlaceChange) -> dict[str, Any]:
    """The mean day of each period."""
    wording = texts["trends_avant_apres"]
    traces = [
        line(
            [time_words(texts, time) for time in _CLOCK],
            _shown(place, period.curve),
            wording[("before", "after")[which]],
            _COLOURS[which],
            _DASHES[which],
        )
        for which, period in enumerate(_periods_of(place))
    ]
    return {"data": traces, "layout": layout_of(texts, _CLOCK, wording[f"unit_{place.unit}"])}


def _periods_of(place: PlaceChange) -> tuple[PeriodValues, PeriodValues]:
    return place.before, place.after


def _shown(place: PlaceChange, values: Sequence[float | None]) -> list[float | None]:
    """In minutes where they are seconds."""
    scale = _SECONDS_PER_MINUTE if place.unit == "s" else 1.0
    return [None if value is None else round(value / scale, 3) for value in values]


def _sentence(texts: Texts, place: PlaceChange) -> str:
    wording = texts["trends_avant_apres"]
    change = place.change
    if change is None:
        before, after = (
            (place.before.weeks, place.after.weeks)
            if place.untold == "too_few_weeks"
            else (len(place.before.days), len(place.after.days))
        )
        return str(wording[f"untold_{place.untold}"]).format(before=before, after=after)
    low, high = (_difference(texts, place, bound) for bound in (change.low, change.high))
    return str(wording["beyond" if change.is_beyond_chance else "within"]).format(
        before=_level(texts, place, change.before),
        after=_level(texts, place, change.after),
        change=_difference(texts, place, change.after - change.before),
        percent=_percent(texts, change),
        low=low,
        high=high,
        chance=_chance(texts, change.p_value),
    )


def _level(texts: Texts, place: PlaceChange, value: float) -> str:
    written = formats(texts)
    if place.unit == "s":
        return mean_words(texts, value)
    number = written.number(value, 2)
    return str(texts["trends_avant_apres"]["times_free"]).format(number=number)


def _difference(texts: Texts, place: PlaceChange, value: float) -> str:
    written, sign = formats(texts), "−" if value < 0 else "+"
    if place.unit == "s":
        return sign + mean_words(texts, abs(value))
    return sign + written.number(abs(value), 2)


def _percent(texts: Texts, change: MeasuredChange) -> str:
    share = change.after / change.before - 1
    return ("−" if share < 0 else "+") + formats(texts).percent(abs(share))


def _chance(texts: Texts, p_value: float) -> str:
    wording = texts["trends_avant_apres"]
    # Never rounded down: what chance explains would read as what it does not.
    count = ceil(p_value * _HUNDRED - _LAST_DIGITS)
    return str(wording["in_hundred"].format(count=count) if count > 1 else wording["under_one"])


def _closed(texts: Texts, place: PlaceChange) -> list[str]:
    wording, written = texts["trends_avant_apres"], formats(texts)
    shares = (("closed_before", place.before), ("closed", place.after))
    return [
        wording[key].format(share=written.percent(period.closed_share))
        for key, period in shares
        if period.closed_share > 0
    ]


def _periods(texts: Texts, query: BeforeAfterQuery) -> str:
    wording, written = texts["trends_avant_apres"], formats(texts)
    return str(wording["periods"]).format(
        first=written.day(query.before.first),
        last=written.day(query.before.last),
        first2=written.day(query.after.first),
        last2=written.day(query.after.last),
        days=wording[f"kept_{query.before.days}"],
        from_hour=clock_words(texts, query.from_hour),
        to_hour=clock_words(texts, query.to_hour),
    )


def _table(texts: Texts, answer: BeforeAfterAnswer, names: Mapping[str, str]) -> html.Div:
    wording = texts["trends_avant_apres"]
    columns = ("place", "before", "after", "change", "interval", "chance", "days", "weeks")
    return build_table(
        [wording[f"column_{name}"] for name in columns],
        [_row(texts, place, names[place.place]) for place in answer.places],
        wording["table"],
    )


def _row(texts: Texts, place: PlaceChange, name: str) -> list[str]:
    wording, change = texts["trends_avant_apres"], place.change
    days = wording["pair"].format(before=place.before.compared, after=place.after.compared)
    weeks = wording["pair"].format(before=place.before.weeks, after=place.after.weeks)
    if change is None:
        return [name, *["–"] * 5, days, weeks]
    low, high = (_difference(texts, place, bound) for bound in (change.low, change.high))
    return [
        name,
        _level(texts, place, change.before),
        _level(texts, place, change.after),
        f"{_difference(texts, place, change.after - change.before)} ({_percent(texts, change)})",
        wording["pair"].format(before=low, after=high),
        formats(texts).number(change.p_value, 3),
        days,
        weeks,
    ]
