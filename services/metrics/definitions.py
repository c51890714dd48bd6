"""Every metric that exists, defined once: for whoever measures, reads, evaluates or documents it.

Names and units follow Prometheus' advice (https://prometheus.io/docs/practices/naming/). The table
in ``docs/monitoring/README.md`` is made of this module by :mod:`services.watch.prometheus`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

Unit = Literal["seconds", "seconds since 1970", "bytes", "ratio", "0 or 1", "count"]

# What readers add to a value that each process has of its own.
PROCESS_LABELS: Final = ("pid", "host")


@dataclass(frozen=True)
class Definition:
    """What holds of a metric wherever it is measured or read.

    Attributes
    ----------
    name : str
        As it is published: with its unit, and ``_total`` where it only grows.
    meaning : str
        In one line, with the values that a label may take where that is no endless list.
    """

    name: str
    unit: Unit
    meaning: str
    labels: tuple[str, ...] = ()

    kind: ClassVar[str]

    @property
    def published_labels(self) -> tuple[str, ...]:
        """The labels, with those that readers add."""
        return self.labels


class CounterDefinition(Definition):
    """It only grows, and outlives the processes that counted."""

    kind = "counter"

    def make(self, registry: CollectorRegistry) -> Counter:
        """One to count with."""
        return Counter(self.name, self.meaning, self.labels, registry=registry)


class GaugeDefinition(Definition):
    """The newest value counts, whoever set it."""

    kind = "gauge"

    def make(self, registry: CollectorRegistry) -> Gauge:
        """One to set."""
        return Gauge(
            self.name,
            self.meaning,
            self.labels,
            registry=registry,
            multiprocess_mode="mostrecent",
        )

    def read(self, values: Mapping[tuple[str, ...], float]) -> Metric:
        """What is looked at when metrics are read: values by those of the labels."""
        family = GaugeMetricFamily(self.name, self.meaning, labels=self.labels)
        for labels, value in values.items():
            family.add_metric(labels, value)
        return family


class ProcessGaugeDefinition(Definition):
    """Each process has its own value for as long as it lives."""

    kind = "gauge"

    @property
    def published_labels(self) -> tuple[str, ...]:
        """Those of the process too."""
        return *self.labels, *PROCESS_LABELS

    def make(self, registry: CollectorRegistry) -> Gauge:
        """One to set."""
        return Gauge(
            self.name, self.meaning, self.labels, registry=registry, multiprocess_mode="liveall"
        )


@dataclass(frozen=True)
class HistogramDefinition(Definition):
    """Cases counted by size.

    Attributes
    ----------
    bounds : tuple of float
        Upper ones, in the metric's unit.
    """

    bounds: tuple[float, ...] = ()

    kind: ClassVar[str] = "histogram"

    def make(self, registry: CollectorRegistry) -> Histogram:
        """One to observe with."""
        return Histogram(
            self.name, self.meaning, self.labels, buckets=self.bounds, registry=registry
        )


REQUEST_DURATION: Final = HistogramDefinition(
    "traffic_request_duration_seconds",
    "seconds",
    "Time to answer a request.",
    ("endpoint", "callback"),
    # Around the half second at which the rule of slow answers fires.
    bounds=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUESTS: Final = CounterDefinition(
    "traffic_requests_total",
    "count",
    "Requests answered, by class of status; 503 stands for itself.",
    ("endpoint", "callback", "status"),
)
LOGINS: Final = CounterDefinition(
    "traffic_logins_total",
    "count",
    "Attempts to log in: accepted, refused, throttled.",
    ("outcome",),
)
MEASURES_WRITE_FAILURES: Final = CounterDefinition(
    "traffic_measures_write_failures_total",
    "count",
    "Attempts to write the measures of /dashboard/ that failed and are made again.",
)
MEASURES_LOST: Final = CounterDefinition(
    "traffic_measures_lost_total",
    "count",
    "Measures of requests that will never be on the pages of /dashboard/.",
)
FEED_FETCHES: Final = CounterDefinition(
    "traffic_feed_fetches_total",
    "count",
    "Rounds of fetching: ok, unreachable, refused.",
    ("source", "outcome"),
)
FEED_FETCH_DURATION: Final = HistogramDefinition(
    "traffic_feed_fetch_duration_seconds",
    "seconds",
    "Time to fetch, check and publish one reply of a source.",
    ("source",),
    bounds=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30),
)
FEED_OBSERVED: Final = GaugeDefinition(
    "traffic_feed_observed_timestamp_seconds",
    "seconds since 1970",
    "When the last accepted snapshot of a source was observed.",
    ("source",),
)
SEGMENTS: Final = GaugeDefinition(
    "traffic_segments", "count", "Segments of the last accepted snapshot.", ("status",)
)
HISTORY_APPEND: Final = GaugeDefinition(
    "traffic_history_append_timestamp_seconds",
    "seconds since 1970",
    "When a snapshot of a source was last added to the history.",
    ("source",),
)
ROADWORKS_FETCHES: Final = CounterDefinition(
    "traffic_roadworks_fetches_total",
    "count",
    "Lists of roadworks asked for: ok, unreachable, refused.",
    ("source", "outcome"),
)
ROADWORKS_RECEIVED: Final = GaugeDefinition(
    "traffic_roadworks_received_timestamp_seconds",
    "seconds since 1970",
    "When the list of roadworks that is kept was received.",
    ("source",),
)
ROADWORKS: Final = GaugeDefinition(
    "traffic_roadworks",
    "count",
    "Measures of the list of roadworks that is kept, by how much they disturb.",
    ("source", "level"),
)
HEARTBEAT: Final = GaugeDefinition(
    "traffic_heartbeat_timestamp_seconds",
    "seconds since 1970",
    "When a role last gave a sign of life.",
    ("role",),
)
PROBE_SUCCESS: Final = GaugeDefinition(
    "traffic_probe_success",
    "0 or 1",
    "Whether pages, asked from outside by the watch, answered well: health, refresh.",
    ("probe",),
)
JOB_FAILURES: Final = CounterDefinition(
    "traffic_job_failures_total", "count", "Background jobs that failed.", ("job",)
)
CAMERA_PICTURES: Final = CounterDefinition(
    "traffic_camera_pictures_total",
    "count",
    "Street pictures: ok, refused (the picture's fault), busy (no place), failed (ours).",
    ("outcome",),
)
CAMERA_DURATION: Final = HistogramDefinition(
    "traffic_camera_duration_seconds",
    "seconds",
    "Time from a picture's bytes to its reading; loading the model is not in it.",
    bounds=(0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 5, 10),
)
TRENDS_QUESTIONS: Final = CounterDefinition(
    "traffic_trends_questions_total",
    "count",
    "Questions to the archive by view: ok, kept (answered before), refused (the question's fault), "
    "busy (no place), stopped (nobody waited), time, memory (beyond a limit), failed (ours).",
    ("view", "outcome"),
)
TRENDS_DURATION: Final = HistogramDefinition(
    "traffic_trends_duration_seconds",
    "seconds",
    "Time that a question to the archive was computed for, with the start of a process for it.",
    ("view",),
    bounds=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20),
)
TRENDS_QUEUED: Final = GaugeDefinition(
    "traffic_trends_queued", "count", "Questions to the archive that wait for others."
)
TRENDS_MEMORY: Final = GaugeDefinition(
    "traffic_trends_memory_bytes",
    "bytes",
    "Resident memory of the processes that compute answers of the archive.",
)
STORAGE_IN_STEP: Final = GaugeDefinition(
    "traffic_storage_in_step_timestamp_seconds",
    "seconds since 1970",
    "When a part of the data directory was last as in the object storage, by this machine's clock.",
    ("part",),
)
FORECAST_PRESENT: Final = GaugeDefinition(
    "traffic_forecast_present", "0 or 1", "Whether forecasts of a kind can be read.", ("kind",)
)
NOWCAST_WRITTEN: Final = GaugeDefinition(
    "traffic_nowcast_timestamp_seconds",
    "seconds since 1970",
    "When the next hour was last forecast.",
)
FORECAST_SKILL: Final = GaugeDefinition(
    "traffic_forecast_skill",
    "ratio",
    "Of the last seven days against a baseline, by ranked probability score; below 0 is worse.",
    ("kind", "lead_minutes", "baseline"),
)
FORECAST_SKILL_DROP: Final = GaugeDefinition(
    "traffic_forecast_skill_drop",
    "ratio",
    "Skill of the last seven days less that of yesterday.",
    ("kind", "lead_minutes", "baseline"),
)
FORECAST_COVERAGE: Final = GaugeDefinition(
    "traffic_forecast_coverage",
    "ratio",
    "Share of observations inside the band from P10 to P90; 0.8 is right.",
    ("kind", "lead_minutes", "forecaster"),
)
INPUT_DRIFT: Final = GaugeDefinition(
    "traffic_input_drift",
    "ratio",
    "How far the traffic of three days moved from the usual, in shares of free flow.",
    ("zone", "hour_class"),
)
PROCESS_MEMORY: Final = ProcessGaugeDefinition(
    "traffic_process_resident_memory_bytes", "bytes", "Resident memory of a process.", ("role",)
)
PROCESS_CPU: Final = ProcessGaugeDefinition(
    "traffic_process_cpu_seconds",
    "seconds",
    "Processor time that a process has used since its start.",
    ("role",),
)
METRICS_UNREADABLE: Final = GaugeDefinition(
    "traffic_metrics_unreadable", "0 or 1", "A file of metrics that cannot be read.", ("file",)
)
DISK_FREE: Final = GaugeDefinition(
    "traffic_disk_free_bytes", "bytes", "Free where the data directory is."
)
DISK_FREE_SHARE: Final = GaugeDefinition(
    "traffic_disk_free_ratio", "ratio", "Share free where the data directory is."
)
HOST_LOAD: Final = GaugeDefinition(
    "traffic_host_load_ratio", "ratio", "Load of one minute by processor."
)
HOST_MEMORY: Final = GaugeDefinition(
    "traffic_host_memory_available_bytes", "bytes", "Memory left to programs."
)

QUALITY: Final = (FORECAST_SKILL, FORECAST_SKILL_DROP, FORECAST_COVERAGE, INPUT_DRIFT)
# All of the above, in their order.
DEFINITIONS: Final = tuple(item for item in tuple(vars().values()) if isinstance(item, Definition))
