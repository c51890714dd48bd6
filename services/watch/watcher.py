"""Evaluating every rule, opening and ending incidents, and having people told."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from services.base.clock import Clock
from services.base.errors import StorageError
from services.city.city import City
from services.metrics.samples import Sample
from services.operations.database import Operations
from services.operations.incidents import open_incidents
from services.operations.tables import Incident, OutgoingMessage
from services.watch.excerpt import journal_around
from services.watch.messages import Change
from services.watch.rules import Rule, Rules
from services.watch.signals import RecentSamples, has_data, values_of
from services.watch.states import State, Track, follow

log = logging.getLogger(__name__)

_MAX_SUBJECT_CHARACTERS: Final = 200
# The worst first: what a rule of many subjects shows.
_GRAVITY: Final[tuple[State, ...]] = ("firing", "pending", "resolved", "normal")


@dataclass(frozen=True)
class RuleState:
    """How a rule stands, over all its subjects.

    Attributes
    ----------
    state : str
        The gravest of its subjects'.
    subject : str
        The subject that has it; empty where there is one only.
    value : float or None
        Of that subject.
    """

    rule: Rule
    state: State
    subject: str
    value: float | None


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
        self._operations = operations
        self._data_dir = data_dir
        self._city = city
        self._roles_off = frozenset(roles_off)
        self._host = host
        self._clock = clock
        self._monotonic = monotonic
        self._started_s = monotonic()
        self._recent = RecentSamples(rules)
        self._tracks: dict[tuple[str, str], Track] = {}
        self._began: dict[tuple[str, str], datetime] = {}
        self._incidents: dict[tuple[str, str], Incident] = {}
        self._unsaved: dict[str, Incident] = {}
        self._is_restored = False

    def evaluate(self, samples: Iterable[Sample] | None) -> list[Change]:
        """Evaluate every rule once; returns the incidents that fired or are over.

        What was found is kept by `save`, together with the messages about it. A rule that cannot
        be evaluated hides no other.

        Parameters
        ----------
        samples : iterable of Sample or None
            None where they cannot be read: what was read before gets older, which the rules of
            silence notice.
        """
        if not self._is_restored:
            self._restore()
        now, now_s = self._clock(), self._monotonic()
        if samples is not None:
            self._recent.add(now_s, samples)
        changes: list[Change] = []
        for rule in self._rules.rule:
            try:
                changes.extend(self._evaluate(rule, self._values(rule, now, now_s), now, now_s))
            except Exception:  # whatever it is, the next rule may be the one that matters
                log.exception("the rule %s could not be evaluated", rule.name)
        return changes

    def save(self, messages: Sequence[OutgoingMessage] = ()) -> bool:
        """Keep incidents and the messages about them, all or none; whether that worked.

        Together, because an incident that was kept by a watch that is killed before it leaves the
        message would never be told. Incidents that cannot be written wait in memory; messages
        are the caller's.
        """
        if not (self._unsaved or messages):
            return True
        try:
            with self._operations.begin() as session:
                for row in (*self._unsaved.values(), *messages):
                    session.merge(row)
        except StorageError as error:
            log.error("incidents are kept in memory for now: %s", error)
            return False
        self._unsaved.clear()
        return True

    def states(self) -> list[RuleState]:
        """How every rule stands, in the order of the file."""
        return [self._state_of(rule) for rule in self._rules.rule]

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

    def _evaluate(
        self, rule: Rule, values: Mapping[str, float], now: datetime, now_s: float
    ) -> Iterator[Change]:
        known = {subject for name, subject in self._tracks if name == rule.name}
        for subject in sorted(known | values.keys()):
            key = (rule.name, subject)
            before = self._tracks.get(key, Track(since_s=now_s, seen_s=now_s))
            after = follow(rule, before, values.get(subject), now_s)
            change = self._note(rule, key, before, after, now)
            if after.state == "normal" and after.value is None:
                self._tracks.pop(key, None)
            else:
                self._tracks[key] = after
            if change is not None:
                yield change

    def _note(
        self, rule: Rule, key: tuple[str, str], before: Track, after: Track, now: datetime
    ) -> Change | None:
        if after.state != "normal" and before.state in {"normal", "resolved"}:
            self._began[key] = now
        incident = self._incidents.get(key)
        if after.state == "firing" and incident is None:
            return Change(rule, self._open(rule, key, after, now), is_over=False)
        if incident is None:
            return None
        if after.peak is not None and after.peak != incident.peak:
            incident.peak = after.peak
            self._unsaved[incident.id] = incident
        if after.state != "firing":
            return Change(rule, self._end(key, now), is_over=True)
        return None

    def _open(self, rule: Rule, key: tuple[str, str], track: Track, now: datetime) -> Incident:
        started = min(self._began.get(key, now), now)
        incident = Incident(
            id=uuid.uuid4().hex,
            rule=rule.name,
            subject=key[1][:_MAX_SUBJECT_CHARACTERS],
            severity=rule.severity,
            unit=rule.unit,
            runbook=rule.runbook_name,
            threshold=rule.threshold,
            peak=rule.threshold if track.peak is None else track.peak,
            started_at=started,
            fired_at=now,
            journal=journal_around(self._data_dir, started, now),
            host=self._host,
        )
        self._incidents[key] = self._unsaved[incident.id] = incident
        log.error("incident: %s %s: %g", rule.name, key[1], incident.peak)
        return incident

    def _end(self, key: tuple[str, str], now: datetime) -> Incident:
        incident = self._incidents.pop(key)
        # A clock that was set back must not end something before it began.
        incident.ended_at = max(now, incident.fired_at)
        self._unsaved[incident.id] = incident
        log.warning("incident over: %s %s", incident.rule, incident.subject)
        return incident

    def _state_of(self, rule: Rule) -> RuleState:
        tracks = {subject: t for (name, subject), t in self._tracks.items() if name == rule.name}
        if not tracks:
            state: State = "normal" if has_data(rule, self._recent) else "no data"
            return RuleState(rule, state, "", None)
        gravest = min(_GRAVITY.index(track.state) for track in tracks.values())
        shown = {s: t for s, t in tracks.items() if t.state == _GRAVITY[gravest]}
        subject = _worst(rule, shown)
        return RuleState(rule, _GRAVITY[gravest], subject, shown[subject].value)

    def _restore(self) -> None:
        """Go on with the incidents that an earlier watch left open."""
        try:
            with self._operations.begin() as session:
                # What was found before this host had a name is its own to end.
                found = open_incidents(session, self._host, "")
        except StorageError as error:
            log.error("open incidents cannot be read: %s", error)
            return
        self._is_restored = True
        now_s = self._monotonic()
        rules = {rule.name for rule in self._rules.rule}
        for incident in found:
            key = (incident.rule, incident.subject)
            if incident.rule not in rules or key in self._incidents:
                incident.ended_at = max(self._clock(), incident.fired_at)
                self._unsaved[incident.id] = incident
                continue
            self._incidents[key] = incident
            self._tracks[key] = Track("firing", now_s, None, incident.peak, now_s)


def _worst(rule: Rule, tracks: Mapping[str, Track]) -> str:
    worst = next(iter(tracks))
    for subject, track in tracks.items():
        value, other = track.value, tracks[worst].value
        if value is not None and (other is None or rule.is_worse(value, other)):
            worst = subject
    return worst
