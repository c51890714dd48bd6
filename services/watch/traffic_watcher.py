"""Judging the rules on the traffic, on what the worker tells of their places."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from services.base.clock import Clock
from services.city.city import City
from services.operations.database import Operations
from services.operations.tables import Ending, OutgoingMessage
from services.plain.places_now import PlaceNow, PlacesNow, PlaceState
from services.watch.incident_keeper import IncidentKeeper, RuleState
from services.watch.messages import Change
from services.watch.traffic_rules import TrafficRule

log = logging.getLogger(__name__)

_ABSENT: Final[Mapping[PlaceState, Ending]] = {
    "known": "no_data",
    "unknown": "no_data",
    "closed": "closed",
    "gone": "gone",
    "several": "gone",
}


class Judged(NamedTuple):
    """What a rule is judged by now: a value, or why there is none; and the place where known."""

    value: float | None
    absent: Ending
    place: PlaceNow | None = None


@dataclass(frozen=True)
class TrafficRuleState:
    """How a rule stands.

    Attributes
    ----------
    source : str
        Whose traffic it is about: ``live`` or ``demo``; empty where nothing is told.
    """

    state: RuleState[TrafficRule]
    judged: Judged
    source: str


class TrafficWatcher:
    """Judges the rules again and again; what it knows survives in the operations database.

    Parameters
    ----------
    places : callable
        What the worker told last, or None.
    late_after_s : float
        Age from which what was observed is not of now any more.
    monotonic : callable
        Seconds; never jumps.
    """

    def __init__(
        self,
        rules: Sequence[TrafficRule],
        operations: Operations,
        places: Callable[[], PlacesNow | None],
        clock: Clock,
        monotonic: Callable[[], float],
        *,
        city: City,
        late_after_s: float,
    ) -> None:
        self._rules = rules
        self._places = places
        self._clock = clock
        self._city = city
        self._late_after_s = late_after_s
        self._alerts = IncidentKeeper(rules, operations, clock, monotonic, kind="traffic")
        self._judged: dict[str, tuple[Judged, str]] = {}

    def evaluate(self) -> list[Change[TrafficRule]]:
        """Judge every rule once; gives the alerts that fired or are over."""
        self._alerts.restore()
        now, told = self._clock(), self._places()
        changes: list[Change[TrafficRule]] = []
        for rule in self._rules:
            try:
                changes.extend(self._evaluate(rule, told, now))
            except Exception:  # whatever it is, the next rule may be the one that matters
                log.exception("the rule %s could not be judged", rule.name)
        return changes

    def save(self, messages: Sequence[OutgoingMessage] = ()) -> bool:
        """See :meth:`IncidentKeeper.save`."""
        return self._alerts.save(messages)

    def states(self) -> list[TrafficRuleState]:
        """How every rule stands, in the order of the file."""
        nothing = Judged(None, "no_data"), ""
        found = []
        for rule in self._rules:
            judged, source = self._judged.get(rule.name, nothing)
            state = self._alerts.state_of(rule, has_data=judged.value is not None)
            found.append(TrafficRuleState(state, judged, source))
        return found

    def place_of(self, rule: TrafficRule) -> PlaceNow | None:
        """The place of a rule as it was judged last."""
        judged, _ = self._judged.get(rule.name, (None, ""))
        return None if judged is None else judged.place

    def _evaluate(
        self, rule: TrafficRule, told: PlacesNow | None, now: datetime
    ) -> list[Change[TrafficRule]]:
        judged = judge(rule, told, now, self._city, self._late_after_s)
        source = "" if told is None else told.source
        self._judged[rule.name] = judged, source
        values: dict[str, float] = {} if judged.value is None else {source: judged.value}
        return list(
            self._alerts.follow(
                rule,
                values,
                now,
                is_off=judged.absent == "off_hours",
                absent=judged.absent or "no_data",
            )
        )


def judge(
    rule: TrafficRule, told: PlacesNow | None, now: datetime, city: City, late_after_s: float
) -> Judged:
    """The value of a rule now, or why it has none.

    Both now and the time of observation are within its hours: it does not fire on what was seen
    before they began. What is old, or kept from earlier, is not of now.
    """
    place = _place_of(rule, told)
    if not rule.is_due(city, now):
        return Judged(None, "off_hours", place)
    if told is None or place is None or not _is_of_now(told, now, late_after_s):
        # Of a place that is not among them the worker does not know yet.
        return Judged(None, "no_data", place)
    if not rule.is_due(city, told.observed):
        return Judged(None, "off_hours", place)
    value = _value_of(rule, place)
    return Judged(value, "" if value is not None else _absence(rule, place), place)


def _is_of_now(told: PlacesNow, now: datetime, late_after_s: float) -> bool:
    is_late = (now - told.observed).total_seconds() > late_after_s
    return told.source != "archive" and not is_late


def _absence(rule: TrafficRule, place: PlaceNow) -> Ending:
    if place.state == "known" and rule.condition == "percent_above_usual":
        return "no_usual"
    return _ABSENT[place.state]


def _place_of(rule: TrafficRule, told: PlacesNow | None) -> PlaceNow | None:
    if told is None:
        return None
    return next((place for place in told.places if place.place == rule.place), None)


def _value_of(rule: TrafficRule, place: PlaceNow) -> float | None:
    if place.state != "known":
        return None
    if rule.condition == "minutes_above":
        return place.time_s
    return place.over_usual if rule.condition == "percent_above_usual" else place.congestion
