"""Incidents: opened when a rule has been broken for long enough, ended when it is well again.

What rules are about, and how their values are made, is the business of who keeps incidents with
this: :mod:`services.watch.watcher` and :mod:`services.watch.traffic_watcher`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar

from services.base.clock import Clock
from services.base.errors import StorageError
from services.operations.database import Operations
from services.operations.incidents import open_incidents
from services.operations.tables import Ending, Incident, IncidentKind, OutgoingMessage, Severity
from services.watch.messages import Change
from services.watch.states import Limits, State, Track, follow

log = logging.getLogger(__name__)

_MAX_SUBJECT_CHARACTERS: Final = 200
# The worst first: what a rule of many subjects shows.
_GRAVITY: Final[tuple[State, ...]] = ("firing", "pending", "resolved", "normal")


class JudgedRule(Limits, Protocol):
    """What an incident tells of a rule."""

    @property
    def name(self) -> str:
        """Of letters, digits and hyphens."""

    @property
    def severity(self) -> Severity:
        """How soon somebody should look."""

    @property
    def unit(self) -> str:
        """Of its values."""

    @property
    def threshold(self) -> float:
        """Where it is broken."""

    @property
    def runbook_name(self) -> str:
        """The page that says what to do; empty where there is nothing to repair."""


R = TypeVar("R", bound=JudgedRule)


@dataclass(frozen=True)
class RuleState(Generic[R]):
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

    rule: R
    state: State
    subject: str
    value: float | None


class IncidentKeeper(Generic[R]):
    """The incidents of some rules; what it knows survives in the operations database.

    Parameters
    ----------
    rules : sequence
    clock : Clock
        For people; may jump.
    monotonic : callable
        Seconds; never jumps: delays are measured by it.
    kind : str
        Of the incidents: no other kind's are touched.
    host : str
        Names the incidents that it opens.
    hosts : tuple of str
        Whose open incidents it goes on with; of all where there are none.
    excerpt : callable
        What is quoted of the time around a start, given with the time of firing.
    """

    def __init__(
        self,
        rules: Sequence[R],
        operations: Operations,
        clock: Clock,
        monotonic: Callable[[], float],
        *,
        kind: IncidentKind,
        host: str = "",
        hosts: tuple[str, ...] = (),
        excerpt: Callable[[datetime, datetime], list[str]] = lambda _start, _end: [],
    ) -> None:
        self._rules = rules
        self._operations = operations
        self._clock = clock
        self._monotonic = monotonic
        self._kind: IncidentKind = kind
        self._host = host
        self._hosts = hosts
        self._excerpt = excerpt
        self._tracks: dict[tuple[str, str], Track] = {}
        self._began: dict[tuple[str, str], datetime] = {}
        self._incidents: dict[tuple[str, str], Incident] = {}
        self._unsaved: dict[str, Incident] = {}
        self._is_restored = False

    def restore(self) -> None:
        """Go on with the incidents that an earlier watch left open; at the first call, once."""
        if self._is_restored:
            return
        try:
            with self._operations.begin() as session:
                found = open_incidents(session, *self._hosts, kind=self._kind)
        except StorageError as error:
            log.error("open incidents cannot be read: %s", error)
            return
        self._is_restored = True
        now_s = self._monotonic()
        rules = {rule.name for rule in self._rules}
        for incident in found:
            key = (incident.rule, incident.subject)
            if incident.rule not in rules or key in self._incidents:
                incident.ended_at = max(self._clock(), incident.fired_at)
                incident.ending = "removed"
                self._unsaved[incident.id] = incident
                continue
            self._incidents[key] = incident
            self._tracks[key] = Track("firing", now_s, None, incident.peak, now_s)

    def follow(
        self,
        rule: R,
        values: Mapping[str, float],
        now: datetime,
        *,
        is_off: bool = False,
        absent: Ending = "no_data",
    ) -> Iterator[Change[R]]:
        """Take in the values of a rule by subject; gives what fired or is over.

        Parameters
        ----------
        is_off : bool
            Whether the rule is not judged now.
        absent : str
            Why a subject without a value has none.
        """
        now_s = self._monotonic()
        known = {subject for name, subject in self._tracks if name == rule.name}
        for subject in sorted(known | values.keys()):
            key = (rule.name, subject)
            before = self._tracks.get(key, Track(since_s=now_s, seen_s=now_s))
            after = follow(rule, before, values.get(subject), now_s, is_off=is_off)
            change = self._note(rule, key, before, after, now, absent=absent)
            if after.state == "normal" and after.value is None:
                self._tracks.pop(key, None)
            else:
                self._tracks[key] = after
            if change is not None:
                yield change

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

    def state_of(self, rule: R, *, has_data: bool) -> RuleState[R]:
        """How a rule stands.

        Parameters
        ----------
        has_data : bool
            Whether it can be judged where nothing is known of any subject.
        """
        tracks = {subject: t for (name, subject), t in self._tracks.items() if name == rule.name}
        if not tracks:
            return RuleState(rule, "normal" if has_data else "no data", "", None)
        gravest = min(_GRAVITY.index(track.state) for track in tracks.values())
        shown = {s: t for s, t in tracks.items() if t.state == _GRAVITY[gravest]}
        subject = _worst(rule, shown)
        return RuleState(rule, _GRAVITY[gravest], subject, shown[subject].value)

    def _note(
        self,
        rule: R,
        key: tuple[str, str],
        before: Track,
        after: Track,
        now: datetime,
        *,
        absent: Ending,
    ) -> Change[R] | None:
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
            ending: Ending = absent if after.value is None else "cleared"
            return Change(rule, self._end(key, now, ending), is_over=True)
        return None

    def _open(self, rule: R, key: tuple[str, str], track: Track, now: datetime) -> Incident:
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
            journal=self._excerpt(started, now),
            host=self._host,
            kind=self._kind,
        )
        self._incidents[key] = self._unsaved[incident.id] = incident
        level = logging.ERROR if self._kind == "application" else logging.INFO
        log.log(level, "%s: %s %s: %g", _CALLED[self._kind], rule.name, key[1], incident.peak)
        return incident

    def _end(self, key: tuple[str, str], now: datetime, ending: Ending) -> Incident:
        incident = self._incidents.pop(key)
        # A clock that was set back must not end something before it began.
        incident.ended_at = max(now, incident.fired_at)
        incident.ending = ending
        self._unsaved[incident.id] = incident
        level = logging.WARNING if self._kind == "application" else logging.INFO
        log.log(level, "%s over: %s %s", _CALLED[self._kind], incident.rule, incident.subject)
        return incident


_CALLED: Final[Mapping[IncidentKind, str]] = {"application": "incident", "traffic": "traffic alert"}


def _worst(rule: Limits, tracks: Mapping[str, Track]) -> str:
    worst = next(iter(tracks))
    for subject, track in tracks.items():
        value, other = track.value, tracks[worst].value
        if value is not None and (other is None or rule.is_worse(value, other)):
            worst = subject
    return worst
