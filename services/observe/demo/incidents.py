"""Incidents and closures of the demo feed: when and where they happen, and what they slow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.observe.demo import noise
from services.observe.demo.demand import PERIOD_SECONDS, Profile, local_time
from services.observe.demo.network import DemoNetwork, RoadClass

# One incident at most may start in each slot, with a small chance: nearly a Poisson process.
SLOT_SECONDS: Final = 1_800
LONGEST_INCIDENT_SECONDS: Final = 3 * 3_600
LONGEST_CLOSURE_SECONDS: Final = 6 * 3_600

_DAY_SECONDS: Final = 86_400
_BUILD_UP_SECONDS: Final = 480
_QUIET_CHANCE, _CHANCE_PER_DEMAND = 0.02, 0.11
_CLOSURE_CHANCE_PER_DAY: Final = 0.3
_CLOSURE_REACH_M: Final = 300.0
# Accidents per km driven differ little; busy roads see more traffic.
_TRAFFIC_SHARE: Final = np.array([3.0, 1.5, 1.2, 1.0])
_QUEUE_REACH_M: Final = np.array([2_600.0, 1_600.0, 1_100.0, 700.0])


@dataclass(frozen=True)
class Incident:
    """Something on the road that slows the traffic behind it.

    Parameters
    ----------
    start_s : int
        Seconds since 1970 (UTC).
    duration_s, recovery_s : int
        How long it lasts, and how long the queue then takes to dissolve.
    segment : int
        Where it is, as an index into the network.
    severity : float
        Free-flow travel times added at the head of the queue.
    """

    start_s: int
    duration_s: int
    recovery_s: int
    segment: int
    severity: float

    @property
    def end_s(self) -> int:
        """The instant from which nothing is left of it."""
        return self.start_s + self.duration_s + self.recovery_s


@dataclass(frozen=True)
class Closure:
    """A stretch of road that is closed: its segments are `impossible`.

    Parameters
    ----------
    start_s, end_s : int
        Seconds since 1970 (UTC).
    segments : tuple of int
        Indices into the network.
    """

    start_s: int
    end_s: int
    segments: tuple[int, ...]


def incidents_at(network: DemoNetwork, seed: int, times_s: NDArray[np.int64]) -> list[Incident]:
    """Return the incidents that are felt at any of the given instants, in order of start."""
    lookback = -(-LONGEST_INCIDENT_SECONDS // SLOT_SECONDS)
    slots = _indices_before(times_s, SLOT_SECONDS, lookback)
    chances = _chances(slots)
    places = np.cumsum(network.length_m * _TRAFFIC_SHARE[network.road_class])
    found = (
        _incident(network, seed, int(slot), float(chance), places)
        for slot, chance in zip(slots, chances, strict=True)
    )
    return [
        incident
        for incident in found
        if incident is not None and _is_on(incident.start_s, incident.end_s, times_s)
    ]


def closures_at(network: DemoNetwork, seed: int, times_s: NDArray[np.int64]) -> list[Closure]:
    """Return the closures in force at any of the given instants, in order of start."""
    days = _indices_before(times_s, _DAY_SECONDS, 1)
    return [
        closure
        for closure in _closures(network, seed, days)
        if _is_on(closure.start_s, closure.end_s, times_s)
    ]


@dataclass(frozen=True)
class InjectedEvent:
    """An incident or a closure as the simulation made it: what detected events are judged by.

    Parameters
    ----------
    start, end : datetime
        UTC: from when until when it is felt.
    segment_ids : tuple of str
        Those that it closes, or slows at any time: from where it lies back to the end of the queue.
    delay_s : float or None
        What it adds to a drive through all of them at its worst, in seconds; None for a closure.
    """

    start: datetime
    end: datetime
    segment_ids: tuple[str, ...]
    delay_s: float | None


def injected_events(
    network: DemoNetwork,
    seed: int,
    free_flow_time_s: NDArray[np.float32],
    times_s: NDArray[np.int64],
) -> list[InjectedEvent]:
    """Return what was injected and is felt at any of the given instants, in order of start.

    Parameters
    ----------
    free_flow_time_s : array of float32, shape (segments,)
        To drive each segment.
    """
    events = [
        _injected(network, closure.start_s, closure.end_s, np.array(closure.segments), None)
        for closure in closures_at(network, seed, times_s)
    ]
    for incident in incidents_at(network, seed, times_s):
        during_s = np.arange(incident.start_s, incident.end_s, PERIOD_SECONDS)
        _, segments, delay = added_delay(incident, network, during_s)
        nearest_first = np.argsort(-network.position_m[segments], kind="stable")
        delay_s = float((delay @ free_flow_time_s[segments]).max())
        events.append(
            _injected(network, incident.start_s, incident.end_s, segments[nearest_first], delay_s)
        )
    return sorted(events, key=lambda event: event.start)


def _injected(
    network: DemoNetwork,
    start_s: int,
    end_s: int,
    segments: NDArray[np.int64],
    delay_s: float | None,
) -> InjectedEvent:
    start, end = (datetime.fromtimestamp(at_s, UTC) for at_s in (start_s, end_s))
    return InjectedEvent(start, end, tuple(network.ids[place] for place in segments), delay_s)


def added_delay(
    incident: Incident, network: DemoNetwork, times_s: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Say what an incident adds to travel times.

    The queue grows upstream on the same road and direction while the incident lasts, is felt
    most at its head, and fades over the recovery.

    Returns
    -------
    rows, columns : arrays of int64
        The instants and segments concerned, as indices.
    delay : array of float32, shape (rows, columns)
        In free-flow travel times.
    """
    rows = np.flatnonzero((times_s >= incident.start_s) & (times_s < incident.end_s))
    reach_m = _QUEUE_REACH_M[network.road_class[incident.segment]]
    same_road = network.corridor == network.corridor[incident.segment]
    upstream_m = network.position_m[incident.segment] - network.position_m
    columns = np.flatnonzero(same_road & (upstream_m >= 0) & (upstream_m <= reach_m))
    elapsed_s = (times_s[rows] - incident.start_s).astype(np.float64)
    build_up = np.minimum(elapsed_s / _BUILD_UP_SECONDS, 1.0)
    fade = np.clip(
        (incident.duration_s + incident.recovery_s - elapsed_s) / incident.recovery_s, 0, 1
    )
    grown = 0.2 + 0.8 * np.minimum(elapsed_s / incident.duration_s, 1.0)
    head = (incident.severity * build_up * fade)[:, None]
    behind = upstream_m[columns][None, :] / (reach_m * grown)[:, None]
    delay = head * np.clip(1.0 - 0.6 * behind, 0.0, 1.0) * (behind <= 1.0)
    return rows, columns, delay.astype(np.float32)


def _is_on(start_s: int, end_s: int, times_s: NDArray[np.int64]) -> bool:
    return bool(((times_s >= start_s) & (times_s < end_s)).any())


def _indices_before(times_s: NDArray[np.int64], step_s: int, lookback: int) -> NDArray[np.int64]:
    """Number the steps that hold the given instants, and the `lookback` steps before each."""
    now = np.unique(times_s // step_s)
    return np.unique(now[:, None] - np.arange(lookback + 1)[None, :])


def _chances(slots: NDArray[np.int64]) -> NDArray[np.float64]:
    demand = local_time(slots * SLOT_SECONDS).demand.astype(np.float64)
    busy = (demand[:, Profile.INBOUND] + demand[:, Profile.OUTBOUND]) / 2
    return _QUIET_CHANCE + _CHANCE_PER_DEMAND * busy * busy


def _incident(
    network: DemoNetwork, seed: int, slot: int, chance: float, places: NDArray[np.float64]
) -> Incident | None:
    happens, where, when, how_long, recovery, severity = noise.uniforms(
        seed, noise.Purpose.INCIDENT, slot, 6
    ).tolist()
    if happens >= chance:
        return None
    place = int(np.searchsorted(places, where * places[-1], side="right"))
    return Incident(
        start_s=slot * SLOT_SECONDS + int(when * SLOT_SECONDS),
        duration_s=int(60 * (20 + 70 * how_long * how_long)),
        recovery_s=int(60 * (15 + 30 * recovery)),
        segment=min(place, len(network) - 1),
        severity=1.5 + 4.5 * severity,
    )


def _closures(network: DemoNetwork, seed: int, days: NDArray[np.int64]) -> Iterator[Closure]:
    # Roadworks close town streets and lesser roads, seldom a main one.
    may_close = np.flatnonzero(network.road_class >= RoadClass.APPUI)
    for day in days:
        happens, where, when, how_long = noise.uniforms(
            seed, noise.Purpose.CLOSURE, int(day), 4
        ).tolist()
        if happens >= _CLOSURE_CHANCE_PER_DAY or not len(may_close):
            continue
        place = may_close[int(where * len(may_close))]
        start_s = int(day) * _DAY_SECONDS + int(3_600 * (5 + 16 * when))
        same_road = network.corridor == network.corridor[place]
        away_m = np.abs(network.position_m - network.position_m[place])
        stretch = np.flatnonzero(same_road & (away_m <= _CLOSURE_REACH_M / 2))
        duration_s = int(2 * 3_600 + how_long * (LONGEST_CLOSURE_SECONDS - 2 * 3_600))
        yield Closure(start_s, start_s + duration_s, tuple(int(index) for index in stretch))
