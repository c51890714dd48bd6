"""Evaluating every rule on the application, opening and ending incidents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from services.base.clock import Clock
from services.city.city import City
from services.metrics.samples import Sample
from services.operations.database import Operations
from services.operations.tables import OutgoingMessage
from services.watch.excerpt import journal_around
from services.watch.incident_keeper import IncidentKeeper, RuleState
from services.watch.messages import Change
from services.watch.rules import Rule, Rules
from services.watch.signals import RecentSamples, has_data, values_of

log = logging.getLogger(__name__)


class Watcher:
    """Evaluates the rules again and again; what it knows survives in the operations database.

    Parameters
    ----------
    data_dir : Path
        Whose journal is quoted.
    clock : Clock
        For people; may jump.
    monotonic : callable
        Seconds; never jumps: delays are measured by it.
    city : City
        On whose clock the hours of rules are.
    roles_off : collection of str
        Roles that run on other hosts: their silence here is no news.
    host : str
        Names this one's incidents, where the watches of several share the database.
    """

    def __init__(
        self,
        rules: Rules,
        operations: Operations,
        data_dir: Path,
        clock: Clock,
        monotonic: Callable[[], float],
        *,
        city: City,
        roles_off: Collection[str] = (),
        host: str = "",
    ) -> None:
        self._rules = rules
        self._city = city
        self._roles_off = frozenset(roles_off)
        self._clock = clock
        self._monotonic = monotonic
        self._started_s = monotonic()
        self._recent = RecentSamples(rules)
        self._incidents = IncidentKeeper(
            rules.rule,
            operations,
            clock,
            monotonic,
            kind="application",
            host=host,
            # What was found before this host had a name is its own to end.
            hosts=(host, ""),
            excerpt=partial(journal_around, data_dir),
        )

    def evaluate(self, samples: Iterable[Sample] | None) -> list[Change[Rule]]:
        """Evaluate every rule once; returns the incidents that fired or are over.

        What was found is kept by `save`, together with the messages about it. A rule that cannot
        be evaluated hides no other.

        Parameters
        ----------
        samples : iterable of Sample or None
            None where they cannot be read: what was read before gets older, which the rules of
            silence notice.
        """
        self._incidents.restore()
        now, now_s = self._clock(), self._monotonic()
        if samples is not None:
            self._recent.add(now_s, samples)
        changes: list[Change[Rule]] = []
        for rule in self._rules.rule:
            try:
                values = self._values(rule, now, now_s)
                changes.extend(self._incidents.follow(rule, values, now))
            except Exception:  # whatever it is, the next rule may be the one that matters
                log.exception("the rule %s could not be evaluated", rule.name)
        return changes

    def save(self, messages: Sequence[OutgoingMessage] = ()) -> bool:
        """See :meth:`IncidentKeeper.save`."""
        return self._incidents.save(messages)

    def states(self) -> list[RuleState[Rule]]:
        """How every rule stands, in the order of the file."""
        return [
            self._incidents.state_of(rule, has_data=has_data(rule, self._recent))
            for rule in self._rules.rule
        ]

    def recent(self) -> RecentSamples:
        """The samples that the rules were evaluated on."""
        return self._recent

    def _values(self, rule: Rule, now: datetime, now_s: float) -> Mapping[str, float]:
        values = values_of(rule, self._recent, self._city.local(now))
        if not values and rule.missing == "alarm" and not self._is_elsewhere(rule):
            # It was not seen for at least as long as somebody looks.
            return {"": now_s - self._started_s}
        return values

    def _is_elsewhere(self, rule: Rule) -> bool:
        roles = rule.where.get("role", ())
        return bool(roles) and self._roles_off.issuperset(roles)
