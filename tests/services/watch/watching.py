"""A watch on virtual time: a test says what the metrics are and lets time pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.metrics.samples import Sample
from services.operations.database import Operations, open_operations
from services.watch.messages import Change
from services.watch.rules import Rules, load_rules
from services.watch.watcher import Watcher

# A Tuesday, 8:00 in Rennes.
START = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


class Watching:
    """A watcher whose clocks a test moves."""

    def __init__(self, data_dir: Path, rules: Rules | None = None) -> None:
        self.data_dir = data_dir
        self.rules = rules or load_rules()
        self.now = START
        self.elapsed_s = 1_000.0
        self.metrics: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.changes: list[Change] = []
        self.operations: Operations = open_operations(load_settings(data_dir=data_dir))
        self.restart()
        self.keeps_alive = True

    def restart(self, **options: Any) -> None:
        """A new watch process, which knows what the last one wrote."""
        self.watcher = Watcher(
            self.rules,
            self.operations,
            self.data_dir,
            lambda: self.now,
            lambda: self.elapsed_s,
            city=RENNES,
            **options,
        )

    def set(self, name: str, value: float, **labels: str) -> None:
        self.metrics[name, tuple(sorted(labels.items()))] = value

    def add(self, name: str, more: float, **labels: str) -> None:
        key = name, tuple(sorted(labels.items()))
        self.metrics[key] = self.metrics.get(key, 0.0) + more

    def answer(self, count: int, seconds: float, status: str = "2xx", endpoint: str = "page"):
        """So many answers, each in so many seconds."""
        who = {"endpoint": endpoint, "callback": "-"}
        for bound in (0.1, 0.25, 0.5, 1.0, 2.5, float("inf")):
            more = count if seconds <= bound else 0
            self.add("traffic_request_duration_seconds_bucket", more, le=str(bound), **who)
        self.add("traffic_requests_total", count, status=status, **who)

    def pass_time(
        self, seconds: float, each_round: Callable[[], object] = lambda: None
    ) -> list[Change]:
        """Let rounds go by; returns what changed in them."""
        changes: list[Change] = []
        for _ in range(round(seconds / self.rules.evaluation_seconds)):
            self.now += timedelta(seconds=self.rules.evaluation_seconds)
            self.elapsed_s += self.rules.evaluation_seconds
            if self.keeps_alive:
                self.set("traffic_heartbeat_timestamp_seconds", self.now.timestamp(), role="worker")
            each_round()
            changes += self.watcher.evaluate(self._samples())
            self.watcher.save()
        self.changes += changes
        return changes

    def state(self, rule: str) -> str:
        [found] = [item for item in self.watcher.states() if item.rule.name == rule]
        return found.state

    def _samples(self) -> Iterable[Sample]:
        return [Sample(name, dict(labels), value) for (name, labels), value in self.metrics.items()]


def names(changes: Iterable[Change], *, over: bool) -> list[str]:
    """The rules of incidents that fired, or are over."""
    return [c.rule.name for c in changes if c.is_over == over]
