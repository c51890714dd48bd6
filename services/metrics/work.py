"""What the worker and the learner do, as metrics: fetches, snapshots, history, jobs, forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from prometheus_client import CollectorRegistry

from services.base.settings import Role
from services.metrics.definitions import (
    FEED_FETCH_DURATION,
    FEED_FETCHES,
    FEED_OBSERVED,
    FORECAST_PRESENT,
    HEARTBEAT,
    HISTORY_APPEND,
    JOB_FAILURES,
    PROBE_SUCCESS,
    QUALITY,
    ROADWORKS,
    ROADWORKS_FETCHES,
    ROADWORKS_RECEIVED,
    SEGMENTS,
    STORAGE_IN_STEP,
)
from services.metrics.process import ProcessMeter
from services.metrics.samples import Sample

FetchOutcome = Literal["ok", "unreachable", "refused"]


class WorkMetrics:
    """The metrics of one role that works in the background.

    Parameters
    ----------
    role : {"worker", "learner", "watch", "mirror"}
    """

    def __init__(self, registry: CollectorRegistry, role: Role) -> None:
        self._role = role
        self._process = ProcessMeter(registry, role)
        self._heartbeat = HEARTBEAT.make(registry)
        self._fetches = FEED_FETCHES.make(registry)
        self._fetch_seconds = FEED_FETCH_DURATION.make(registry)
        self._observed = FEED_OBSERVED.make(registry)
        self._segments = SEGMENTS.make(registry)
        self._appended = HISTORY_APPEND.make(registry)
        self._roadworks_fetches = ROADWORKS_FETCHES.make(registry)
        self._roadworks_received = ROADWORKS_RECEIVED.make(registry)
        self._roadworks = ROADWORKS.make(registry)
        self._present = FORECAST_PRESENT.make(registry)
        self._probes = PROBE_SUCCESS.make(registry)
        self._failures = JOB_FAILURES.make(registry)
        self._in_step = STORAGE_IN_STEP.make(registry)
        self._quality = {each.name: each.make(registry) for each in QUALITY}

    def alive(self, now: datetime) -> None:
        """The role is alive."""
        self._heartbeat.labels(self._role).set(now.timestamp())
        self._process.note()

    def fetched(self, source: str, outcome: FetchOutcome, seconds: float) -> None:
        """A round of fetching ended."""
        self._fetches.labels(source, outcome).inc()
        self._fetch_seconds.labels(source).observe(seconds)

    def accepted(self, source: str, observed_at: datetime, statuses: Mapping[str, int]) -> None:
        """A snapshot passed every check.

        Parameters
        ----------
        statuses : mapping
            Number of segments by status.
        """
        self._observed.labels(source).set(observed_at.timestamp())
        for status, count in statuses.items():
            self._segments.labels(status).set(count)

    def history_written(self, source: str, now: datetime) -> None:
        """A snapshot of a source is in the history."""
        self._appended.labels(source).set(now.timestamp())

    def roadworks_fetched(self, source: str, outcome: FetchOutcome) -> None:
        """A list of roadworks was asked for."""
        self._roadworks_fetches.labels(source, outcome).inc()

    def roadworks_kept(self, source: str, received_at: datetime, levels: Mapping[str, int]) -> None:
        """A list of roadworks is kept.

        Parameters
        ----------
        levels : mapping
            Number of measures by level, those of which there is none too.
        """
        self._roadworks_received.labels(source).set(received_at.timestamp())
        for level, count in levels.items():
            self._roadworks.labels(source, level).set(count)

    def forecasts_present(self, kind: str, *, are_there: bool) -> None:
        """Whether a table of forecasts of a kind can be read."""
        self._present.labels(kind).set(float(are_there))

    def probed(self, probe: str, *, succeeded: bool) -> None:
        """Pages were asked from outside."""
        self._probes.labels(probe).set(float(succeeded))

    def in_step(self, part: str, now: datetime) -> None:
        """A part of the data directory is as in the object storage."""
        self._in_step.labels(part).set(now.timestamp())

    def failed(self, job: str) -> None:
        """A job failed."""
        self._failures.labels(job).inc()

    def quality(self, measures: Iterable[Sample]) -> None:
        """Take the newest measures of the forecasts' quality."""
        for name, labels, value in measures:
            self._quality[name].labels(**labels).set(value)
