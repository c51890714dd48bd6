"""Reading the metrics of every process: as text for Prometheus, as samples for the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.utils import floatToGoString

from services.base.settings import Role
from services.metrics.definitions import HEARTBEAT, METRICS_UNREADABLE, PROCESS_LABELS
from services.metrics.files import (
    HISTOGRAM,
    NEWEST,
    OF_EACH,
    SUFFIX,
    FileName,
    KeptValue,
    bucket_name,
    is_bucket_name,
    is_of_the_living,
    name_of,
    values_in,
)
from services.metrics.host import host_families
from services.metrics.shared_directory import (
    ADDED_UP,
    added_up_in,
    is_past,
    is_shared,
    metrics_directory,
)

# What more there is says nothing new; nobody may grow the answer by littering the directory.
_MAX_UNREADABLE: Final = 20

Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """One number as it is now."""

    name: str
    labels: Mapping[str, str]
    value: float


class _Everything:
    """Everything that the roles share and the machine tells, as one collector."""

    def __init__(
        self, data_dir: Path, own: CollectorRegistry | None, roles_off: Container[str]
    ) -> None:
        self._data_dir = data_dir
        self._own = own
        self._roles_off = roles_off

    def collect(self) -> Iterator[Metric]:
        """All families, each once."""
        if self._own is None or is_shared():
            paths = metrics_directory(self._data_dir).glob(f"*/*{SUFFIX}")
            yield from _of_files(p for p in paths if p.parent.name not in self._roles_off)
        else:
            yield from self._own.collect()
        yield from host_families(self._data_dir, self._roles_off)


def read_samples(
    data_dir: Path, own: CollectorRegistry | None = None, roles_off: Container[str] = ()
) -> list[Sample]:
    """What every process has measured until now.

    Parameters
    ----------
    own : CollectorRegistry, optional
        Of an application that shares its metrics with nobody (in tests).
    roles_off : container of str
        What these left when they still ran is left out.
    """
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in _Everything(data_dir, own, roles_off).collect()
        for sample in family.samples
    ]


def heartbeat_of(data_dir: Path, role: Role) -> float | None:
    """When a role last said that it is alive, seconds since 1970; None where it never did."""
    return max(
        (
            sample.value
            for sample in read_samples(data_dir)
            if sample.name == HEARTBEAT.name and sample.labels.get("role") == role
        ),
        default=None,
    )


def exposition(
    data_dir: Path, own: CollectorRegistry | None, roles_off: Container[str] = ()
) -> bytes:
    """The same in Prometheus' text format, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Everything(data_dir, own, roles_off))
    return generate_latest(registry)


def _of_files(paths: Iterable[Path]) -> Iterator[Metric]:
    """What some files hold together; one that cannot be read is named, and hides no other."""
    found: list[tuple[Path, list[KeptValue]]] = []
    unreadable = []
    # The past last: what has been added to it meanwhile, it names.
    for path in sorted(paths, key=lambda path: (is_past(path), path)):
        try:
            if name_of(path).kind != OF_EACH or is_of_the_living(path):
                found.append((path, values_in(path)))
        except FileNotFoundError:
            # Its process was retired a moment ago.
            continue
        except (OSError, ValueError):
            unreadable.append(f"{path.parent.name}/{path.name}")
    for family in _families_of(found):
        yield family.metric()
    if unreadable:
        yield METRICS_UNREADABLE.read({(file,): 1.0 for file in unreadable[:_MAX_UNREADABLE]})


def _families_of(files: Sequence[tuple[Path, Sequence[KeptValue]]]) -> Iterable[_Family]:
    """Every metric over all its files, each of which counts once."""
    counted = {
        path.parent / file
        for path, values in files
        if is_past(path)
        for file in added_up_in(values)
    }
    # By kind too: a damaged name may be that of a metric of another one.
    families: dict[tuple[str, str], _Family] = {}
    for path, values in files:
        name = name_of(path)
        for value in () if path in counted else values:
            if value.family != ADDED_UP:
                key = name.kind, value.family
                families.setdefault(key, _Family(name.kind, value)).add(name, value)
    return families.values()


class _Family:
    """One metric over all its files."""

    def __init__(self, kind: str, first: KeptValue) -> None:
        self._kind = kind
        self._name, self._help = first.family, first.help_text
        self._values: dict[tuple[str, Labels], tuple[float, float]] = {}

    def add(self, name: FileName, value: KeptValue) -> None:
        """Take a value: counts add up, of gauges the newest one counts or each."""
        labels = value.labels
        if self._kind == OF_EACH:
            labels = {**labels, **dict(zip(PROCESS_LABELS, (name.pid, name.host), strict=True))}
        key = value.name, tuple(sorted(labels.items()))
        before, before_at = self._values.get(key, (0.0, -1.0))
        if self._kind in {NEWEST, OF_EACH}:
            if value.at > before_at:
                self._values[key] = value.value, value.at
        else:
            self._values[key] = before + value.value, 0.0

    def metric(self) -> Metric:
        """As Prometheus takes it."""
        kind = self._kind.partition("_")[0]
        metric = Metric(self._name, self._help, kind)
        buckets: dict[Labels, dict[float, float]] = defaultdict(dict)
        for (name, labels), (value, _) in self._values.items():
            if self._kind == HISTOGRAM and is_bucket_name(name):
                held = dict(labels)
                bound = float(held.pop("le"))
                buckets[tuple(held.items())][bound] = value
            else:
                metric.add_sample(name, dict(labels), value)
        for labels, counts in buckets.items():
            # Each file counts a case once; Prometheus wants those up to each bound.
            total = 0.0
            for bound, count in sorted(counts.items()):
                total += count
                upper = {**dict(labels), "le": floatToGoString(bound)}  # type: ignore[no-untyped-call]
                metric.add_sample(bucket_name(self._name), upper, total)
            metric.add_sample(f"{self._name}_count", dict(labels), total)
        return metric
