"""The bottlenecks of a period: a table that sorts and filters, and all of the one chosen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.aria import aria
from components.subpage import build_card
from components.trends.figure import LINES, MUTED, build_figure
from components.trends.sortable_table import Chosen, Column, build_sortable_table, cell
from components.trends.words import clock_words, kilometres_words, minutes_words
from services.base.texts import Texts, formats, road_words
from services.plain.trends.bottlenecks import (
    BottleneckRow,
    BottlenecksAnswer,
    QueueDay,
)

GRID_ID: Final = "trends-bottlenecks"
DETAIL_ID: Final = "trends-bottleneck"
_HOURS_ID: Final = "trends-bottleneck-hours"
_HISTORY_ID: Final = "trends-bottleneck-history"
_SECONDS_PER_MINUTE: Final = 60.0
_METRES_PER_KM: Final = 1_000.0
# An hour is named where a queue stands on so many of the days that have one.
_OFTEN: Final = 0.5
_HOURS: Final = 24
_TICK_HOURS: Final = 3
# Each column, whether it is a number, and its least width; the first stays in sight.
_COLUMNS: Final = (
    ("place", False, 210),
    ("rank", True, 84),
    ("lost", True, 96),
    ("days", True, 90),
    ("hours", False, 120),
    ("length", True, 110),
    ("longest", True, 110),
    ("duration", True, 100),
    ("road", False, 130),
    ("direction", False, 120),
)


def build_bottlenecks(
    texts: Texts, answer: BottlenecksAnswer, chosen: str | None
) -> Sequence[Component]:
    """The table, and the hours and the history of one row.

    Parameters
    ----------
    chosen : str or None
        The head of that row; the first where there is no such row.
    """
    wording = texts["trends_bouchons"]
    heading = wording["heading"]
    if not answer.rows:
        nothing = wording["none" if answer.days else "no_data"]
        definition = html.P(wording["definition"], className="definition")
        return [build_card(heading, html.P(nothing), definition)]
    row = row_of(answer, chosen)
    return [
        build_card(
            heading,
            html.P(describe(texts, answer), className="trends-described"),
            *_shown_of(texts, answer),
            _table(texts, answer, row),
            html.P(wording["choose"], className="trends-note"),
            html.P(wording["definition"], className="definition"),
        ),
        html.Div(build_detail(texts, answer, row), id=DETAIL_ID, **aria(live="polite")),
    ]


def row_of(answer: BottlenecksAnswer, head: str | None) -> BottleneckRow:
    """The row of a head; the first where there is none of it."""
    return next((row for row in answer.rows if row.head == head), answer.rows[0])


def describe(texts: Texts, answer: BottlenecksAnswer) -> str:
    """How many there are, and the one that cost the most."""
    wording, written = texts["trends_bouchons"], formats(texts)
    worst = answer.rows[0]
    form = wording["described_one" if answer.found == 1 else "described"]
    return str(form).format(
        count=written.number(answer.found),
        days=answer.days,
        asked=answer.asked,
        place=road_words(texts, worst.where),
        seen=written.counted(wording["seen"], worst.days),
        lost=minutes_words(texts, worst.lost_s),
    )


def build_detail(
    texts: Texts, answer: BottlenecksAnswer, row: BottleneckRow
) -> Sequence[Component]:
    """The hours at which queues stand at a place, and what they cost day by day."""
    wording, written = texts["trends_bouchons"], formats(texts)
    place = road_words(texts, row.where)
    chosen = wording["chosen"].format(
        place=place,
        seen=written.counted(wording["seen"], row.days),
        days=answer.days,
        length=kilometres_words(texts, row.mean_length_m),
        duration=minutes_words(texts, row.mean_duration_s),
    )
    shares = hour_shares(answer, row)
    peak = max(range(_HOURS), key=lambda hour: shares[hour] or 0.0)
    often = wording["often"].format(hour=peak, share=written.percent(shares[peak] or 0.0))
    return [
        build_card(
            place,
            html.P(f"{chosen} {often}", className="trends-described"),
            *([html.P(wording["reaches_end"], className="trends-note")] if row.reaches_end else []),
            html.Div(
                [
                    _figure(_HOURS_ID, wording["frequency"], _hours_figure(texts, shares), often),
                    _figure(
                        _HISTORY_ID,
                        wording["history"],
                        _history_figure(texts, row.history),
                        wording["history_caption"],
                    ),
                ],
                className="trends-pair",
            ),
            _history_table(texts, row.history),
        )
    ]


def hour_shares(answer: BottlenecksAnswer, row: BottleneckRow) -> list[float | None]:
    """Of each hour of the day, on which share of the days that had it a queue stood there."""
    return [
        seen / days if days else None
        for seen, days in zip(row.days_by_hour, answer.days_by_hour, strict=True)
    ]


def often_hours(texts: Texts, row: BottleneckRow) -> str:
    """The hours at which a queue usually stands, as ranges: "7–10 h, 16–19 h"."""
    least = _OFTEN * row.days
    hours = [hour for hour, days in enumerate(row.days_by_hour) if days >= least]
    runs = [
        [hour for _, hour in run]
        for _, run in groupby(enumerate(hours), key=lambda pair: pair[1] - pair[0])
    ]
    hour_form = texts["trends"]["hour"]
    return ", ".join(hour_form.format(hour=f"{run[0]}–{run[-1] + 1}") for run in runs)


def _shown_of(texts: Texts, answer: BottlenecksAnswer) -> list[html.P]:
    if len(answer.rows) == answer.found:
        return []
    words = texts["trends_bouchons"]["shown_of"].format(
        shown=len(answer.rows), found=formats(texts).number(answer.found)
    )
    return [html.P(words, className="trends-note")]


def _table(texts: Texts, answer: BottlenecksAnswer, chosen: BottleneckRow) -> html.Div:
    wording = texts["trends_bouchons"]
    columns = [
        Column(name, wording[f"column_{name}"], is_number=is_number, width_px=width_px)
        for name, is_number, width_px in _COLUMNS
    ]
    rows = [_cells(texts, rank, row) for rank, row in enumerate(answer.rows, start=1)]
    label = wording["heading"]
    return build_sortable_table(
        texts, GRID_ID, columns, rows, label, chosen=Chosen("head", chosen.head)
    )


def _cells(texts: Texts, rank: int, row: BottleneckRow) -> dict[str, Any]:
    way, _, road, *_ = map(str, row.where)
    name, written = texts["local_name"].get(road, road), formats(texts)

    def number(column: str, value: float, digits: int = 0) -> dict[str, Any]:
        return cell(column, round(value, digits), written.number(value, digits))

    return {
        "head": row.head,
        "place": road_words(texts, row.where),
        "road": name,
        "direction": texts["stretch_way"][way].format(road=name).removeprefix(name).strip(),
        "hours": often_hours(texts, row),
        **number("rank", rank),
        **number("days", row.days),
        **number("longest", row.longest_m / _METRES_PER_KM, 1),
        **number("length", row.mean_length_m / _METRES_PER_KM, 1),
        **number("duration", row.mean_duration_s / _SECONDS_PER_MINUTE),
        **number("lost", row.lost_s / _SECONDS_PER_MINUTE),
    }


def _figure(graph_id: str, title: str, figure: dict[str, Any], label: str) -> html.Div:
    return html.Div([html.H3(title), build_figure(graph_id, figure, label, "trends-small-graph")])


def _hours_figure(texts: Texts, shares: Sequence[float | None]) -> dict[str, Any]:
    ticks = list(range(0, _HOURS, _TICK_HOURS))
    layout = _bars_layout(texts, texts["trends_bouchons"]["frequency_unit"])
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1]}
    layout["xaxis"] |= {
        "tickvals": ticks,
        "ticktext": [clock_words(texts, hour) for hour in ticks],
        "range": [-0.5, _HOURS - 0.5],
    }
    hover = "%{x} h : %{y:.0%}<extra></extra>"
    return {"data": [_bars(list(range(_HOURS)), list(shares), hover)], "layout": layout}


def _history_figure(texts: Texts, history: Sequence[QueueDay]) -> dict[str, Any]:
    days = [one.day.isoformat() for one in history]
    lost = [round(one.lost_s / _SECONDS_PER_MINUTE, 1) for one in history]
    layout = _bars_layout(texts, texts["trends_bouchons"]["history_unit"])
    layout["xaxis"] |= {"type": "date", "tickformat": "%d/%m", "nticks": 6}
    return {"data": [_bars(days, lost, "%{x|%d/%m/%Y} : %{y}<extra></extra>")], "layout": layout}


def _bars(across: list[Any], values: list[Any], hover: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": across,
        "y": values,
        "marker": {"color": LINES[0]},
        "hovertemplate": hover,
    }


def _bars_layout(texts: Texts, unit: str) -> dict[str, Any]:
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 12, "t": 8, "b": 36},
        "bargap": 0.15,
        "dragmode": False,
        "separators": texts["trends"]["separators"],
        "font": {"family": "system-ui, sans-serif", "color": MUTED},
        "xaxis": {"showgrid": False, "fixedrange": True},
        "yaxis": {"title": {"text": unit}, "rangemode": "tozero", "fixedrange": True},
    }


def _history_table(texts: Texts, history: Sequence[QueueDay]) -> html.Details:
    wording, written = texts["trends_bouchons"], formats(texts)
    rows = [
        wording["history_of"].format(
            day=written.day(one.day),
            first=clock_words(texts, one.from_hour),
            last=clock_words(texts, one.to_hour),
            length=kilometres_words(texts, one.length_m),
            lost=minutes_words(texts, one.lost_s),
        )
        for one in history
    ]
    return html.Details([html.Summary(wording["history"]), html.Ul([html.Li(row) for row in rows])])
