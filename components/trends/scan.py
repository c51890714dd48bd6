"""The congestion scan of a route: a heat map of distance and time.

``assets/trends_scan.js`` reads the cell that is pointed at out in words, and tells the page's other
parts of it (``trends:cell``, with the segment's place in the network and the time). The colours
grow darker with slowness, so that they are told apart without telling hues apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component

from components.aria import aria
from components.subpage import build_card, build_table
from components.trends.figure import MUTED, TICK_HOURS, build_figure
from components.trends.words import clock_words, kilometres_words, minutes_words, place_along
from services.base.texts import Texts
from services.plain.trends.scan import Outline, ScanAnswer, ScanMeasure, ScannedQueue, ScanQuery

GRAPH_ID: Final = "trends-scan"
CELL_ID: Final = "trends-scan-cell"
TIME_ID: Final = "trends-scan-time"
PLACE_ID: Final = "trends-scan-place"

BOUNDS: Final[dict[ScanMeasure, Sequence[float]]] = {
    "vitesse": (0, 10, 20, 30, 50, 70, 90),
    "part": (0, 0.2, 0.4, 0.67, 0.85, 1.0),
}
"""From where to where each colour goes; faster is the last one as well.

Of shares, 0.40 and 0.67 bound the states of a zone too (``services.traffic.indicators``)."""
COLOURS: Final[dict[ScanMeasure, Sequence[str]]] = {
    "vitesse": ("#1b1044", "#5c187e", "#a8327d", "#e65164", "#fb9f6f", "#fde8a8"),
    "part": ("#1b1044", "#641a80", "#c03a76", "#fb9f6f", "#fde8a8"),
}
CLOSED: Final = "#00798c"
OUTLINES: Final = {"roadwork": ("#6a2fb5", "dash"), "event": ("#1a4fc4", "solid")}
UNKNOWN: Final = "rgba(120, 129, 143, 0.35)"
# Two names that lie closer, as a share of the route, would be written over each other.
_APART: Final = 0.045
_SHOWN_QUEUES: Final = 12
_METRES_PER_KM: Final = 1_000


def build_scan(
    texts: Texts, answer: ScanAnswer, query: ScanQuery, measure: ScanMeasure
) -> Sequence[Component]:
    """The diagram with its legend, the cell pointed at, and the same in words."""
    wording = texts["trends_scan"]
    if answer.days == 0:
        return [build_card(_heading(texts, measure), html.P(wording["none"]))]
    described, figure = describe(texts, answer), scan_figure(texts, answer, measure)
    content: list[Component] = [
        html.P(wording["how_to_read"], className="trends-note"),
        html.Div(
            build_figure(GRAPH_ID, figure, described, "trends-graph trends-scan-graph"),
            className="trends-scroll",
            # What scrolls can be scrolled by keyboard too.
            tabIndex=0,
            role="region",
            **aria(label=_heading(texts, measure)),
        ),
        _legend(texts, answer, measure),
        _reader(texts, answer),
        html.P(described, className="trends-described"),
    ]
    if query.period is not None:
        content.append(
            html.P(
                wording["mean_of"].format(days=answer.days, asked=answer.asked),
                className="trends-note",
            )
        )
    if answer.outlines:
        content.append(html.H3(wording["outlines"]))
        content.append(html.Ul([html.Li(words) for words in outline_words(texts, answer)]))
    if answer.queues:
        content.append(_queues(texts, answer))
    content.append(html.P(wording["definition"], className="definition"))
    return [build_card(_heading(texts, measure), *content)]


def scan_figure(texts: Texts, answer: ScanAnswer, measure: ScanMeasure) -> dict[str, Any]:
    """The heat map, with what was on the route outlined."""
    times = len(answer.local_hours)
    across, along = list(range(times + 1)), [0.0, *answer.ends_m]
    shared = {"type": "heatmap", "x": across, "y": along, "showscale": False, "hoverinfo": "none"}
    bounds = BOUNDS[measure]
    traces: list[dict[str, Any]] = [
        {
            **shared,
            "z": _values(answer, measure),
            "zmin": bounds[0],
            "zmax": bounds[-1],
            "colorscale": colour_scale(measure),
        }
    ]
    if answer.closed:
        closed: list[list[int | None]] = [[None] * times for _ in answer.segments]
        for segment, time in answer.closed:
            closed[segment][time] = 1
        solid = [[0, CLOSED], [1, CLOSED]]
        traces.append({**shared, "z": closed, "colorscale": solid, "hoverinfo": "skip"})
    # Without a trace of its own there would be no axis of kilometres.
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [0, 0],
            "y": [0, along[-1] / _METRES_PER_KM],
            "yaxis": "y2",
            "marker": {"opacity": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    )
    return {"data": traces, "layout": _layout(texts, answer, measure)}


def colour_scale(measure: ScanMeasure) -> list[list[Any]]:
    """The steps of a measure as Plotly has them: each colour from its bound to the next."""
    bounds, colours = BOUNDS[measure], COLOURS[measure]
    return [
        [bound / bounds[-1], colour]
        for ends, colour in zip(pairwise(bounds), colours, strict=True)
        for bound in ends
    ]


def describe(texts: Texts, answer: ScanAnswer) -> str:
    """The diagram in a sentence: how many queues, and the one that cost the most."""
    wording = texts["trends_scan"]
    if not answer.queues:
        return str(wording["no_queue"])
    worst = answer.queues[0]
    form = wording["described_one" if len(answer.queues) == 1 else "described"]
    return str(form).format(
        count=len(answer.queues),
        place=place_along(texts, answer.places, worst.head_m),
        first=_clock(texts, answer, worst.from_s),
        last=_clock(texts, answer, worst.to_s),
        length=kilometres_words(texts, worst.length_m),
        lost=minutes_words(texts, worst.worst_s),
    )


def outline_words(texts: Texts, answer: ScanAnswer) -> list[str]:
    """What was on the route, one sentence each, numbered as in the diagram."""
    return [
        _outline(texts, answer, number, outline)
        for number, outline in enumerate(answer.outlines, start=1)
    ]


def _outline(texts: Texts, answer: ScanAnswer, number: int, outline: Outline) -> str:
    wording = texts["trends_scan"]
    middle_m = (outline.from_m + outline.to_m) / 2
    place = place_along(texts, answer.places, middle_m)
    if outline.kind == "roadwork":
        return str(wording["outline_roadwork"]).format(
            number=number,
            what=outline.what or wording["no_place"],
            place=place,
            level=texts["roadwork_level"][outline.level or "unknown"],
        )
    event = str(wording["outline_event"]).format(
        number=number,
        first=_clock(texts, answer, outline.from_s),
        last=_clock(texts, answer, outline.to_s),
        place=place,
        lost=minutes_words(texts, outline.delay_s or 0.0),
    )
    if not outline.what:
        return event
    return str(wording["outline_cause"]).format(event=event, cause=outline.what)


def _heading(texts: Texts, measure: ScanMeasure) -> str:
    return str(texts["trends_scan"][f"heading_{measure}"])


def _values(answer: ScanAnswer, measure: ScanMeasure) -> list[list[float | None]]:
    if measure == "vitesse":
        return [list(speeds) for speeds in answer.speed_kmh]
    return [
        [None if free is None or speed is None else round(speed / free, 3) for speed in speeds]
        for free, speeds in zip(answer.free_kmh, answer.speed_kmh, strict=True)
    ]


def _layout(texts: Texts, answer: ScanAnswer, measure: ScanMeasure) -> dict[str, Any]:
    length_m = answer.ends_m[-1]
    names = texts["local_name"]
    shown = _apart(answer)
    hours = [
        (place, hour)
        for place, hour in enumerate(answer.local_hours)
        if hour % TICK_HOURS == 0  # exact: hours of the clock begin with a step
    ]
    outlines = list(enumerate(answer.outlines, start=1))
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": UNKNOWN,
        "margin": {"l": 8, "r": 58, "t": 8, "b": 32},
        "dragmode": False,
        "showlegend": False,
        "separators": texts["trends"]["separators"],
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": MUTED},
        "xaxis": {
            "tickvals": [place for place, _ in hours],
            "ticktext": [clock_words(texts, round(hour)) for _, hour in hours],
            "range": [0, len(answer.local_hours)],
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {
            "tickvals": [place.at_m for place in shown],
            "ticktext": [names.get(place.name, place.name) for place in shown],
            "range": [0, length_m],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis2": {
            "range": [0, length_m / _METRES_PER_KM],
            "overlaying": "y",
            "side": "right",
            "tickvals": [place.at_m / _METRES_PER_KM for place in shown],
            "ticktext": [kilometres_words(texts, place.at_m) for place in shown],
            "showgrid": False,
            "zeroline": False,
        },
        "shapes": [_shape(answer, outline) for _, outline in outlines],
        "annotations": [_number(answer, number, outline) for number, outline in outlines],
        "meta": _meta(texts, answer, measure),
    }


def _apart(answer: ScanAnswer) -> list[Any]:
    """The places whose names do not stand in each other's way; both ends stay."""
    if not answer.places:
        return []
    apart_m = _APART * answer.ends_m[-1]
    kept, last = [answer.places[0]], answer.places[-1]
    for place in answer.places[1:-1]:
        if place.at_m - kept[-1].at_m >= apart_m and last.at_m - place.at_m >= apart_m:
            kept.append(place)
    return kept if kept[-1] is last else [*kept, last]


def _shape(answer: ScanAnswer, outline: Outline) -> dict[str, Any]:
    colour, dash = OUTLINES[outline.kind]
    return {
        "type": "rect",
        "x0": outline.from_s / answer.step_s,
        "x1": outline.to_s / answer.step_s,
        "y0": outline.from_m,
        "y1": outline.to_m,
        "line": {"color": colour, "width": 2, "dash": dash},
    }


def _number(answer: ScanAnswer, number: int, outline: Outline) -> dict[str, Any]:
    colour, _ = OUTLINES[outline.kind]
    return {
        "x": outline.from_s / answer.step_s,
        "y": outline.to_m,
        "text": str(number),
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "top",
        "font": {"color": "#ffffff", "size": 11},
        "bgcolor": colour,
        "borderpad": 1,
    }


def _meta(texts: Texts, answer: ScanAnswer, measure: ScanMeasure) -> dict[str, Any]:
    """What the script reads cells out with."""
    wording = texts["trends_scan"]
    middles = [(first + last) / 2 for first, last in pairwise([0.0, *answer.ends_m])]
    return {
        "measure": measure,
        "start_s": None if answer.start is None else int(answer.start.timestamp()),
        "step_s": answer.step_s,
        "times": [clock_words(texts, hour) for hour in answer.local_hours],
        "ends_m": answer.ends_m,
        "segments": answer.segments,
        "free_kmh": answer.free_kmh,
        "places": [place_along(texts, answer.places, middle) for middle in middles],
        "closed": answer.closed,
        "shapes": len(answer.outlines),
        "words": {name: wording[name] for name in ("cell", "cell_unknown", "cell_closed")},
    }


def _legend(texts: Texts, answer: ScanAnswer, measure: ScanMeasure) -> html.Ul:
    wording = texts["trends_scan"]
    steps = list(enumerate(COLOURS[measure]))
    marks = [
        *((colour, "", wording[f"legend_{measure}_{step}"]) for step, colour in steps),
        (UNKNOWN, "", wording["legend_unknown"]),
    ]
    if answer.closed:
        marks.append((CLOSED, "", wording["legend_closed"]))
    for kind, (colour, dash) in OUTLINES.items():
        if any(outline.kind == kind for outline in answer.outlines):
            line = "dashed" if dash == "dash" else dash
            marks.append(("transparent", f"2px {line} {colour}", wording[f"legend_{kind}"]))
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="trends-swatch",
                        style={"background": colour} | ({"border": border} if border else {}),
                    ),
                    words,
                ]
            )
            for colour, border, words in marks
        ],
        className="trends-legend",
        **aria(label=wording["legend"]),
    )


def _reader(texts: Texts, answer: ScanAnswer) -> html.Div:
    """The cell that is pointed at, and two sliders to point with by keyboard."""
    wording = texts["trends_scan"]
    sliders = (
        (TIME_ID, wording["cursor_time"], len(answer.local_hours)),
        (PLACE_ID, wording["cursor_place"], len(answer.segments)),
    )
    return html.Div(
        [
            html.P(wording["cell_hint"], id=CELL_ID, className="trends-scan-cell", role="status"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Label(label, htmlFor=slider),
                            dcc.Input(id=slider, type="range", min=0, max=count - 1, step=1),
                        ],
                        className="trends-slider",
                    )
                    for slider, label, count in sliders
                ],
                className="trends-sliders",
            ),
        ],
        className="trends-scan-reader",
    )


def _queues(texts: Texts, answer: ScanAnswer) -> html.Details:
    wording = texts["trends_scan"]
    columns = [wording[f"queue_{name}"] for name in ("head", "from", "to", "length", "lost")]
    rows = [_queue(texts, answer, queue) for queue in answer.queues[:_SHOWN_QUEUES]]
    return html.Details(
        [
            html.Summary(wording["queues"]),
            build_table(columns, rows, wording["queues_caption"]),
        ]
    )


def _queue(texts: Texts, answer: ScanAnswer, queue: ScannedQueue) -> list[str]:
    return [
        place_along(texts, answer.places, queue.head_m),
        _clock(texts, answer, queue.from_s),
        _clock(texts, answer, queue.to_s),
        kilometres_words(texts, queue.length_m),
        minutes_words(texts, queue.worst_s),
    ]


def _clock(texts: Texts, answer: ScanAnswer, since_s: int) -> str:
    """A time of the diagram by the city's clock; its end is midnight."""
    step = min(since_s // answer.step_s, len(answer.local_hours))
    hour = answer.local_hours[step] if step < len(answer.local_hours) else 24.0
    return clock_words(texts, hour)
