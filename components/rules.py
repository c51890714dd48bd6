"""The operators' page of the rules: how each stands, where it is broken, and what to do then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dash import html
from dash.development.base_component import Component

from components.aria import aria
from components.subpage import Subpage, build_card, build_table
from services.base.texts import Texts

# Lowest to highest, one sign a value: a small picture that needs no picture.
_BARS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "·"
_SHOWN_POINTS: Final = 30
_SYMBOLS: Final = {"firing": "✖", "pending": "◔", "resolved": "✔", "normal": "✔", "no data": "?"}


@dataclass(frozen=True)
class RunbookShown:
    """What a rule means, how to confirm that it is broken, and how to mend it, in words."""

    meaning: str
    confirm: Sequence[str]
    fix: Sequence[str]


@dataclass(frozen=True)
class RuleShown:
    """A rule and how it stands, every value as it is read.

    Attributes
    ----------
    state : str
        "no data" too where the watch never told of it.
    patience : str
        How long it has to be broken before there is an incident.
    points : sequence of float or None
        Its values of the last hours, None where there was none.
    """

    summary: str
    severity: str
    state: str
    subject: str
    value: str
    threshold: str
    patience: str
    points: Sequence[float | None]
    runbook: RunbookShown


@dataclass(frozen=True)
class RulesShown:
    """All that the page shows.

    Attributes
    ----------
    at : str
        When it was made.
    watched : str or None
        How long before the watch role looked last, in words; None when it never did.
    is_watched : bool
        Whether that is recent enough to rely on.
    """

    at: str
    watched: str | None
    is_watched: bool
    rules: Sequence[RuleShown]


def build_rules_page(texts: Texts, shown: RulesShown, *more: Component) -> Subpage:
    """The page.

    Parameters
    ----------
    *more : Component
        Cards of other rules, after those on the application.
    """
    wording = texts["rules"]
    last = shown.watched or texts["exploitation"]["never"]
    unwatched = html.P(texts["exploitation"]["unwatched"], className="quality-warning", role="note")
    return Subpage(
        [
            *([] if shown.is_watched else [unwatched]),
            build_card(
                wording["table_title"],
                html.P(wording["as_of"].format(at=shown.at, ago=last)),
                build_rule_table(texts, shown.rules),
            ),
            *more,
            build_card(
                wording["runbooks_title"],
                *[
                    html.Details(
                        [html.Summary(rule.summary), *build_runbook(texts, rule.runbook)],
                        className="exploitation-runbook",
                    )
                    for rule in shown.rules
                ],
            ),
        ]
    )


def build_rule_table(texts: Texts, rules: Sequence[RuleShown]) -> html.Div:
    """How rules stand."""
    wording = texts["rules"]
    columns = ("rule", "state", "value", "threshold", "patience", "severity", "half_hour")
    rows = [
        [
            rule.summary,
            html.Span(
                f"{_SYMBOLS[rule.state]} {wording['state_' + rule.state.replace(' ', '_')]}",
                className=f"exploitation-state exploitation-state--{rule.state.replace(' ', '-')}",
            ),
            html.Span(with_subject(rule.value, rule.subject) or "–", className="quality-verdict"),
            rule.threshold,
            rule.patience,
            texts["exploitation"][f"severity_{rule.severity}"],
            html.Span(
                sparkline(rule.points), className="exploitation-sparkline", **aria(hidden="true")
            ),
        ]
        for rule in rules
    ]
    return build_table([wording[f"column_{name}"] for name in columns], rows)


def build_runbook(texts: Texts, runbook: RunbookShown) -> list[Component]:
    """What to do, step by step."""
    wording = texts["rules"]
    return [
        html.P(runbook.meaning),
        *_steps(wording["confirm"], runbook.confirm),
        *_steps(wording["fix"], runbook.fix),
    ]


def with_subject(text: str, subject: str) -> str:
    """What is told of one of several subjects."""
    return f"{text} ({subject})" if text and subject else text or subject


def sparkline(points: Sequence[float | None]) -> str:
    """The last half hour of values as signs, the lowest to the highest; a dot for none.

    >>> sparkline([0.0, 1.0, None, 2.0])
    '▁▄·█'
    >>> sparkline([3.0, 3.0])
    '▁▁'
    """
    shown = list(points)[-_SHOWN_POINTS:]
    known = [value for value in shown if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    top = len(_BARS) - 1
    return "".join(
        _GAP if value is None else _BARS[int(top * (value - low) / span) if span else 0]
        for value in shown
    )


def _steps(title: str, steps: Sequence[str]) -> list[Component]:
    if not steps:
        return []
    return [
        html.H3(title, className="quality-part"),
        html.Ol([html.Li(step) for step in steps], className="exploitation-steps"),
    ]
