"""What people are told: one message for all incidents that changed together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from services.base.formats import Formats, formats_of, typeset
from services.operations import Incident
from services.watch.rules import Language, Rule
from services.watch.runbooks import runbook_path

Texts = Mapping[str, str]

_TEXTS: Final = Path(__file__).with_name("messages.toml")


@dataclass(frozen=True)
class Change:
    """An incident that has just fired, or is over."""

    rule: Rule
    incident: Incident
    is_over: bool


@dataclass(frozen=True)
class Message:
    """What is sent."""

    title: str
    body: str


@cache
def texts_of(language: Language) -> Texts:
    """The texts of a language."""
    content = tomllib.loads(_TEXTS.read_text("utf-8"))
    return {name: typeset(text, language) for name, text in content[language].items()}


def message_of(changes: Sequence[Change], language: Language, page_url: str) -> Message:
    """One message about some incidents.

    Parameters
    ----------
    changes : sequence of Change
        At least one.
    language : {"fr", "en"}
    page_url : str
        Where the incidents are shown.
    """
    texts = texts_of(language)
    lines = [_line(change, texts, language) for change in changes]
    runbooks = dict.fromkeys(change.rule.runbook_name for change in changes if not change.is_over)
    lines += [texts["runbook"].format(runbook=runbook_path(name, language)) for name in runbooks]
    lines.append(texts["link"].format(link=page_url))
    return Message(_title(changes, texts, language), "\n".join(lines))


def written_value(formats: Formats, value: float, unit: str) -> str:
    """A value with its unit, as people read it.

    >>> [written_value(formats_of("en-GB"), *shown) for shown in ((0.012, "%"), (21.0, ""))]
    ['1.2%', '21']
    """
    if unit == "s":
        return formats.duration(value)
    if unit == "%":
        return formats.percent(value, None)
    if unit == "MB":
        return formats.megabytes(value)
    return formats.significant(value)


def _title(changes: Sequence[Change], texts: Texts, language: Language) -> str:
    if len(changes) > 1:
        return texts["title_several"].format(count=len(changes))
    [change] = changes
    state = "cleared" if change.is_over else "fired"
    return f"[{texts[state]}] " + texts["title_one"].format(
        summary=summary_of(change.rule, language)
    )


def summary_of(rule: Rule, language: Language) -> str:
    """What a rule is about, in a language."""
    return typeset(rule.summary_fr if language == "fr" else rule.summary_en, language)


def _line(change: Change, texts: Texts, language: Language) -> str:
    rule, incident = change.rule, change.incident
    formats = formats_of(texts["locale"])
    values = {
        "severity": texts[incident.severity],
        "summary": summary_of(rule, language),
        "subject": f" ({incident.subject})" if incident.subject else "",
        "value": written_value(formats, incident.peak, incident.unit),
        "threshold": written_value(formats, incident.threshold, incident.unit),
        "since": formats.moment(incident.started_at),
        "duration": formats.duration(_lasted(incident).total_seconds()),
    }
    return texts["line_cleared" if change.is_over else "line_fired"].format(**values)


def _lasted(incident: Incident) -> timedelta:
    return max((incident.ended_at or incident.fired_at) - incident.started_at, timedelta(0))
