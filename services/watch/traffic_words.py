"""Rules on the traffic, and what becomes of them, in words: for messages and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from services.base.formats import typeset
from services.base.texts import Texts, formats, load_texts
from services.city.city import City
from services.operations.tables import Incident
from services.plain.places_now import PlaceNow
from services.plain.trends.address import trends_url
from services.plain.trends.asking import view_of
from services.plain.trends.curve import CurveQuery, Measure
from services.watch.messages import Change, Message, written_value
from services.watch.traffic_rules import TrafficRule

SIMULATED = "demo"
"""The subject of an alert about simulated traffic; of others it is ``live``."""


def place_words(rule: TrafficRule, words: Mapping[str, str], texts: Texts) -> str:
    """What people call the place of a rule; as the rule names it where nobody has told.

    Parameters
    ----------
    words : mapping
        By language, as the worker told; empty before it has.
    """
    language = texts["language"]["code"]
    if language in words:
        return words[language]
    if rule.zone is not None:
        return str(texts["zone"].get(rule.zone, rule.zone))
    return str(rule.corridor or rule.stretch)


def condition_words(rule: TrafficRule, texts: Texts) -> str:
    """From when on it is broken: *plus de 20 min*."""
    limit = written_value(formats(texts), rule.threshold, rule.unit)
    return str(texts["traffic_rules"][rule.condition]).format(limit=limit)


def when_words(rule: TrafficRule, texts: Texts) -> str:
    """When it is judged: *de 07:00 à 09:00, jours ouvrés*; empty where that is always."""
    wording, written = texts["traffic_rules"], formats(texts)
    parts = []
    if rule.hours is not None:
        parts.append(str(wording["hours"]).format(start=rule.hours[0], end=rule.hours[1]))
    if isinstance(rule.days, tuple):
        parts.append(", ".join(written.weekday(day) for day in rule.days))
    elif rule.days != "all":
        parts.append(wording[f"days_{rule.days}"])
    return ", ".join(parts)


def rule_summary(rule: TrafficRule, words: Mapping[str, str], texts: Texts) -> str:
    """What a rule is about: as its file says, else made of what it states.

    Parameters
    ----------
    words : mapping
        As of :func:`place_words`.
    """
    language = texts["language"]["code"]
    if rule.summary:
        told = rule.summary.get(language) or next(iter(rule.summary.values()))
        return typeset(told, language)
    said = str(texts["traffic_rules"]["summary"]).format(
        place=place_words(rule, words, texts), condition=condition_words(rule, texts)
    )
    return ", ".join(filter(None, (said, when_words(rule, texts))))


def traffic_message(
    changes: Sequence[Change[TrafficRule]],
    place_of: Callable[[TrafficRule], PlaceNow | None],
    language: str,
    site_url: str,
    city: City,
    *,
    has_history: bool,
) -> Message:
    """One message about some alerts: of the traffic, and no fault of the application.

    Parameters
    ----------
    changes : sequence of Change
        At least one.
    language : str
        One of ``services.base.texts.languages``.
    site_url : str
        Where the map is.
    city : City
        Whose clock times are of.
    has_history : bool
        Whether Tendances shows it.
    """
    texts = load_texts(language)
    words = texts["traffic_rules"]
    lines = [_line(change, place_of(change.rule), texts, city) for change in changes]
    if any(change.incident.subject == SIMULATED for change in changes):
        lines.append(words["simulated"])
    urls = [
        _page(change, place_of(change.rule) if has_history else None, site_url, texts, city)
        for change in changes
    ]
    lines += [words["link"].format(link=url) for url in dict.fromkeys(urls)]
    return Message(_title(changes, place_of, texts), "\n".join(lines))


def ending_words(incident: Incident, texts: Texts) -> str:
    """Why an alert is over; empty where the value is well again."""
    known = {"", "cleared"}
    return "" if incident.ending in known else str(texts["alert_ending"][incident.ending])


def _page(
    change: Change[TrafficRule], place: PlaceNow | None, site_url: str, texts: Texts, city: City
) -> str:
    """The curve of the place on the day on which the alert began; else the map."""
    if place is None or not place.key:
        return site_url
    asked = {
        "vue": view_of(CurveQuery),
        "lieu": place.key,
        "jour": city.local(change.incident.started_at).date().isoformat(),
    }
    measure: Measure = "congestion" if change.rule.zone is not None else "time"
    return trends_url(
        site_url, {**asked, "mesure": measure, "lang": str(texts["language"]["code"])}
    )


def _title(
    changes: Sequence[Change[TrafficRule]],
    place_of: Callable[[TrafficRule], PlaceNow | None],
    texts: Texts,
) -> str:
    words = texts["traffic_rules"]
    # What is not real has to be seen before the message is opened.
    is_simulated = all(change.incident.subject == SIMULATED for change in changes)
    mark = f"[{words['simulated_mark']}] " if is_simulated else ""
    if len(changes) > 1:
        return mark + str(words["title_several"]).format(count=len(changes))
    [change] = changes
    state = words["over" if change.is_over else "fired"]
    summary = rule_summary(change.rule, _words(place_of(change.rule)), texts)
    return f"{mark}[{state}] {words['title_one'].format(summary=summary)}"


def _line(change: Change[TrafficRule], place: PlaceNow | None, texts: Texts, city: City) -> str:
    rule, incident, words = change.rule, change.incident, texts["traffic_rules"]
    written = formats(texts)
    mark = f"{words['simulated_mark']} · " if incident.subject == SIMULATED else ""
    ending = ending_words(incident, texts)
    name = "line_fired"
    if change.is_over:
        name = "line_ended" if ending else "line_cleared"
    lasted = max((incident.ended_at or incident.fired_at) - incident.started_at, timedelta(0))
    line = str(words[name]).format(
        summary=rule_summary(rule, _words(place), texts),
        value=written_value(written, incident.peak, incident.unit),
        limit=written_value(written, incident.threshold, incident.unit),
        usual=_usual(rule, place, texts),
        since=written.moment(city.local(incident.started_at)),
        duration=written.duration(lasted.total_seconds()),
        reason=ending,
    )
    return mark + line


def _words(place: PlaceNow | None) -> Mapping[str, str]:
    return {} if place is None else place.words


def _usual(rule: TrafficRule, place: PlaceNow | None, texts: Texts) -> str:
    """What is usual beside a travel time, where that is known."""
    if place is None or place.usual_s is None or rule.condition == "congestion_above":
        return ""
    usual = formats(texts).duration(place.usual_s)
    return str(texts["traffic_rules"]["usual"]).format(usual=usual)
