"""What the camera's process does, as metrics: pictures by outcome, and the time that they take."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from prometheus_client import CollectorRegistry

from services.metrics.definitions import CAMERA_DURATION, CAMERA_PICTURES, HEARTBEAT
from services.metrics.process import ProcessMeter

PictureOutcome = Literal["ok", "refused", "busy", "failed"]


class CameraMetrics:
    """The metrics of the camera's process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._process = ProcessMeter(registry, "camera")
        self._heartbeat = HEARTBEAT.make(registry)
        self._pictures = CAMERA_PICTURES.make(registry)
        self._seconds = CAMERA_DURATION.make(registry)

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
