"""What the camera's process does, as metrics: pictures by outcome, and the time that they take."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.metrics.process import ProcessMeter
from services.metrics.work import HEARTBEAT

PictureOutcome = Literal["ok", "refused", "busy", "failed"]

_BUCKETS_SECONDS: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 5, 10)


class CameraMetrics:
    """The metrics of the camera's process.

    Parameters
    ----------
    registry : CollectorRegistry
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._process = ProcessMeter(registry, "camera")
        self._heartbeat = Gauge(
            HEARTBEAT,
            "When a role last said that it is alive.",
            ["role"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._pictures = Counter(
            "traffic_camera_pictures",
            "Pictures handed in, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "traffic_camera_duration_seconds",
            "Time from a picture's bytes to its reading; loading the model is not in it.",
            buckets=_BUCKETS_SECONDS,
            registry=registry,
        )

    def alive(self, now: datetime) -> None:
        """The process is alive."""
        self._heartbeat.labels("camera").set(now.timestamp())
        self._process.note()

    def looked(self, outcome: PictureOutcome) -> None:
        """A picture was dealt with."""
        self._pictures.labels(outcome).inc()

    def took(self, seconds: float) -> None:
        """A picture was read in so many seconds."""
        self._seconds.observe(seconds)
