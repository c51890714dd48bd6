"""The operators' cards of the rules on the traffic: how each stands, and what has fired.

Apart from the incidents of the application: a jam is no fault of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dash import html
from dash.development.base_component import Component

from components.subpage import build_card, build_table
from services.base.texts import Texts

# As for the rules on the application, but that nothing is broken.
_SYMBOLS: Final = {"firing": "▲", "pending": "◔", "resolved": "✔", "normal": "✔", "no data": "?"}
_COLUMNS: Final = ("place", "state", "value", "condition", "severity", "tell", "last")


@dataclass(frozen=True)
class TrafficRuleShown:
    """A rule and how it stands, every value as it is read.

    Attributes
    ----------
    state : str
        "no data" too where nobody has told of it.
    value : str
        Now; empty where there is none.
    absent : str
        Why there is none; empty where nothing is known of that.
    is_simulated : bool
        Whether the value is of simulated traffic.
    condition, when, patience : str
        From which value on, at which hours and days, and for how long before it tells; the last
        two empty where always and at once.
    tell : str
        Whom it tells, by names and kinds of channels: never an address.
    last : str
        When it fired last.
    """

    place: str
    state: str
    value: str
    absent: str
    is_simulated: bool
    condition: str
    when: str
    patience: str
    severity: str
    tell: str
    last: str


@dataclass(frozen=True)
class TrafficRulesShown:
    """All that the card shows.

    Attributes
    ----------
    at : str
        When it was made.
    watched : str or None
        How long before the watch looked last, in words; None when it never did.
    is_watched : bool
        Whether that is recent enough to rely on.
    is_readable : bool
        Whether the database could be asked.
    file : str
        The name of the file in which rules are.
    """

    at: str
    watched: str | None
    is_watched: bool
    is_readable: bool
    file: str
    rules: Sequence[TrafficRuleShown]


@dataclass(frozen=True)
class AlertShown:
    """An alert, in words: what about, since when and how much; why it is over."""

    summary: str
    facts: str
    ending: str
    is_simulated: bool


def build_traffic_rules(texts: Texts, shown: TrafficRulesShown) -> html.Section:
    """The card of the rules."""
    wording = texts["traffic_rules"]
    explained = html.P(wording["explain"].format(file=shown.file))
    if not shown.rules:
        none = html.P(wording["none"].format(file=shown.file))
        return build_card(wording["title"], explained, none)
    last = shown.watched or wording["never"]
    return build_card(
        wording["title"],
        explained,
        html.P(wording["as_of"].format(at=shown.at, ago=last)),
        *_warnings(texts, shown),
        build_table(
            [wording[f"column_{name}"] for name in _COLUMNS],
            [_row(texts, rule) for rule in shown.rules],
        ),
    )


def build_alerts(
    texts: Texts, current: Sequence[AlertShown], past: Sequence[AlertShown]
) -> html.Section:
    """The card of what has fired: now, and before."""
    wording = texts["traffic_rules"]
    content: list[Component] = [html.P(wording["alerts_explain"])]
    content.append(_alerts(texts, current) if current else html.P(wording["alerts_none"]))
    if past:
        content.append(html.Details([html.Summary(wording["alerts_past"]), _alerts(texts, past)]))
    return build_card(wording["alerts_title"], *content)


def _warnings(texts: Texts, shown: TrafficRulesShown) -> list[Component]:
    wording = texts["traffic_rules"]
    if not shown.is_readable:
        told = wording["unreadable"]
    elif not shown.is_watched:
        told = wording["unwatched"]
    else:
        return []
    return [html.P(told, className="quality-warning", role="note")]


def _row(texts: Texts, rule: TrafficRuleShown) -> list[str | Component]:
    wording = texts["traffic_rules"]
    state = rule.state.replace(" ", "_")
    return [
        rule.place,
        html.Span(
            f"{_SYMBOLS[rule.state]} {wording['state_' + state]}",
            className=f"exploitation-state exploitation-state--{rule.state.replace(' ', '-')}",
        ),
        html.Span(_value(texts, rule), className="quality-verdict"),
        # A line each: in columns of their own they would be too many for a page.
        html.Div([html.Div(line) for line in (rule.condition, rule.when, rule.patience) if line]),
        texts["exploitation"][f"severity_{rule.severity}"],
        html.Span(rule.tell, className="quality-verdict"),
        html.Span(rule.last, className="quality-verdict"),
    ]


def _value(texts: Texts, rule: TrafficRuleShown) -> str:
    if not rule.value:
        return rule.absent or "–"
    return _marked(texts, rule.value, is_simulated=rule.is_simulated)


def _alerts(texts: Texts, alerts: Sequence[AlertShown]) -> html.Ul:
    return html.Ul(
        [
            html.Li(
                _marked(
                    texts,
                    " · ".join(filter(None, (alert.summary, alert.facts, alert.ending))),
                    is_simulated=alert.is_simulated,
                )
            )
            for alert in alerts
        ],
        className="exploitation-alerts",
    )


def _marked(texts: Texts, told: str, *, is_simulated: bool) -> str:
    mark = texts["traffic_rules"]["simulated_mark"]
    return f"{told} · {mark}" if is_simulated else told
