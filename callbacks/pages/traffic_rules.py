"""The rules on the traffic as the operators' pages show them: how they stand, what has fired."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from components.traffic_rules import AlertShown, TrafficRuleShown, TrafficRulesShown
from services.base.errors import StorageError
from services.base.texts import Texts, formats
from services.operations.database import NothingRecorded
from services.operations.incidents import last_fired, open_incidents, past_incidents
from services.operations.tables import Incident
from services.roles.assembly import Services
from services.watch.messages import written_value
from services.watch.people import shown_names
from services.watch.traffic_overview import (
    TrafficOverview,
    TrafficRuleOverview,
    read_traffic_overview,
)
from services.watch.traffic_rules import (
    SHIPPED_TRAFFIC_RULES,
    TrafficRule,
    TrafficRules,
    traffic_rules_of,
)
from services.watch.traffic_words import (
    SIMULATED,
    condition_words,
    ending_words,
    place_words,
    rule_summary,
    when_words,
)

log = logging.getLogger(__name__)

# Three rounds missed.
_WATCHED_WITHIN: Final = timedelta(seconds=60)
_PAST_SHOWN: Final = 10


class _Told(NamedTuple):
    """What the database tells."""

    overview: TrafficOverview | None
    fired: Mapping[str, datetime]
    current: Sequence[Incident]
    past: Sequence[Incident]


_NOTHING: Final = _Told(None, {}, (), ())


class TrafficDesk:
    """What the pages read of the rules on the traffic.

    Raises
    ------
    ConfigurationError
        When the rules cannot be used.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rules: TrafficRules = traffic_rules_of(services.settings, services.city)
        self._file = (services.settings.rules_file or SHIPPED_TRAFFIC_RULES).name

    def rules_shown(self, texts: Texts) -> TrafficRulesShown:
        """All rules, and how they stand."""
        now, written = self._services.clock(), formats(texts)
        told = self._read()
        overview = None if told is None else told.overview
        age = None if overview is None else now - overview.written
        known = {} if overview is None else {one.name: one for one in overview.rules}
        fired = {} if told is None else told.fired
        return TrafficRulesShown(
            at=written.clock(self._services.city.local(now), with_seconds=True),
            watched=None if age is None else written.ago(age.total_seconds()),
            is_watched=age is not None and age < _WATCHED_WITHIN,
            is_readable=told is not None,
            file=self._file,
            rules=[
                self._shown(rule, known.get(rule.name), fired.get(rule.name), texts)
                for rule in self._rules.rule
            ],
        )

    def alerts_shown(self, texts: Texts) -> tuple[list[AlertShown], list[AlertShown]]:
        """What fires now, and what is over, the newest first."""
        told = self._read() or _NOTHING
        current, past = (
            [self._alert(alert, told.overview, texts) for alert in alerts]
            for alerts in (told.current, told.past)
        )
        return current, past

    def _read(self) -> _Told | None:
        """What the database tells; None where it cannot be read."""
        try:
            with self._services.operations.reading.begin() as session:
                return _Told(
                    read_traffic_overview(session),
                    last_fired(session, "traffic"),
                    open_incidents(session, kind="traffic"),
                    past_incidents(session, _PAST_SHOWN, kind="traffic"),
                )
        except NothingRecorded:
            return _NOTHING
        except StorageError as error:
            log.error("the rules on the traffic cannot be read: %s", error)
            return None

    def _shown(
        self,
        rule: TrafficRule,
        state: TrafficRuleOverview | None,
        fired: datetime | None,
        texts: Texts,
    ) -> TrafficRuleShown:
        written, wording = formats(texts), texts["traffic_rules"]
        value = None if state is None else state.value
        absent = "" if state is None else state.absent
        words = {} if state is None else state.words
        # What the operators call it, where they do, beside where it is.
        summary = rule_summary(rule, words, texts) if rule.summary else ""
        return TrafficRuleShown(
            place=" – ".join(filter(None, (summary, place_words(rule, words, texts)))),
            state="no data" if state is None else state.state,
            value="" if value is None else written_value(written, value, rule.unit),
            absent=str(texts["alert_ending"][absent]) if absent else "",
            is_simulated=state is not None and state.source == SIMULATED,
            condition=condition_words(rule, texts),
            when=when_words(rule, texts),
            patience=wording["patience"].format(duration=written.duration(rule.for_seconds))
            if rule.for_seconds
            else "",
            severity=rule.severity,
            tell=self._told(rule, texts),
            last=wording["never"]
            if fired is None
            else written.moment(self._services.city.local(fired)),
        )

    def _told(self, rule: TrafficRule, texts: Texts) -> str:
        if rule.tell:
            return ", ".join(shown_names(rule.tell, self._rules.people))
        is_anybody = self._services.settings.notify_urls is not None
        return str(texts["traffic_rules"]["everybody" if is_anybody else "nobody"])

    def _alert(self, alert: Incident, overview: TrafficOverview | None, texts: Texts) -> AlertShown:
        written, wording = formats(texts), texts["traffic_rules"]
        lasted = (alert.ended_at or alert.fired_at) - alert.started_at
        facts = wording["alert_open" if alert.ended_at is None else "alert_past"].format(
            since=written.moment(self._services.city.local(alert.started_at)),
            duration=written.duration(max(lasted.total_seconds(), 0.0)),
            peak=written_value(written, alert.peak, alert.unit),
            limit=written_value(written, alert.threshold, alert.unit),
        )
        return AlertShown(
            summary=self._summary(alert.rule, overview, texts),
            facts=facts,
            ending=ending_words(alert, texts),
            is_simulated=alert.subject == SIMULATED,
        )

    def _summary(self, name: str, overview: TrafficOverview | None, texts: Texts) -> str:
        rule = next((rule for rule in self._rules.rule if rule.name == name), None)
        if rule is None:
            return name
        rules = () if overview is None else overview.rules
        words = next((one.words for one in rules if one.name == name), {})
        return rule_summary(rule, words, texts)
