"""How long a route takes by departure: a sentence, the best time to leave, and a curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_table
from components.trends.figure import LINES, MUTED, band, build_figure, layout_of, line
from components.trends.words import clock_words, kilometres_words, minutes_words
from services.base.texts import Texts
from services.plain.trends.trip import (
    Departure,
    TripAnswer,
    best_departure,
    departures,
)

GRAPH_ID: Final = "trends-trip"
_SECONDS_PER_MINUTE: Final = 60.0
# Departures that differ by less are alike: half a minute is told as none.
_ALIKE_S: Final = 30.0


def build_trip(
    texts: Texts,
    answer: TripAnswer,
    leave: float | None,
    window: tuple[float, float],
) -> Sequence[Component]:
    """The answer for one departure, for a window of them, and for the day.

    Parameters
    ----------
    leave : float or None
        When one leaves, hours of the city's clock; None for now, or where it is another day for
        the beginning of the window.
    window : pair of float
        Between which hours one could leave.
    """
    wording = texts["trends_trajet"]
    heading = wording["heading"]
    told = departures(answer)
    if not any(told) and not answer.closed:
        return [build_card(heading, html.P(wording["none"]), *_notes(texts, answer))]
    sentence = leave_words(texts, answer, leave, window)
    best = best_words(texts, answer, window)
    figure = trip_figure(texts, answer, window)
    return [
        build_card(
            heading,
            html.P(sentence, className="trends-answer"),
            html.P(best, className="trends-described"),
            build_figure(GRAPH_ID, figure, f"{sentence} {best}", "trends-graph trends-trip-graph"),
            *_notes(texts, answer),
            _numbers(texts, answer, told),
            html.P(wording["definition"], className="definition"),
        )
    ]


def leave_words(
    texts: Texts, answer: TripAnswer, leave: float | None, window: tuple[float, float]
) -> str:
    """What one departure takes: "partir à 8 h 15 : 14 min, habituel 11, jusqu'à 19 …"."""
    wording = texts["trends_trajet"]
    if leave is None and answer.now is not None:
        now = answer.now
        sentence = wording["leave_now"].format(duration=minutes_words(texts, now.duration_s))
        return _with_more(texts, sentence, now.usual_s, now.high_s)
    hour = window[0] if leave is None else leave
    place = _nearest(answer, hour)
    one, time = departures(answer)[place], clock_words(texts, answer.local_hours[place])
    if one is None:
        form = "leave_closed" if place in answer.closed else "leave_unknown"
        return str(wording[form]).format(time=time)
    sentence = wording[f"leave_{one.kind}"].format(
        time=time, duration=minutes_words(texts, one.duration_s)
    )
    return _with_more(texts, sentence, None if one.kind == "usual" else one.usual_s, one.high_s)


def best_words(texts: Texts, answer: TripAnswer, window: tuple[float, float]) -> str:
    """When it is best to leave within a window."""
    wording = texts["trends_trajet"]
    ends = {"first": clock_words(texts, window[0]), "last": clock_words(texts, window[1])}
    found = best_departure(answer, *window)
    if found is None:
        return str(wording["best_none"]).format(**ends)
    best, worst = found
    duration = minutes_words(texts, best.duration_s)
    if worst.duration_s - best.duration_s < _ALIKE_S:
        return str(wording["best_same"]).format(**ends, duration=duration)
    form = "best_driven" if best.kind == worst.kind == "driven" else "best"
    return str(wording[form]).format(
        **ends,
        time=clock_words(texts, best.local_hour),
        duration=duration,
        worst_time=clock_words(texts, worst.local_hour),
        worst=minutes_words(texts, worst.duration_s),
    )


def trip_figure(texts: Texts, answer: TripAnswer, window: tuple[float, float]) -> dict[str, Any]:
    """The times of a day by departure, over the band of what is usual; the window is shaded."""
    wording = texts["trends_trajet"]
    clock = [f"{int(hour):02d}:{round(hour % 1 * 60):02d}" for hour in answer.local_hours]
    times = [clock_words(texts, hour) for hour in answer.local_hours]

    def curve(values_s: Sequence[float | None], name: str, colour: str, dash: str) -> Any:
        return line(times, _minutes(values_s), wording[name], colour, dash)

    traces: list[dict[str, Any]] = []
    if any(value is not None for value in answer.usual_s):
        low, high = _minutes(answer.usual_low_s), _minutes(answer.usual_high_s)
        traces += band(times, low, high, wording["usual_band"])
        traces.append(curve(answer.usual_s, "usual", MUTED, "dot"))
    if answer.free_s is not None:
        traces.append(curve([answer.free_s] * len(clock), "free_line", LINES[2], "dashdot"))
    if answer.high_from is not None:
        traces.append(curve(answer.high_s, "high", LINES[3], "dash"))
        traces.append(curve(answer.forecast_s, "forecast", LINES[1], "dash"))
    if any(value is not None for value in answer.driven_s):
        traces.append(curve(answer.driven_s, "driven", LINES[0], "solid"))
    layout = layout_of(texts, clock, wording["unit"])
    inside = [_nearest(answer, hour) for hour in window]
    layout["shapes"] = [
        {
            "type": "rect",
            "yref": "paper",
            "x0": inside[0],
            "x1": inside[1],
            "y0": 0,
            "y1": 1,
            "line": {"width": 0},
            "fillcolor": "rgba(63, 122, 224, 0.10)",
            "layer": "below",
        }
    ]
    return {"data": traces, "layout": layout}


def _nearest(answer: TripAnswer, hour: float) -> int:
    """The departure that is the nearest to a time of the clock."""
    away = [abs(one - hour) for one in answer.local_hours]
    return away.index(min(away))


def _with_more(texts: Texts, sentence: str, usual_s: float | None, high_s: float | None) -> str:
    wording = texts["trends_trajet"]
    if usual_s is not None:
        usual = minutes_words(texts, usual_s)
        sentence = wording["with_usual"].format(sentence=sentence, usual=usual)
    if high_s is not None:
        high = minutes_words(texts, high_s)
        sentence = wording["with_high"].format(sentence=sentence, high=high)
    return f"{sentence}."


def _notes(texts: Texts, answer: TripAnswer) -> list[html.P]:
    wording = texts["trends_trajet"]
    has_usual = any(value is not None for value in answer.usual_s)
    notes = []
    if answer.free_s is not None:
        notes.append(
            wording["free"].format(
                length=kilometres_words(texts, answer.length_m),
                duration=minutes_words(texts, answer.free_s),
            )
        )
    rests_on = {
        (True, False): "usual_from",
        (True, True): "usual_from_holiday",
        (False, False): "no_usual",
        (False, True): "no_usual_holiday",
    }
    rests = wording[rests_on[has_usual, answer.is_holiday]]
    notes.append(rests.format(count=answer.usual_days))
    if answer.high_from is not None:
        notes.append(wording["nowcast" if answer.has_nowcast else "week"])
        notes.append(wording[f"high_{answer.high_from}"])
    if answer.is_simulated:
        notes.append(wording["simulated"])
    return [html.P(note, className="trends-note") for note in notes]


def _numbers(texts: Texts, answer: TripAnswer, told: Sequence[Departure | None]) -> html.Details:
    """Every hour in figures."""
    wording = texts["trends_trajet"]
    columns = [wording[name] for name in ("departure", "driven", "forecast", "high", "usual")]

    def cell(values_s: Sequence[float | None], place: int) -> str:
        value = values_s[place]
        return "—" if value is None else minutes_words(texts, value)

    shown = (answer.driven_s, answer.forecast_s, answer.high_s, answer.usual_s)
    rows = [
        [clock_words(texts, hour), *(cell(values_s, place) for values_s in shown)]
        for place, hour in enumerate(answer.local_hours)
        if hour % 1 == 0 and told[place] is not None
    ]
    return html.Details(
        [html.Summary(wording["numbers"]), build_table(columns, rows, wording["caption"])]
    )


def _minutes(values_s: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value / _SECONDS_PER_MINUTE, 1) for value in values_s]
