"""What the worker and the learner do, as metrics: fetches, snapshots, history, jobs, forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.metrics.process import ProcessMeter
from services.metrics.sharing import Role

FetchOutcome = Literal["ok", "unreachable", "refused"]

HEARTBEAT: Final = "traffic_heartbeat_timestamp_seconds"
FETCH_BUCKETS_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)


class WorkMetrics:
    """The metrics of one role that works in the background.

    Parameters
    ----------
    registry : CollectorRegistry
    role : {"worker", "learner", "watch"}
    """

    def __init__(self, registry: CollectorRegistry, role: Role) -> None:
        self._role = role
        self._registry = registry
        self._quality: dict[str, Gauge] = {}
        self._process = ProcessMeter(registry, role)
        self._heartbeat = self._gauge(HEARTBEAT, "When a role last said that it is alive.", "role")
        self._fetches = Counter(
            "traffic_feed_fetches",
            "Rounds of fetching, by source and outcome.",
            ["source", "outcome"],
            registry=registry,
        )
        self._fetch_seconds = Histogram(
            "traffic_feed_fetch_duration_seconds",
            "Time to fetch, check and publish one reply of a source.",
            ["source"],
            buckets=FETCH_BUCKETS_SECONDS,
            registry=registry,
        )
        self._observed = self._gauge(
            "traffic_feed_observed_timestamp_seconds",
            "When the last accepted snapshot of a source was observed.",
            "source",
        )
        self._segments = self._gauge(
            "traffic_segments", "Segments of the last accepted snapshot, by status.", "status"
        )
        self._appended = self._gauge(
            "traffic_history_append_timestamp_seconds",
            "When a snapshot of a source was last added to the history.",
            "source",
        )
        self._present = self._gauge(
            "traffic_forecast_present", "Whether forecasts of a kind can be read: 1 or 0.", "kind"
        )
        self._probes = self._gauge(
            "traffic_probe_success",
            "Whether pages, asked from outside, answered well: 1 or 0.",
            "probe",
        )
        self._failures = Counter(
            "traffic_job_failures", "Jobs that failed.", ["job"], registry=registry
        )

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
        source : str
        observed_at : datetime
        statuses : mapping
            Number of segments by status.
        """
        self._observed.labels(source).set(observed_at.timestamp())
        for status, count in statuses.items():
            self._segments.labels(status).set(count)

    def history_written(self, source: str, now: datetime) -> None:
        """A snapshot of a source is in the history."""
        self._appended.labels(source).set(now.timestamp())

    def forecasts_present(self, kind: str, *, are_there: bool) -> None:
        """Whether a table of forecasts of a kind can be read."""
        self._present.labels(kind).set(float(are_there))

    def probed(self, probe: str, *, succeeded: bool) -> None:
        """Pages were asked from outside."""
        self._probes.labels(probe).set(float(succeeded))

    def failed(self, job: str) -> None:
        """A job failed."""
        self._failures.labels(job).inc()

    def quality(self, measures: Iterable[tuple[str, Mapping[str, str], float]]) -> None:
        """Name, labels and value of each measure of the forecasts' quality."""
        for name, labels, value in measures:
            if name not in self._quality:
                self._quality[name] = self._gauge(
                    name, "See services.learn.quality_metrics.", *sorted(labels)
                )
            self._quality[name].labels(**labels).set(value)

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(
            name, help_text, labels, registry=self._registry, multiprocess_mode="mostrecent"
        )
