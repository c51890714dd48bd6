"""The curve of a day at a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component

from components.subpage import build_card
from services.base.texts import Texts, formats
from services.plain.trends.curve import CurveAnswer, CurveQuery, Measure

GRAPH_ID: Final = "trends-curve"
TICK_HOURS: Final = 3
# Read on both themes; each line has a dash of its own as well.
LINES: Final = ("#3f7ae0", "#c2570c", "#2f8f5b", "#9a4fc4")
BAND: Final = "rgba(120, 129, 143, 0.28)"


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
            dcc.Graph(
                id=GRAPH_ID,
                figure=curve_figure(texts, answer, query),
                config={"displaylogo": False, "responsive": True},
                className="trends-graph",
            ),
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
        traces.append(line(times, answer.usual.middle, wording["usual"], "#78818f", "dot"))
    others = ((answer.mean, wording["mean"], "dash"), (answer.other, wording["other"], "dashdot"))
    for place, (values, name, dash) in enumerate(others, start=1):
        if values is not None:
            traces.append(line(times, list(values)[: len(times)], name, LINES[place], dash))
    traces.append(line(times, answer.values, formats(texts).day(query.day), LINES[0], "solid"))
    return {
        "data": traces,
        "layout": layout_of(texts, answer.clock, wording[f"unit_{answer.measure}"]),
    }


def band(
    times: Sequence[str],
    low: Sequence[float | None],
    high: Sequence[float | None],
    name: str,
) -> list[dict[str, Any]]:
    """An area between two lines, as two traces."""
    shared = {
        "x": list(range(len(times))),
        "text": times,
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "hovertemplate": "%{text} : %{y}",
    }
    return [
        {**shared, "y": low, "hoverinfo": "skip", "showlegend": False},
        {**shared, "y": high, "name": name, "fill": "tonexty", "fillcolor": BAND},
    ]


def line(
    times: Sequence[str], values: Sequence[float | None], name: str, colour: str, dash: str
) -> dict[str, Any]:
    """A line that breaks where nothing is known."""
    return {
        "x": list(range(len(times))),
        "y": values,
        "text": times,
        "hovertemplate": "%{text} : %{y}",
        "name": name,
        "type": "scatter",
        "mode": "lines",
        "line": {"color": colour, "dash": dash, "width": 2.5 if dash == "solid" else 1.8},
        "connectgaps": False,
    }


def layout_of(texts: Texts, clock: Sequence[str], unit: str) -> dict[str, Any]:
    """What all figures over a day have in common; colours come from the style sheet."""
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 12, "t": 8, "b": 40},
        "legend": {"orientation": "h", "y": 1.12},
        "hovermode": "x unified",
        "separators": texts["trends"]["separators"],
        "xaxis": day_axis(texts, clock),
        "yaxis": {"title": {"text": unit}, "rangemode": "tozero"},
        "font": {"family": "system-ui, sans-serif", "color": "#78818f"},
    }


def day_axis(texts: Texts, clock: Sequence[str]) -> dict[str, Any]:
    """The axis of a day whose steps are numbered: a tick every three hours of the city's clock."""
    hours = [(place, int(time[:2])) for place, time in enumerate(clock) if time.endswith(":00")]
    shown = [(place, hour) for place, hour in hours if hour % TICK_HOURS == 0]
    return {
        "tickvals": [place for place, _ in shown],
        "ticktext": [texts["trends"]["hour"].format(hour=hour) for _, hour in shown],
        "range": [0, len(clock) - 1],
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
