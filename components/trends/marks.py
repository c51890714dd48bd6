"""What happened, as numbered marks on a figure over a day and as a list in words beneath it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from dash import html

from components.aria import aria
from components.trends.words import time_words
from services.base.texts import Texts, formats, road_words
from services.plain.trends.marks import Mark

# Marks nearer to each other than this, in steps of the axis, share a number's place.
_NEAR_STEPS: Final = 3.0
_QUARTER_S: Final = 900


def build_marks(
    texts: Texts,
    marks: Sequence[Mark],
    left_out: int,
    clock: Callable[[datetime], str],
) -> list[Any]:
    """The list; nothing where nothing happened.

    Parameters
    ----------
    clock : callable
        What the city's clock shows at a time of the day; "" on another day.
    """
    wording = texts["trends_marks"]
    if not marks:
        return []
    rows = [html.Li(mark_words(texts, mark, clock)) for mark in marks]
    more = formats(texts).counted(wording["more"], left_out)
    return [
        html.H3(wording["title"], className="trends-part"),
        html.Ol(rows, className="trends-marks", **aria(label=wording["title"])),
        *([html.P(more, className="trends-note")] if left_out else []),
    ]


def mark_words(texts: Texts, mark: Mark, clock: Callable[[datetime], str]) -> str:
    """A mark in words: when, what and where."""
    return f"{_when(texts, mark, clock)} – {happened_words(texts, mark)}"


def happened_words(texts: Texts, mark: Mark) -> str:
    """A mark in words, without its time."""
    wording = texts["trends_marks"]
    words = str(texts["trends_mark_kind"][mark.kind])
    if mark.kind == "event":
        words = f"{words}{texts['trends']['colon']} {road_words(texts, mark.where)}"
        if mark.delay_s:
            delay = formats(texts).duration(round(mark.delay_s / 60) * 60 or mark.delay_s)
            words = f"{words} ({wording['delay'].format(delay=delay)})"
        if mark.what:
            words = f"{words}. {wording['cause'].format(place=mark.what)}"
    elif mark.what:
        words = f"{words}{texts['trends']['colon']} {mark.what}"
    return str(words)


def _when(texts: Texts, mark: Mark, clock: Callable[[datetime], str]) -> str:
    wording = texts["trends_marks"]
    begins, ends = clock(mark.start), clock(mark.end)
    if mark.start == mark.end and begins:
        return time_words(texts, begins)
    if mark.lasts and begins and mark.kind == "event":
        return str(wording["since"]).format(start=time_words(texts, begins))
    if begins and ends:
        times = {"start": time_words(texts, begins), "end": time_words(texts, ends)}
        return str(wording["from_to"]).format(**times)
    if begins and begins != "00:00":
        return str(wording["since"]).format(start=time_words(texts, begins))
    if ends:
        return str(wording["until"]).format(end=time_words(texts, ends))
    return str(wording["all_day"])


def clock_of(start: datetime, clock: Sequence[str]) -> Callable[[datetime], str]:
    """What the clock of a day shows, by quarters of an hour.

    Parameters
    ----------
    start : datetime
        Its midnight, aware.
    clock : sequence of str
        At the beginning of each quarter.
    """

    def shown(at: datetime) -> str:
        seconds = (at - start).total_seconds()
        quarter = int(seconds // _QUARTER_S)
        if seconds < 0 or quarter >= len(clock):
            return ""
        hour, minute = clock[quarter].split(":")
        return f"{hour}:{int(minute) + int(seconds % _QUARTER_S) // 60:02d}"

    return shown


def lay_marks(
    figure: dict[str, Any], marks: Sequence[Mark], start: datetime, steps: int
) -> dict[str, Any]:
    """A figure over a day with the numbers of what began on it.

    Parameters
    ----------
    figure : dict
        Whose axis numbers the quarters of an hour.
    start : datetime
        Of the first one, aware.
    steps : int
        How many there are.
    """
    places = [(mark.start - start).total_seconds() / _QUARTER_S for mark in marks]
    began = sorted((x, number) for number, x in enumerate(places, 1) if 0 < x < steps)
    groups: list[list[tuple[float, int]]] = []
    for one in began:
        if groups and one[0] - groups[-1][0][0] < _NEAR_STEPS:
            groups[-1].append(one)
        else:
            groups.append([one])
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 1}}
    shapes = [{**line, "x0": x, "x1": x} for x, _ in began]
    numbers = [
        {
            "x": group[0][0],
            "y": 1,
            "yref": "paper",
            # Above it is the legend.
            "yanchor": "top",
            "text": ", ".join(str(number) for _, number in group),
            "showarrow": False,
            "bordercolor": "#78818f",
            "borderpad": 2,
            "bgcolor": "#ffffff",
        }
        for group in groups
    ]
    layout = {**figure["layout"], "shapes": shapes, "annotations": numbers}
    return {**figure, "layout": layout}
