"""What the archive's process does, as metrics: questions by view and outcome, time, queue."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry

from services.metrics.definitions import (
    HEARTBEAT,
    TRENDS_DURATION,
    TRENDS_MEMORY,
    TRENDS_QUESTIONS,
    TRENDS_QUEUED,
)
from services.metrics.process import ProcessMeter


class TrendsMetrics:
    """The metrics of the archive's process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._process = ProcessMeter(registry, "trends")
        self._heartbeat = HEARTBEAT.make(registry)
        self._questions = TRENDS_QUESTIONS.make(registry)
        self._seconds = TRENDS_DURATION.make(registry)
        self._queued = TRENDS_QUEUED.make(registry)
        self._memory = TRENDS_MEMORY.make(registry)

    def alive(self, now: datetime, queued: int, memory_bytes: int) -> None:
        """The process is alive; so many questions wait, and its children take so much."""
        self._heartbeat.labels("trends").set(now.timestamp())
        self._queued.set(queued)
        self._memory.set(memory_bytes)
        self._process.note()

    def ended(self, view: str, outcome: str, seconds: float | None) -> None:
        """A question ended; computed for so many seconds, if it was."""
        self._questions.labels(view, outcome).inc()
        if seconds is not None:
            self._seconds.labels(view).observe(seconds)
