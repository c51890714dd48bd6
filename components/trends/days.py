"""The days of a period as calendars, a month each; every day leads to its curve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import Any, Final
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from components.aria import aria
from components.subpage import build_card
from components.trends.curve import measured_words
from components.trends.figure import SHADES
from services.base.texts import Texts, formats
from services.plain.trends.curve import Measure
from services.plain.trends.days import DaysAnswer, DayValue

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK: Final = 7


def build_days(texts: Texts, answer: DaysAnswer, place: str) -> Sequence[Component]:
    """The months, in a card, with what their shades mean.

    Parameters
    ----------
    place : str
        Key of the place, which the curves are to be of.
    """
    wording = texts["trends_calendrier"]
    steps = shade_steps(answer)
    months = groupby(_from_first(answer.days), key=lambda one: (one.day.year, one.day.month))
    return [
        build_card(
            texts["trends_courbe"][f"measure_{answer.measure}"],
            html.P(described(texts, answer), className="trends-described"),
            _legend(texts, answer.measure, steps),
            html.Div(
                [_month(texts, answer.measure, place, list(of), steps) for _, of in months],
                className="trends-months",
            ),
            html.P(wording["definition"], className="trends-note"),
        )
    ]


def _from_first(days: Sequence[DayValue]) -> Sequence[DayValue]:
    """From the month on in which anything was observed; all of them where nothing was."""
    first = next((one.day for one in days if one.is_observed), date.min)
    return [one for one in days if one.day >= first.replace(day=1)]


def shade_steps(answer: DaysAnswer) -> list[float]:
    """The bounds between the shades: of equal width, from the least to the most of the period."""
    told = [one.value for one in answer.days if one.value is not None]
    if not told:
        return []
    low, high = min(told), max(told)
    return [low + (high - low) * place / len(SHADES) for place in range(1, len(SHADES))]


def shade_of(measure: Measure, value: float, steps: Sequence[float]) -> int:
    """0 for the lightest shade: what is slow is dark, whatever measures it."""
    above = sum(value > bound for bound in steps)
    return len(steps) - above if measure == "speed" else above


def described(texts: Texts, answer: DaysAnswer) -> str:
    """The worst day in a sentence, and how many there are of those that have a value."""
    wording, written = texts["trends_calendrier"], formats(texts)
    told = [(one.value, one.day) for one in answer.days if one.value is not None]
    if not told:
        return str(wording["none"])
    value, day = (min if answer.measure == "speed" else max)(told)
    days = written.counted(wording["days"], len(told))
    worst = measured_words(texts, answer.measure, value)
    return str(wording["described"]).format(days=days, day=written.day(day), value=worst)


def _legend(texts: Texts, measure: Measure, steps: Sequence[float]) -> html.Ul:
    wording = texts["trends_calendrier"]
    entries: list[Any] = []
    if steps:
        shown = [measured_words(texts, measure, bound) for bound in steps]
        ranges = [wording["below"].format(high=shown[0])]
        ranges += [wording["between"].format(low=low, high=high) for low, high in pairwise(shown)]
        ranges.append(wording["above"].format(low=shown[-1]))
        if measure == "speed":
            ranges.reverse()
        entries = [_entry(f"shade-{place}", words) for place, words in enumerate(ranges)]
    entries += [_entry(kind, wording[kind]) for kind in ("lacking", "holiday")]
    return html.Ul(entries, className="trends-legend", **aria(label=wording["legend"]))


def _entry(kind: str, words: str) -> html.Li:
    sample = html.Span(className=f"trends-sample trends-day--{kind}", **aria(hidden="true"))
    return html.Li([sample, words])


def _month(
    texts: Texts, measure: Measure, place: str, days: Sequence[DayValue], steps: Sequence[float]
) -> html.Table:
    written = formats(texts)
    first = days[0].day
    empty = [html.Td()] * first.weekday()
    cells = [*empty, *(_day(texts, measure, place, one, steps) for one in days)]
    heads = [
        html.Th(written.weekday(day)[0].upper(), scope="col", **aria(label=written.weekday(day)))
        for day in _DAYS
    ]
    weeks = [cells[at : at + _WEEK] for at in range(0, len(cells), _WEEK)]
    return html.Table(
        [
            html.Caption(written.month(first)),
            html.Thead(html.Tr(heads)),
            html.Tbody([html.Tr(week) for week in weeks]),
        ],
        className="trends-month",
    )


def _day(
    texts: Texts, measure: Measure, place: str, one: DayValue, steps: Sequence[float]
) -> html.Td:
    wording = texts["trends_calendrier"]
    words = [formats(texts).long_day(one.day, texts["calendar"]["first_day"])]
    kinds = ["trends-day"]
    if one.kind in ("public_holiday", "school_holiday"):
        words.append(wording[one.kind])
    if one.kind == "public_holiday":
        kinds.append("trends-day--holiday")
    if one.value is None:
        words.append(wording["lacking" if not one.is_observed else "too_little"])
        kinds.append("trends-day--lacking")
        short = "–"
    else:
        short = short_words(texts, measure, one.value)
        words.append(measured_words(texts, measure, one.value))
        kinds.append(f"trends-day--shade-{shade_of(measure, one.value, steps)}")
    asked = {"vue": "courbe", "lieu": place, "jour": one.day.isoformat(), "mesure": measure}
    return html.Td(
        html.A(
            [
                html.Span(str(one.day.day), className="trends-day-number"),
                html.Span(short, className="trends-day-value"),
            ],
            href=f"?{urlencode(asked, safe=':~')}",
            className=" ".join([*kinds, "trends-link"]),
            title=", ".join(words),
            **aria(label=", ".join(words)),
        )
    )


def short_words(texts: Texts, measure: Measure, value: float) -> str:
    """A value that fits into the cell of a day, its unit left out but for shares."""
    written = formats(texts)
    if measure in ("congestion", "status"):
        return written.percent(value)
    return written.number(value, 0 if value >= 10 else 1)
