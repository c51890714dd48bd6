"""What people are told: one message for all incidents that changed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from services.base.formats import Formats, typeset
from services.base.texts import Texts, formats, load_texts
from services.city.city import City
from services.operations.tables import Incident
from services.watch.rules import Rule
from services.watch.runbooks import runbook_path

R = TypeVar("R")


@dataclass(frozen=True)
class Change(Generic[R]):
    """An incident that has just fired, or is over."""

    rule: R
    incident: Incident
    is_over: bool


@dataclass(frozen=True)
class Message:
    """What is sent.

    Attributes
    ----------
    html : str
        The same for channels that show it, such as mail; empty where there is none.
    """

    title: str
    body: str
    html: str = ""


def message_of(
    changes: Sequence[Change[Rule]], language: str, page_url: str, city: City
) -> Message:
    """One message about some incidents.

    Parameters
    ----------
    changes : sequence of Change
        At least one.
    language : str
        One of ``services.base.texts.languages``.
    page_url : str
        Where the incidents are shown.
    city : City
        Whose clock times are of.
    """
    texts = load_texts(language)
    words = texts["message"]
    lines = [_line(change, texts, city) for change in changes]
    runbooks = dict.fromkeys(change.rule.runbook_name for change in changes if not change.is_over)
    lines += [words["runbook"].format(runbook=runbook_path(name, language)) for name in runbooks]
    lines.append(words["link"].format(link=page_url))
    return Message(_title(changes, texts), "\n".join(lines))


def written_value(written: Formats, value: float, unit: str) -> str:
    """A value with its unit, as people read it.

    >>> written = formats(load_texts("en"))
    >>> [written_value(written, *shown) for shown in ((0.012, "%"), (21.0, ""))]
    ['1.2%', '21']
    """
    if unit == "s":
        return written.duration(value)
    if unit == "%":
        return written.percent(value, None)
    if unit == "MB":
        return written.megabytes(value)
    return written.significant(value)


def _title(changes: Sequence[Change[Rule]], texts: Texts) -> str:
    words = texts["message"]
    if len(changes) > 1:
        return str(words["title_several"]).format(count=len(changes))
    [change] = changes
    state = "cleared" if change.is_over else "fired"
    title = str(words["title_one"]).format(summary=summary_of(change.rule, texts))
    return f"[{words[state]}] {title}"


def summary_of(rule: Rule, texts: Texts) -> str:
    """What a rule is about, in the language of the texts; in another where the rule has it not."""
    language = texts["language"]["code"]
    return typeset(rule.summary.get(language) or next(iter(rule.summary.values())), language)


def _line(change: Change[Rule], texts: Texts, city: City) -> str:
    rule, incident, words = change.rule, change.incident, texts["message"]
    written = formats(texts)
    values = {
        "severity": words[incident.severity],
        "summary": summary_of(rule, texts),
        "subject": f" ({incident.about})" if incident.about else "",
        "value": written_value(written, incident.peak, incident.unit),
        "threshold": written_value(written, incident.threshold, incident.unit),
        "since": written.moment(city.local(incident.started_at)),
        "duration": written.duration(_lasted(incident).total_seconds()),
    }
    return str(words["line_cleared" if change.is_over else "line_fired"]).format(**values)


def _lasted(incident: Incident) -> timedelta:
    return max((incident.ended_at or incident.fired_at) - incident.started_at, timedelta(0))
