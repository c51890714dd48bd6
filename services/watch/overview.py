"""What the watch role knows, written for the page of the operators after every evaluation."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import orjson

from services.base.errors import StorageError
from services.base.files import read_if_present, write_atomically
from services.metrics.definitions import HEARTBEAT, PROCESS_MEMORY, REQUEST_DURATION, REQUESTS
from services.metrics.files import bucket_name
from services.watch.incident_keeper import RuleState
from services.watch.rules import Rule
from services.watch.signals import RecentSamples, increases, quantile
from services.watch.states import State

log = logging.getLogger(__name__)

FILE_NAME: Final = "watch.json"
# Three hours, one point a minute: enough to see how something came about.
POINTS: Final = 180
POINT_PERIOD: Final = timedelta(seconds=60)
WINDOW_SECONDS: Final = 300.0
# Beyond any number that is measured here, and short of those that cannot be written in a page.
_LARGEST: Final = 1e15
_QUANTILES: Final = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class RuleOverview:
    """A rule's state now and its values of the last hours, None where there was none."""

    name: str
    state: State
    subject: str
    value: float | None
    points: Sequence[float | None] = ()


@dataclass(frozen=True)
class RequestOverview:
    """Requests of the last five minutes to one endpoint or callback.

    Attributes
    ----------
    quantiles_s : sequence of float
        P50, P95 and P99 of the time to answer, in seconds.
    """

    endpoint: str
    callback: str
    count: int
    errors: int
    quantiles_s: Sequence[float]


@dataclass(frozen=True)
class ProcessOverview:
    """A process and its memory."""

    role: str
    pid: str
    memory_bytes: float


@dataclass(frozen=True)
class Overview:
    """All of it.

    Attributes
    ----------
    written_at : str
        ISO 8601, UTC.
    seen_at : mapping
        When each role last said that it is alive, seconds since 1970.
    """

    written_at: str
    rules: Sequence[RuleOverview]
    requests: Sequence[RequestOverview] = ()
    processes: Sequence[ProcessOverview] = ()
    seen_at: Mapping[str, float] = field(default_factory=dict)


class OverviewWriter:
    """Keeps the values of the last hours, and writes the overview."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME
        self._points: dict[str, deque[float | None]] = defaultdict(lambda: deque(maxlen=POINTS))
        self._last_point: datetime | None = None
        self._failed = False
        for rule in (read_overview(data_dir) or Overview("", ())).rules:
            self._points[rule.name].extend(rule.points)

    def write(
        self, states: Iterable[RuleState[Rule]], recent: RecentSamples, now: datetime
    ) -> None:
        """Write how everything stands; a disk that refuses is journalled once."""
        states = list(states)
        if self._last_point is None or abs(now - self._last_point) >= POINT_PERIOD:
            self._last_point = now
            for state in states:
                self._points[state.rule.name].append(state.value)
        document = Overview(
            written_at=now.isoformat(),
            rules=[
                RuleOverview(
                    state.rule.name,
                    state.state,
                    state.subject,
                    state.value,
                    tuple(self._points[state.rule.name]),
                )
                for state in states
            ],
            requests=requests_of(recent),
            processes=_processes(recent),
            seen_at={who.get("role", ""): at for who, at in recent.of(HEARTBEAT.name)},
        )
        try:
            write_atomically(self._path, orjson.dumps(asdict(document)), mode=0o600)
            self._failed = False
        except StorageError as error:
            if not self._failed:
                log.error("the overview is not written: %s", error)
            self._failed = True


def read_overview(data_dir: Path) -> Overview | None:
    """What the watch role wrote last; None when it never did, or the file is damaged."""
    try:
        document = read_if_present(data_dir / FILE_NAME)
        return None if document is None else _decoded(document)
    # A document nested too deep is a RecursionError.
    except (StorageError, ValueError, RecursionError) as error:
        log.warning("the overview cannot be read: %s", error)
        return None


def requests_of(recent: RecentSamples) -> list[RequestOverview]:
    """Time and errors of each endpoint and callback, the slowest first."""
    buckets: dict[tuple[str, str], dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for labels, more in increases(recent, bucket_name(REQUEST_DURATION.name), WINDOW_SECONDS):
        buckets[_who(labels)][float(labels["le"])] += more
    errors: dict[tuple[str, str], float] = defaultdict(float)
    for labels, more in increases(recent, REQUESTS.name, WINDOW_SECONDS):
        if labels.get("status") == "5xx":
            errors[_who(labels)] += more
    found = [
        RequestOverview(
            *who,
            count=round(counts[max(counts)]),
            errors=round(errors[who]),
            quantiles_s=[quantile(share, counts) for share in _QUANTILES],
        )
        for who, counts in buckets.items()
        if counts[max(counts)] >= 1
    ]
    return sorted(found, key=lambda item: -item.quantiles_s[1])


def _who(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("endpoint", ""), labels.get("callback", "")


def _processes(recent: RecentSamples) -> list[ProcessOverview]:
    return [
        ProcessOverview(labels.get("role", ""), labels.get("pid", ""), value)
        for labels, value in recent.of(PROCESS_MEMORY.name)
    ]


def _decoded(document: bytes) -> Overview:
    """Checked field by field: a page must not find out that a text is none, or a time."""
    found = msgspec.json.decode(document, type=Overview)
    if datetime.fromisoformat(found.written_at).tzinfo is None:
        raise ValueError("a time without zone")
    numbers: list[float | None] = [
        *(value for rule in found.rules for value in (rule.value, *rule.points)),
        *(n for item in found.requests for n in (item.count, item.errors, *item.quantiles_s)),
        *(item.memory_bytes for item in found.processes),
        *found.seen_at.values(),
    ]
    if not all(value is None or abs(value) <= _LARGEST for value in numbers):
        raise ValueError("a number beyond all that is measured")
    return found
