"""The machine and the data directory, looked at when metrics are read."""

from __future__ import annotations

import shutil
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from prometheus_client.core import Metric

from services.metrics.definitions import (
    DISK_FREE,
    DISK_FREE_SHARE,
    HOST_LOAD,
    HOST_MEMORY,
    NOWCAST_WRITTEN,
)

# What the learner writes after every snapshot; see services.forecast.nowcast_files.
_NOWCAST: Final = Path("forecasts", "nowcast", "current.parquet")


def host_families(data_dir: Path, roles_off: Container[str] = ()) -> Iterator[Metric]:
    """Disk, memory, load, and the age of the next hour's forecast; what cannot be read is absent.

    Load is the one-minute average by processor: 1 means that every processor has
    work all the time (``man 5 proc``, loadavg).
    """
    with suppress(OSError):
        disk = shutil.disk_usage(data_dir)
        yield DISK_FREE.read({(): disk.free})
        yield DISK_FREE_SHARE.read({(): disk.free / disk.total})
    with suppress(OSError):
        yield HOST_LOAD.read({(): psutil.getloadavg()[0] / (psutil.cpu_count() or 1)})
    with suppress(OSError):
        yield HOST_MEMORY.read({(): psutil.virtual_memory().available})
    if "learner" in roles_off:
        # What it left when it still ran only gets older.
        return
    with suppress(OSError):
        yield NOWCAST_WRITTEN.read({(): (data_dir / _NOWCAST).stat().st_mtime})
