"""``/exploitation/regles``: the rules of the watch, how they stand, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from dash import Dash

from callbacks.pages.reports import ReportDesk
from callbacks.pages.subpage import Pages, add_operators_text
from callbacks.pages.traffic_rules import TrafficDesk
from components.reports import build_reports
from components.rules import RuleShown, RulesShown, RunbookShown, build_rules_page
from components.subpage import Subpage
from components.traffic_rules import build_traffic_rules
from services.base.texts import Texts, formats
from services.roles.assembly import Services
from services.watch.messages import summary_of, written_value
from services.watch.overview import Overview, read_overview
from services.watch.rules import Rule, rules_of
from services.watch.runbooks import Runbook, read_runbook

NAME: Final = "regles"
# Three rounds missed.
WATCHED_WITHIN_SECONDS: Final = 60.0


def register(pages: Pages, services: Services, room: Dash) -> None:
    """Add the page to the operators' area."""
    rules = rules_of(services.settings).rule
    desk, reports = TrafficDesk(services), ReportDesk(services)

    def layout(texts: Texts) -> Subpage:
        now, written = services.clock(), formats(texts)
        overview = read_overview(services.settings.data_dir)
        age_s = seconds_since(overview, now)
        return build_rules_page(
            texts,
            RulesShown(
                at=written.clock(services.city.local(now), with_seconds=True),
                watched=None if age_s is None else written.ago(age_s),
                is_watched=is_recent(age_s),
                rules=rules_shown(overview or Overview("", ()), rules, texts),
            ),
            build_traffic_rules(texts, desk.rules_shown(texts)),
            build_reports(texts, reports.shown(texts), reports.file),
        )

    add_operators_text(pages, room, NAME, "rules", layout)


def seconds_since(overview: Overview | None, now: datetime) -> float | None:
    """How long ago the watch role looked last; None when it never did."""
    if overview is None:
        return None
    return max((now - datetime.fromisoformat(overview.written_at)).total_seconds(), 0.0)


def is_recent(age_s: float | None) -> bool:
    """Whether what the watch role told can be taken for the present."""
    return age_s is not None and age_s < WATCHED_WITHIN_SECONDS


def rules_shown(overview: Overview, rules: Iterable[Rule], texts: Texts) -> list[RuleShown]:
    """Every rule, with what the watch role told of it."""
    found = {item.name: item for item in overview.rules}
    written, wording = formats(texts), texts["rules"]
    shown = []
    for rule in rules:
        state = found.get(rule.name)
        value = None if state is None else state.value
        limit = wording["over" if rule.above is not None else "under"]
        shown.append(
            RuleShown(
                summary=summary_of(rule, texts),
                severity=rule.severity,
                state="no data" if state is None else state.state,
                subject="" if state is None else state.subject,
                value="" if value is None else written_value(written, value, rule.unit),
                threshold=limit.format(value=written_value(written, rule.threshold, rule.unit)),
                patience=written.duration(rule.for_seconds)
                if rule.for_seconds
                else wording["at_once"],
                points=() if state is None else state.points,
                runbook=runbook_shown(rule.runbook_name, texts),
            )
        )
    return shown


def runbook_shown(name: str, texts: Texts) -> RunbookShown:
    """A runbook in the page's language; empty where there is none."""
    runbook = read_runbook(name, texts["language"]["code"]) or Runbook("", (), ())
    return RunbookShown(runbook.meaning, runbook.confirm, runbook.fix)
