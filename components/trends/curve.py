"""The curve of a day at a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card
from components.trends.figure import LINES, MUTED, band, build_figure, layout_of, line
from services.base.texts import Texts, formats
from services.plain.trends.curve import CurveAnswer, CurveQuery, Measure

GRAPH_ID: Final = "trends-curve"


def build_curve(texts: Texts, answer: CurveAnswer, query: CurveQuery) -> Sequence[Component]:
    """The figure, in a card."""
    wording, written = texts["trends_courbe"], formats(texts)
    day = written.day(query.day)
    title = wording["heading"].format(measure=wording[f"measure_{answer.measure}"], day=day)
    notes = []
    if answer.usual is None:
        notes.append(wording["no_usual"])
    if answer.lacking:
        notes.append(wording["lacking"].format(count=len(answer.lacking)))
    return [
        build_card(
            title,
            build_figure(GRAPH_ID, curve_figure(texts, answer, query), title),
            html.P(_described(texts, answer), className="trends-described"),
            *(html.P(note, className="trends-note") for note in notes),
        )
    ]


def curve_figure(texts: Texts, answer: CurveAnswer, query: CurveQuery) -> dict[str, Any]:
    """The lines of a day, over the band of what is usual."""
    wording = texts["trends_courbe"]
    times = answer.clock
    traces: list[dict[str, Any]] = []
    if answer.usual is not None:
        traces += band(times, answer.usual.low, answer.usual.high, wording["usual_band"])
        traces.append(line(times, answer.usual.middle, wording["usual"], MUTED, "dot"))
    others = ((answer.mean, wording["mean"], "dash"), (answer.other, wording["other"], "dashdot"))
    for place, (values, name, dash) in enumerate(others, start=1):
        if values is not None:
            traces.append(line(times, list(values)[: len(times)], name, LINES[place], dash))
    traces.append(line(times, answer.values, formats(texts).day(query.day), LINES[0], "solid"))
    return {
        "data": traces,
        "layout": layout_of(texts, answer.clock, wording[f"unit_{answer.measure}"]),
    }


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
        time=answer.clock[place],
    )


def measured_words(texts: Texts, measure: Measure, value: float) -> str:
    """A value with its unit."""
    written = formats(texts)
    if measure == "congestion":
        return written.percent(round(value, 2))
    return f"{written.number(value, 1)} {texts['trends_courbe'][f'short_{measure}']}"
