"""The machine and the data directory, looked at when metrics are read."""

from __future__ import annotations

import shutil
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from prometheus_client.core import GaugeMetricFamily, Metric

# What the learner writes after every snapshot; see services.forecast.nowcast_files.
_NOWCAST: Final = Path("forecasts", "nowcast", "current.parquet")


def host_families(data_dir: Path, roles_off: Container[str] = ()) -> Iterator[Metric]:
    """Disk, memory, load, and the age of the next hour's forecast; what cannot be read is absent.

    Load is the one-minute average by processor: 1 means that every processor has
    work all the time (``man 5 proc``, loadavg).
    """
    with suppress(OSError):
        disk = shutil.disk_usage(data_dir)
        yield _gauge("traffic_disk_free_bytes", "Free where the data directory is.", disk.free)
        share = disk.free / disk.total
        yield _gauge("traffic_disk_free_ratio", "Share free where the data directory is.", share)
    with suppress(OSError):
        load = psutil.getloadavg()[0] / (psutil.cpu_count() or 1)
        yield _gauge("traffic_host_load_ratio", "Load of one minute by processor.", load)
    with suppress(OSError):
        available = psutil.virtual_memory().available
        yield _gauge("traffic_host_memory_available_bytes", "Memory left to programs.", available)
    if "learner" in roles_off:
        # What it left when it still ran only gets older.
        return
    with suppress(OSError):
        written = (data_dir / _NOWCAST).stat().st_mtime
        yield _gauge(
            "traffic_nowcast_timestamp_seconds", "When the next hour was last forecast.", written
        )


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)
