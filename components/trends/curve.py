"""The curve of a day at a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_table
from components.trends.figure import LINES, MUTED, band, build_figure, layout_of, line
from components.trends.marks import build_marks, clock_of, lay_marks
from components.trends.words import time_words
from services.base.texts import Texts, formats
from services.plain.trends.curve import CurveAnswer, CurveQuery, Measure

GRAPH_ID: Final = "trends-curve"
# From the bottom: what is worst lies lowest, and its height can be read. Patterns tell them apart
# without their colours; those of components/palette.py on light paper.
STACKED: Final = (
    ("impossible", "#2c2438", "x"),
    ("congested", "#c81e2c", "/"),
    ("heavy", "#ee8500", "."),
    ("freeFlow", "#33976c", ""),
    ("unknown", "#78818f", "-"),
)


def build_curve(texts: Texts, answer: CurveAnswer, query: CurveQuery) -> Sequence[Component]:
    """The figure, in a card, with its words, its marks and its numbers."""
    wording = texts["trends_courbe"]
    title = wording[f"measure_{answer.measure}"]
    figure = lay_marks(
        curve_figure(texts, answer, query), answer.marks, answer.start, len(answer.clock)
    )
    clock = clock_of(answer.start, answer.clock)
    return [
        build_card(
            title,
            build_figure(GRAPH_ID, figure, title),
            html.P(_described(texts, answer), className="trends-described"),
            *build_marks(texts, answer.marks, answer.marks_left_out, clock),
            *(html.P(note, className="trends-note") for note in _notes(texts, answer)),
            html.Details(
                [
                    html.Summary(wording["numbers"]),
                    html.P(wording[f"definition_{answer.measure}"], className="trends-note"),
                    _table(texts, answer, query),
                ],
                className="trends-numbers",
            ),
        )
    ]


def _notes(texts: Texts, answer: CurveAnswer) -> list[str]:
    """What the lines rest on, and what is lacking."""
    wording, written = texts["trends_courbe"], formats(texts)
    notes = []
    usual_of, no_usual = (
        ("usual_of_holiday", "no_usual_holiday") if answer.is_holiday else ("usual_of", "no_usual")
    )
    if answer.usual is not None:
        notes.append(written.counted(wording[usual_of], answer.usual.days))
    elif answer.usual_from is not None:
        notes.append(wording[no_usual].format(day=written.day(answer.usual_from)))
    if answer.forecast is not None:
        notes.append(wording[f"forecast_{answer.forecast.band}"])
        if answer.forecast.is_simulated:
            notes.append(wording["forecast_simulated"])
    if answer.lacking:
        notes.append(written.counted(wording["lacking"], len(answer.lacking)))
    return [str(note) for note in notes]


def curve_figure(texts: Texts, answer: CurveAnswer, query: CurveQuery) -> dict[str, Any]:
    """The lines of a day, over the band of what is usual; of its statuses the areas."""
    wording = texts["trends_courbe"]
    times = [time_words(texts, time) for time in answer.clock]
    is_stacked = answer.measure == "status"
    traces = stacked(texts, answer) if is_stacked else []
    if answer.usual is not None:
        if not is_stacked:
            traces += band(times, answer.usual.low, answer.usual.high, wording["usual_band"])
        traces.append(line(times, answer.usual.middle, wording["usual"], MUTED, "dot"))
    others = ((answer.mean, wording["mean"], "dash"), (answer.other, wording["other"], "dashdot"))
    for place, (values, name, dash) in enumerate(others, start=1):
        if values is not None:
            traces.append(line(times, values, name, LINES[place], dash))
    if answer.forecast is not None:
        ahead = answer.forecast
        name = wording["forecast_range"]
        if not is_stacked:
            traces += band(times, ahead.low, ahead.high, name, pattern=LINES[3])
        traces.append(line(times, ahead.middle, wording["forecast"], LINES[3], "longdash"))
    if not is_stacked:
        day = formats(texts).day(query.day)
        traces.append(line(times, answer.values, day, LINES[0], "solid"))
    layout = layout_of(texts, answer.clock, wording[f"unit_{answer.measure}"])
    if answer.measure in ("congestion", "status"):
        layout["yaxis"]["tickformat"] = ".0%"
    if is_stacked:
        layout["yaxis"]["range"] = [0, 1]
    # Of a day, whose time other views may look at: assets/trends_figures.js.
    layout["meta"] = {"day_cursor": {"start_s": int(answer.start.timestamp()), "step_s": 900}}
    return {"data": traces, "layout": layout}


def stacked(texts: Texts, answer: CurveAnswer) -> list[dict[str, Any]]:
    """The share of each status as an area above the worse ones; nothing where nothing was kept."""
    times = [time_words(texts, time) for time in answer.clock]
    return [
        {
            "x": list(range(len(times))),
            "y": [
                None if value is None else share
                for value, share in zip(answer.values, answer.statuses[name], strict=True)
            ],
            "text": times,
            "name": str(texts["status"][name]).capitalize(),
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "statuses",
            "line": {"width": 1, "color": colour},
            "fillcolor": colour,
            "fillpattern": {
                "shape": shape,
                "size": 7,
                "solidity": 0.25,
                "fgcolor": "#ffffff",
                "bgcolor": colour,
            },
            "hovertemplate": "%{text} : %{y:.0%}",
        }
        for name, colour, shape in STACKED
        if any(answer.statuses[name])
    ]


def _table(texts: Texts, answer: CurveAnswer, query: CurveQuery) -> html.Div:
    """Each quarter of an hour, in the columns that there are."""
    wording = texts["trends_courbe"]
    usual, ahead = answer.usual, answer.forecast
    columns: list[tuple[str, Sequence[float | None]]] = [
        (formats(texts).day(query.day), answer.values)
    ]
    if usual is not None:
        columns += [
            (wording["usual"], usual.middle),
            (wording["low"], usual.low),
            (wording["high"], usual.high),
        ]
    if ahead is not None:
        columns.append((wording["forecast"], ahead.middle))
    if answer.other is not None:
        columns.append((wording["other"], answer.other))
    if answer.mean is not None:
        columns.append((wording["mean"], answer.mean))
    rows = [
        [
            time_words(texts, time),
            *(_cell(texts, answer.measure, values, place) for _, values in columns),
        ]
        for place, time in enumerate(answer.clock)
    ]
    names = [wording["hour_column"], *(str(name) for name, _ in columns)]
    return build_table(names, rows, wording[f"measure_{answer.measure}"])


def _cell(texts: Texts, measure: Measure, values: Sequence[float | None], place: int) -> str:
    value = values[place]
    return "–" if value is None else measured_words(texts, measure, value)


def _described(texts: Texts, answer: CurveAnswer) -> str:
    """The curve in a sentence, for who cannot see it and who wants it short."""
    wording = texts["trends_courbe"]
    told = [(value, place) for place, value in enumerate(answer.values) if value is not None]
    if not told:
        return str(wording["none"])
    worst: Measure = answer.measure
    pick = min if worst == "speed" else max
    value, place = pick(told)
    return str(wording["described"]).format(
        value=measured_words(texts, answer.measure, value),
        time=time_words(texts, answer.clock[place]),
    )


def measured_words(texts: Texts, measure: Measure, value: float) -> str:
    """A value with its unit."""
    written = formats(texts)
    if measure in ("congestion", "status"):
        return written.percent(round(value, 2))
    return f"{written.number(value, 1)} {texts['trends_courbe'][f'short_{measure}']}"
