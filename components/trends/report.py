"""A report of a place over a period, on screen as it will be on paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_paragraphs, build_table
from components.trends.bottlenecks import often_hours
from components.trends.curve import measured_words
from components.trends.figure import LINES, band, build_figure, layout_of, line
from components.trends.marks import happened_words
from components.trends.reliability import build_parts, headline
from components.trends.week import described as week_described
from components.trends.week import week_figure
from components.trends.words import clock_words, kilometres_words, minutes_words, time_words
from services.base.texts import Texts, formats, road_words
from services.plain.trends.days import DaysAnswer, DayValue
from services.plain.trends.marks import Mark
from services.plain.trends.report import MeanDay, ReportAnswer

_DAY_ID: Final = "trends-report-day"
_WEEK_ID: Final = "trends-report-week"
_DAYS_ID: Final = "trends-report-days"
_QUARTERS_PER_HOUR: Final = 4
_SECONDS_PER_MINUTE: Final = 60
_CLOCK: Final = tuple(
    f"{place // _QUARTERS_PER_HOUR:02d}:{place % _QUARTERS_PER_HOUR * 15:02d}"
    for place in range(24 * _QUARTERS_PER_HOUR)
)
_OFF: Final = ("weekend", "public_holiday")


@dataclass(frozen=True)
class ReportFrame:
    """What a report says besides its figures.

    Attributes
    ----------
    place : str
        In words.
    period : str
        In words.
    source : str
        Where the data are from, with their licence.
    dataset_url, licence_url : str
    network_version : str
    is_simulated : bool
    local : callable
        A moment by the city's clock.
    """

    place: str
    period: str
    source: str
    dataset_url: str
    licence_url: str
    network_version: str
    is_simulated: bool
    local: Callable[[datetime], datetime]


def build_report(texts: Texts, answer: ReportAnswer, frame: ReportFrame) -> Sequence[Component]:
    """All of it, a card each."""
    wording = texts["trends_rapport"]
    return [
        html.Div(
            [
                _head(texts, answer, frame),
                _figures(texts, answer, frame),
                _day(texts, answer),
                _week(texts, answer),
                _days(texts, answer),
                _bottlenecks(texts, answer),
                _marks(texts, answer, frame),
                build_card(
                    wording["definitions"],
                    *build_paragraphs(texts["trends_fiabilite"]["explain"]),
                    *build_paragraphs(wording["definitions_text"]),
                ),
                _sources(texts, frame),
            ],
            className="trends-report",
        )
    ]


def _head(texts: Texts, answer: ReportAnswer, frame: ReportFrame) -> html.Section:
    wording, found = texts["trends_rapport"], answer.reliability
    observed = wording["observed"].format(observed=found.observed_days, lacking=found.lacking_days)
    made_at = frame.local(answer.made_at)
    made = wording["made"].format(
        day=formats(texts).day(made_at.date()), time=_clock(texts, made_at)
    )
    simulated = [html.P(wording["simulated"], className="trends-simulated")]
    return build_card(
        wording["title"].format(place=frame.place),
        html.P(frame.period, className="trends-described"),
        *(simulated if frame.is_simulated else []),
        html.P(f"{observed} {made}", className="trends-note"),
    )


def _figures(texts: Texts, answer: ReportAnswer, frame: ReportFrame) -> html.Section:
    [place] = answer.reliability.places
    return build_card(
        texts["trends_fiabilite"]["heading"],
        html.P(headline(texts, place), className="trends-described"),
        build_parts(texts, place, frame.place),
    )


def _day(texts: Texts, answer: ReportAnswer) -> html.Section:
    wording = texts["trends_rapport"]
    title = wording["day"].format(measure=texts["trends_courbe"][f"measure_{answer.measure}"])
    words = _day_words(texts, answer, answer.working_days)
    return build_card(
        title,
        build_figure(_DAY_ID, day_figure(texts, answer), f"{title}. {words}"),
        html.P(words, className="trends-described"),
        html.P(
            wording["day_note"].format(
                working=answer.working_days.days, other=answer.other_days.days
            ),
            className="trends-note",
        ),
    )


def day_figure(texts: Texts, answer: ReportAnswer) -> dict[str, Any]:
    """The mean working day over its band, and the mean of the other days."""
    wording, working = texts["trends_rapport"], answer.working_days
    times = [time_words(texts, time) for time in _CLOCK]
    lines = [
        line(times, answer.other_days.mean, wording["other_days"], LINES[1], "dash"),
        line(times, working.mean, wording["working_days"], LINES[0], "solid"),
    ]
    unit = texts["trends_courbe"][f"unit_{answer.measure}"]
    return {
        "data": [*band(times, working.low, working.high, wording["band"]), *lines],
        "layout": layout_of(texts, _CLOCK, unit),
    }


def _day_words(texts: Texts, answer: ReportAnswer, day: MeanDay) -> str:
    wording = texts["trends_rapport"]
    told = [(value, place) for place, value in enumerate(day.mean) if value is not None]
    if not told:
        return str(wording["none"])
    value, place = max(told)
    value_words = measured_words(texts, answer.measure, value)
    return str(wording["day_described"]).format(
        value=value_words, time=time_words(texts, _CLOCK[place])
    )


def _week(texts: Texts, answer: ReportAnswer) -> html.Section:
    title = texts["trends_rapport"]["week"]
    words = week_described(texts, answer.week)
    return build_card(
        title,
        build_figure(_WEEK_ID, week_figure(texts, answer.week), f"{title}. {words}"),
        html.P(words, className="trends-described"),
    )


def _days(texts: Texts, answer: ReportAnswer) -> html.Section:
    wording = texts["trends_rapport"]
    words = _days_words(texts, answer.days)
    return build_card(
        wording["days"],
        build_figure(_DAYS_ID, days_figure(texts, answer.days), f"{wording['days']}. {words}"),
        html.P(words, className="trends-described"),
        html.P(wording["days_note"], className="trends-note"),
    )


def days_figure(texts: Texts, answer: DaysAnswer) -> dict[str, Any]:
    """A bar for each day; those off are hatched."""
    wording = texts["trends_rapport"]
    kinds = ((False, "working_days", LINES[0], ""), (True, "other_days", LINES[1], "/"))
    traces = [
        {
            "type": "bar",
            "name": wording[name],
            "x": [one.day.isoformat() for one in _of_kind(answer, is_off)],
            "y": [one.value for one in _of_kind(answer, is_off)],
            "marker": {"color": colour, "pattern": {"shape": shape}},
            "hovertemplate": "%{x|%d/%m/%Y} : %{y}<extra></extra>",
        }
        for is_off, name, colour, shape in kinds
    ]
    layout = layout_of(texts, [], texts["trends_courbe"][f"unit_{answer.measure}"])
    layout["xaxis"] = {"type": "date", "tickformat": "%d/%m", "showgrid": False}
    return {"data": traces, "layout": layout | {"bargap": 0.15, "hovermode": "closest"}}


def _of_kind(answer: DaysAnswer, is_off: bool) -> list[DayValue]:
    return [one for one in answer.days if (one.kind in _OFF) == is_off]


def _days_words(texts: Texts, answer: DaysAnswer) -> str:
    wording, written = texts["trends_rapport"], formats(texts)
    told = [(one.value, one.day) for one in answer.days if one.value is not None]
    if not told:
        return str(wording["none"])
    (high, worst), (low, best) = max(told), min(told)
    return str(wording["days_described"]).format(
        worst=written.day(worst),
        high=measured_words(texts, answer.measure, high),
        best=written.day(best),
        low=measured_words(texts, answer.measure, low),
    )


def _bottlenecks(texts: Texts, answer: ReportAnswer) -> html.Section:
    wording = texts["trends_rapport"]
    if not answer.bottlenecks:
        return build_card(wording["bottlenecks"], html.P(wording["no_bottlenecks"]))
    rows = [
        [
            road_words(texts, row.where),
            str(row.days),
            often_hours(texts, row),
            kilometres_words(texts, row.mean_length_m),
            minutes_words(texts, row.mean_duration_s),
            minutes_words(texts, row.lost_s),
        ]
        for row in answer.bottlenecks
    ]
    columns = ("place", "on_days", "hours", "length", "duration", "lost")
    heads = [wording[name] for name in columns]
    note = wording["bottlenecks_note"].format(
        shown=len(rows), found=formats(texts).number(answer.bottlenecks_found)
    )
    return build_card(
        wording["bottlenecks"],
        build_table(heads, rows, wording["bottlenecks"]),
        html.P(note, className="trends-note"),
    )


def _marks(texts: Texts, answer: ReportAnswer, frame: ReportFrame) -> html.Section:
    wording = texts["trends_rapport"]
    if not answer.marks:
        return build_card(wording["marks"], html.P(wording["no_marks"]))
    rows = [
        html.Li(f"{_when(texts, mark, frame.local)} – {happened_words(texts, mark)}")
        for mark in answer.marks
    ]
    left_out = formats(texts).counted(texts["trends_marks"]["more"], answer.marks_left_out)
    return build_card(
        wording["marks"],
        html.Ul(rows, className="trends-report-marks"),
        *([html.P(left_out, className="trends-note")] if answer.marks_left_out else []),
    )


def _when(texts: Texts, mark: Mark, local: Callable[[datetime], datetime]) -> str:
    """From when until when; whole days by their dates alone."""
    wording, written = texts["trends_rapport"], formats(texts)
    start, end = local(mark.start), local(mark.end)
    if start.time() == end.time() == time(0) and start < end:
        first, last = written.day(start.date()), written.day(_day_before(end.date()))
        return first if first == last else str(wording["span"]).format(first=first, last=last)
    first = f"{written.day(start.date())} {_clock(texts, start)}"
    if start == end:
        return first
    if mark.lasts:
        return str(wording["since"]).format(first=first)
    same_day = start.date() == end.date()
    last = _clock(texts, end) if same_day else f"{written.day(end.date())} {_clock(texts, end)}"
    return str(wording["span_times"]).format(first=first, last=last)


def _clock(texts: Texts, at: datetime) -> str:
    return clock_words(texts, at.hour + at.minute / 60)


def _day_before(day: date) -> date:
    return day - timedelta(days=1)


def _sources(texts: Texts, frame: ReportFrame) -> html.Section:
    wording = texts["trends_rapport"]
    return build_card(
        wording["sources"],
        html.P(frame.source),
        html.P(
            [
                html.A(frame.dataset_url, href=frame.dataset_url),
                " · ",
                html.A(frame.licence_url, href=frame.licence_url),
            ]
        ),
        html.P(wording["network"].format(version=frame.network_version), className="trends-note"),
    )
