"""What a report by mail says: a period at a place, against the period before it.

The figures are those of ``/tendances``: as its views define them, with their sources there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, Final

from services.base.texts import Texts, formats
from services.plain.trends.before_after import BeforeAfterAnswer, PlaceChange
from services.plain.trends.bottlenecks import BottlenecksAnswer
from services.plain.trends.cost import CostAnswer
from services.plain.trends.reliability import (
    Indices,
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
)
from services.traffic.stretch_wording import words_of_parts

_SHOWN: Final = 3
_DECIMALS: Final = 2


@dataclass(frozen=True)
class ReportFigures:
    """What the archive answered; a part is None where it has no answer.

    Attributes
    ----------
    now, before : ReliabilityAnswer
        Of the period, and of the one before it.
    cost, cost_before : CostAnswer or None
    change : BeforeAfterAnswer or None
        From the period before to this one, by day.
    bottlenecks : BottlenecksAnswer or None
    """

    now: ReliabilityAnswer
    before: ReliabilityAnswer
    cost: CostAnswer | None = None
    cost_before: CostAnswer | None = None
    change: BeforeAfterAnswer | None = None
    bottlenecks: BottlenecksAnswer | None = None


@dataclass(frozen=True)
class ReportMail:
    """A mail: its title, the same as text and as HTML."""

    title: str
    text: str
    html: str


@dataclass(frozen=True)
class ReportSubject:
    """What a report is about.

    Attributes
    ----------
    place : str
        In words.
    period : str
        ``week`` or ``month``.
    url : str
        Of the page that shows it, to be printed.
    is_simulated : bool
        Whether it is of simulated traffic.
    """

    place: str
    period: str
    first: date
    last: date
    url: str
    is_simulated: bool


_Section = tuple[str, Sequence[str]]
"""A heading and its lines."""


def report_mail(subject: ReportSubject, figures: ReportFigures, texts: Texts) -> ReportMail:
    """A report."""
    wording = texts["report"]
    sections = [
        (wording["observed_title"], [_observed(figures, texts)]),
        *_parts(figures, texts),
        (wording["lost_title"], list(_lost(figures, texts))),
        (wording["days_title"], list(_worst_days(figures, texts))),
        (wording["hours_title"], list(_worst_hours(figures, texts))),
        (wording["bottlenecks_title"], list(_bottlenecks(figures, texts))),
    ]
    return _mail(subject, [section for section in sections if section[1]], texts)


def refusal_mail(subject: ReportSubject, reason: str, texts: Texts) -> ReportMail:
    """Instead of a report that cannot be: why.

    Parameters
    ----------
    reason : str
        A key of the texts ``trends_problem``.
    """
    told = texts["trends_problem"].get(reason, reason)
    return _mail(subject, [(texts["report"]["refused"], [str(told)])], texts)


def _mail(subject: ReportSubject, sections: Sequence[_Section], texts: Texts) -> ReportMail:
    wording, written = texts["report"], formats(texts)
    days = str(wording["days"]).format(
        first=written.day(subject.first), last=written.day(subject.last)
    )
    title = str(wording[f"title_{subject.period}"]).format(place=subject.place, days=days)
    if subject.is_simulated:
        title = f"[{texts['traffic_rules']['simulated_mark']}] {title}"
        sections = [(texts["traffic_rules"]["simulated"], []), *sections]
    more, asked = str(wording["more"]), str(wording["asked"])
    lines = [title]
    for heading, content in sections:
        lines += ["", heading, *(f"- {line}" for line in content)]
    lines += ["", f"{more} {subject.url}", "", asked]
    return ReportMail(title, "\n".join(lines), _html(title, sections, (more, subject.url), asked))


def _html(title: str, sections: Sequence[_Section], more: tuple[str, str], asked: str) -> str:
    told, url = more
    parts = [f"<h1>{escape(title)}</h1>"]
    for heading, content in sections:
        parts.append(f"<h2>{escape(heading)}</h2>")
        items = "".join(f"<li>{escape(line)}</li>" for line in content)
        parts.append(f"<ul>{items}</ul>" if items else "")
    link = f'<a href="{escape(url, quote=True)}">{escape(url)}</a>'
    parts += [f"<p>{escape(told)} {link}</p>", f"<p>{escape(asked)}</p>"]
    return "".join(parts)


def _observed(figures: ReportFigures, texts: Texts) -> str:
    wording, now, before = texts["report"], figures.now, figures.before
    return str(wording["observed"]).format(
        days=now.observed_days,
        of=now.observed_days + now.lacking_days,
        before=before.observed_days,
        of_before=before.observed_days + before.lacking_days,
    )


def _parts(figures: ReportFigures, texts: Texts) -> Iterator[_Section]:
    """Each part of the week: times where one drives it, and the indices."""
    if not figures.now.places:
        return
    place = figures.now.places[0]
    earlier = {part.part: part for part in _place_parts(figures.before.places)}
    for part in place.parts:
        name = texts["report_part"][part.part]
        if part.indices is None:
            yield name, [texts["report_untold"][part.untold or "never"]]
        else:
            before = _indices_of(earlier.get(part.part))
            yield name, _indices(part.indices, before, place, texts)


def _place_parts(places: Sequence[PlaceReliability]) -> Sequence[PartReliability]:
    return places[0].parts if places else ()


def _indices_of(part: PartReliability | None) -> Indices | None:
    return None if part is None else part.indices


def _indices(
    now: Indices, before: Indices | None, place: PlaceReliability, texts: Texts
) -> list[str]:
    wording, written = texts["report"], formats(texts)

    def told(name: str, write: Callable[[float], str]) -> str:
        value = write(getattr(now, name))
        earlier = None if before is None else write(getattr(before, name))
        return _beside(str(wording[name]).format(value=value), earlier, wording)

    def index(value: float) -> str:
        return written.number(value, _DECIMALS)

    parts = []
    # Of a zone times only compare with each other.
    if place.is_route:
        parts += [told("mean_s", written.duration), told("p95_s", written.duration)]
    parts += [
        told("travel_time_index", index),
        told("planning_time_index", index),
        told("buffer_index", written.percent),
        told("lottr", index),
        wording["reliable" if now.is_reliable else "unreliable"],
    ]
    return parts


def _beside(told: str, earlier: str | None, wording: Mapping[str, Any]) -> str:
    """A figure, with what it was in the period before where that is known."""
    return told if earlier is None else f"{told} {wording['before'].format(value=earlier)}"


def _lost(figures: ReportFigures, texts: Texts) -> Iterator[str]:
    cost, before = figures.cost, figures.cost_before
    if cost is None:
        return
    wording, written = texts["report"], formats(texts)
    told: list[tuple[str, float | None, float | None, Callable[[float], str]]] = [
        (
            "lost_route" if cost.is_route else "lost_area",
            cost.mean_s,
            None if before is None else before.mean_s,
            written.duration,
        ),
        (
            "jam",
            cost.jam_km_hours,
            None if before is None else before.jam_km_hours,
            written.significant,
        ),
    ]
    for name, value, earlier, write in told:
        if value is not None:
            line = str(wording[name]).format(value=write(value))
            yield _beside(line, None if earlier is None else write(earlier), wording)


def _worst_days(figures: ReportFigures, texts: Texts) -> Iterator[str]:
    """The days of the highest means, from 6 to 20 h, and the change where it is told."""
    change = None if figures.change is None or not figures.change.places else figures.change
    if change is None:
        return
    place = change.places[0]
    written = formats(texts)
    found = sorted(zip(place.after.values, place.after.days, strict=True), reverse=True)
    first = texts["calendar"]["first_day"]
    for value, day in found[:_SHOWN]:
        yield f"{written.long_day(day, first)} – {_written(place, value, texts)}"
    if place.change is not None:
        name = "beyond_chance" if place.change.is_beyond_chance else "within_chance"
        yield str(texts["report"][name]).format(
            before=_written(place, place.change.before, texts),
            after=_written(place, place.change.after, texts),
        )


def _written(place: PlaceChange, value: float, texts: Texts) -> str:
    written = formats(texts)
    if place.unit == "s":
        return written.duration(value)
    return str(texts["report"]["times_free"]).format(value=written.number(value, _DECIMALS))


def _worst_hours(figures: ReportFigures, texts: Texts) -> Iterator[str]:
    """The hours at which one who leaves on a working day loses the most."""
    if figures.cost is None:
        return
    wording, written = texts["report"], formats(texts)
    hours = enumerate(figures.cost.working_days)
    found = sorted((lost_s, -hour) for hour, lost_s in hours if lost_s is not None and lost_s > 0)
    for lost_s, hour in reversed(found[-_SHOWN:]):
        yield str(wording["hour"]).format(hour=-hour, lost=written.duration(lost_s))


def _bottlenecks(figures: ReportFigures, texts: Texts) -> Iterator[str]:
    if figures.bottlenecks is None:
        return
    written = formats(texts)
    for row in figures.bottlenecks.rows[:_SHOWN]:
        days = written.counted(texts["report"]["bottleneck_days"], row.days)
        yield str(texts["report"]["bottleneck"]).format(
            where=words_of_parts(row.where, texts),
            days=days,
            duration=written.duration(row.mean_duration_s),
        )
