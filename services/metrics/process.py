"""What a process takes: memory and processor time, measured by itself."""

from __future__ import annotations

import threading
import time
from typing import Final

import psutil
from prometheus_client import CollectorRegistry

from services.base.settings import Role
from services.metrics.definitions import PROCESS_CPU, PROCESS_MEMORY

# Reading it takes some 50 microseconds: not at every request.
_PERIOD_SECONDS: Final = 5.0


class ProcessMeter:
    """Notes what this process takes, at most every five seconds. Safe to share."""

    def __init__(self, registry: CollectorRegistry, role: Role) -> None:
        self._memory = PROCESS_MEMORY.make(registry)
        self._cpu = PROCESS_CPU.make(registry)
        self._role = role
        self._lock = threading.Lock()
        self._due = 0.0

    def note(self) -> None:
        """Measure now, unless it was done a moment ago."""
        now = time.monotonic()
        with self._lock:
            if now < self._due:
                return
            self._due = now + _PERIOD_SECONDS
        # Made each time: after a fork it is another process.
        process = psutil.Process()
        with process.oneshot():
            used = process.cpu_times()
            self._memory.labels(self._role).set(resident_bytes(process))
            self._cpu.labels(self._role).set(used.user + used.system)


def resident_bytes(process: psutil.Process) -> int:
    """Memory of a process that is in the machine's own."""
    return int(process.memory_info().rss)
