"""Reading the metrics of every process: as text for Prometheus, as samples for the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from services.metrics.host import host_families
from services.metrics.sharing import is_shared, metrics_directory


class Sample(NamedTuple):
    """One number as it is now."""

    name: str
    labels: Mapping[str, str]
    value: float


class _Everything:
    """Everything that the roles share and the machine tells, as one collector."""

    def __init__(self, data_dir: Path, own: CollectorRegistry | None) -> None:
        self._data_dir = data_dir
        self._own = own

    def collect(self) -> Iterator[Metric]:
        """All families, each once."""
        if self._own is None or is_shared():
            paths = metrics_directory(self._data_dir).glob("*/*.db")
            files = [str(path) for path in sorted(paths)]
            yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        else:
            yield from self._own.collect()
        yield from host_families(self._data_dir)


def read_samples(data_dir: Path, own: CollectorRegistry | None = None) -> list[Sample]:
    """What every process has measured until now.

    Parameters
    ----------
    data_dir : Path
    own : CollectorRegistry, optional
        Of an application that shares its metrics with nobody (in tests).
    """
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in _Everything(data_dir, own).collect()
        for sample in family.samples
    ]


def exposition(data_dir: Path, own: CollectorRegistry) -> bytes:
    """The same in Prometheus' text format, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Everything(data_dir, own))
    return generate_latest(registry)
