"""The watch and its outbox over real parts; only time is virtual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.metrics.samples import read_samples
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.operations.database import open_operations
from services.roles.watch import Watch
from services.watch.outbox import Outbox, send_by_apprise


class Duty:
    """The watch and its outbox on virtual time, over the metrics of real parts."""

    def __init__(self, settings) -> None:
        self.settings = settings
        self.operations = open_operations(settings)
        self.now = datetime.now(UTC)
        self.elapsed_s = 1_000.0
        self.worker = WorkMetrics(metric_registry(), "worker")
        self.start()

    def start(self) -> None:
        """A new watch process."""
        urls = [self.settings.notify_urls.get_secret_value()]
        self.outbox = Outbox(self.operations, urls, send_by_apprise)
        self.watch = Watch(self.settings, self.outbox, lambda: self.now, lambda: self.elapsed_s)

    def pass_time(self, seconds: float, meanwhile=lambda: None) -> None:
        """Let rounds go by, while the worker gives its signs of life and something happens."""
        for _ in range(round(seconds / self.watch.period_seconds)):
            self.now += timedelta(seconds=self.watch.period_seconds)
            self.elapsed_s += self.watch.period_seconds
            self.worker.alive(self.now)
            meanwhile()
            self.watch.round()
            self.outbox.deliver(self.now)


def fired(summary: str) -> str:
    return f"[Incident] Traffic Rennes: {summary}"


def over(summary: str) -> str:
    return f"[Over] Traffic Rennes: {summary}"


def lines_about(webhook, summary: str) -> list[str]:
    """The severity, or "Over", of each line that was sent about a rule."""
    lines = "\n".join(message["message"] for message in webhook.told).splitlines()
    return [line.partition(" · ")[0] for line in lines if summary in line]


def sample_of(data_dir, name: str) -> float:
    return sum(sample.value for sample in read_samples(data_dir) if sample.name == name)
