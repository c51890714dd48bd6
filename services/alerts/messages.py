"""What people are told: one message for all incidents that changed together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from services.alerts.rules import Language, Rule
from services.alerts.runbooks import runbook_path
from services.clock import to_paris
from services.operations import Incident

Texts = Mapping[str, str]

_TEXTS: Final = Path(__file__).with_name("messages.toml")
_BYTES_PER_MEGABYTE: Final = 1_048_576
_SECONDS_PER_MINUTE: Final = 60
_SECONDS_PER_HOUR: Final = 3_600


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
    texts: Texts = content[language]
    return texts


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


def written_value(value: float, unit: str) -> str:
    """A value with its unit, as people read it.

    >>> [written_value(0.523, "s"), written_value(640, "s"), written_value(0.012, "%")]
    ['523 ms', '10 min 40 s', '1.2 %']
    >>> [written_value(734003200, "MB"), written_value(21.0, ""), written_value(2.25, "")]
    ['700 MB', '21', '2.25']
    """
    if unit == "s":
        return written_duration(value)
    if unit == "%":
        return f"{100 * value:.3g} %"
    if unit == "MB":
        return f"{value / _BYTES_PER_MEGABYTE:.0f} MB"
    return f"{value:.4g}"


def written_duration(seconds: float) -> str:
    """A duration in the two units that matter.

    >>> [written_duration(s) for s in (0.25, 45, 60, 3900, 90_000)]
    ['250 ms', '45 s', '1 min', '1 h 5 min', '25 h']
    """
    if seconds < 1:
        return f"{1_000 * seconds:.3g} ms"
    whole = int(seconds)
    if whole < _SECONDS_PER_MINUTE:
        return f"{seconds:.3g} s"
    if whole < _SECONDS_PER_HOUR:
        parts = (whole // _SECONDS_PER_MINUTE, "min", whole % _SECONDS_PER_MINUTE, "s")
    else:
        minutes = whole % _SECONDS_PER_HOUR // _SECONDS_PER_MINUTE
        parts = (whole // _SECONDS_PER_HOUR, "h", minutes, "min")
    first, unit, rest, rest_unit = parts
    return f"{first} {unit} {rest} {rest_unit}" if rest else f"{first} {unit}"


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
    return rule.summary_fr if language == "fr" else rule.summary_en


def _line(change: Change, texts: Texts, language: Language) -> str:
    rule, incident = change.rule, change.incident
    values = {
        "severity": texts[incident.severity],
        "summary": summary_of(rule, language),
        "subject": f" ({incident.subject})" if incident.subject else "",
        "value": written_value(incident.peak, incident.unit),
        "threshold": written_value(incident.threshold, incident.unit),
        "since": _moment(incident.started_at),
        "duration": written_duration(_lasted(incident).total_seconds()),
    }
    return texts["line_cleared" if change.is_over else "line_fired"].format(**values)


def _lasted(incident: Incident) -> timedelta:
    return max((incident.ended_at or incident.fired_at) - incident.started_at, timedelta(0))


def _moment(at: datetime) -> str:
    return to_paris(at).strftime("%d/%m %H:%M:%S")
