"""The hours of a week as a heat map, and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_table
from components.trends.curve import measured_words
from components.trends.figure import SCALE, build_figure, layout_of
from components.trends.words import clock_words
from services.base.texts import Texts, formats
from services.plain.trends.week import WEEK_ROWS, WeekAnswer

GRAPH_ID: Final = "trends-week"
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS: Final = 24


def build_week(texts: Texts, answer: WeekAnswer) -> Sequence[Component]:
    """The figure, in a card, with its words and its numbers."""
    wording = texts["trends_semaine"]
    measure = texts["trends_courbe"][f"measure_{answer.measure}"]
    statistic = texts["trends_control"][f"chiffre_{answer.statistic}"]
    title = wording["title"].format(measure=measure, statistic=statistic.lower())
    return [
        build_card(
            title,
            build_figure(GRAPH_ID, week_figure(texts, answer), title, "trends-graph trends-week"),
            html.P(described(texts, answer), className="trends-described"),
            *(html.P(note, className="trends-note") for note in _notes(texts, answer)),
            html.Details(
                [html.Summary(texts["trends_courbe"]["numbers"]), _table(texts, answer, title)],
                className="trends-numbers",
            ),
        )
    ]


def week_figure(texts: Texts, answer: WeekAnswer) -> dict[str, Any]:
    """A cell for each hour of each day of the week; none where too little was observed."""
    rows = _rows(answer)
    words = [[_cell_words(texts, answer, row, hour) for hour in range(_HOURS)] for row, _ in rows]
    layout = layout_of(texts, [], "")
    ticks = range(0, _HOURS, 3)
    layout["xaxis"] = {
        "tickvals": list(ticks),
        "ticktext": [clock_words(texts, hour) for hour in ticks],
        "tickangle": 0,
        "showgrid": False,
        "zeroline": False,
    }
    layout["yaxis"] = {
        "autorange": "reversed",
        "tickvals": list(range(len(rows))),
        "ticktext": [row_words(texts, row) for row, _ in rows],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
    layout["hovermode"] = "closest"
    is_share = answer.measure in ("congestion", "status")
    return {
        "data": [
            {
                "type": "heatmap",
                "z": [list(values) for _, values in rows],
                "x": list(range(_HOURS)),
                "y": list(range(len(rows))),
                "text": words,
                "hovertemplate": "%{text}<extra></extra>",
                "hoverongaps": False,
                "colorscale": SCALE,
                # What is slow is dark, whatever measures it.
                "reversescale": answer.measure == "speed",
                "xgap": 1,
                "ygap": 1,
                "colorbar": {
                    # Below: on a phone there is no room beside it.
                    "orientation": "h",
                    "y": -0.12,
                    "yanchor": "top",
                    "thickness": 10,
                    "tickformat": ".0%" if is_share else "",
                    "title": {
                        "text": texts["trends_courbe"].get(f"short_{answer.measure}", ""),
                    },
                },
            }
        ],
        "layout": layout,
    }


def row_words(texts: Texts, row: int) -> str:
    """A day of the week, or public holidays."""
    if row == WEEK_ROWS - 1:
        return str(texts["trends_semaine"]["holidays"])
    return formats(texts).weekday(_DAYS[row])


def described(texts: Texts, answer: WeekAnswer) -> str:
    """The worst hour of the week in a sentence."""
    wording = texts["trends_semaine"]
    told = [
        (value, row, hour)
        for row, values in _rows(answer)
        for hour, value in enumerate(values)
        if value is not None
    ]
    if not told:
        return str(wording["none"])
    value, row, hour = (min if answer.measure == "speed" else max)(told)
    return str(wording["described"]).format(
        day=row_words(texts, row),
        hour=clock_words(texts, hour),
        value=measured_words(texts, answer.measure, value),
    )


def _rows(answer: WeekAnswer) -> list[tuple[int, Sequence[float | None]]]:
    """Those of the week; that of holidays where there were any."""
    return [
        (row, values)
        for row, values in enumerate(answer.values)
        if row < WEEK_ROWS - 1 or answer.holidays
    ]


def _cell_words(texts: Texts, answer: WeekAnswer, row: int, hour: int) -> str:
    value = answer.values[row][hour]
    if value is None:
        return ""
    told = measured_words(texts, answer.measure, value)
    count = formats(texts).counted(texts["trends_semaine"]["of_days"], answer.days[row][hour])
    at = clock_words(texts, hour)
    return f"{row_words(texts, row)}, {at}{texts['trends']['colon']} {told} ({count})"


def _notes(texts: Texts, answer: WeekAnswer) -> list[str]:
    wording, written = texts["trends_semaine"], formats(texts)
    notes = [str(wording[f"definition_{answer.statistic}"])]
    if answer.holidays:
        days = ", ".join(written.day(day) for day in answer.holidays)
        notes.append(str(wording["holidays_apart"]).format(days=days))
    if answer.lacking:
        notes.append(written.counted(wording["lacking"], len(answer.lacking)))
    return notes


def _table(texts: Texts, answer: WeekAnswer, title: str) -> html.Div:
    names = [row_words(texts, row) for row, _ in _rows(answer)]
    rows = [
        [
            clock_words(texts, hour),
            *(
                "–" if values[hour] is None else measured_words(texts, answer.measure, value)
                for _, values in _rows(answer)
                for value in [values[hour] or 0.0]
            ),
        ]
        for hour in range(_HOURS)
    ]
    return build_table([texts["trends_courbe"]["hour_column"], *names], rows, title)
