"""Taking times: warmed up, repeated, and with the rubbish collected before each run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path


def time_runs(action: Callable[[], object], runs: int, warm_up: int = 1) -> list[float]:
    """Seconds that each of some runs took.

    Parameters
    ----------
    action : callable
    runs : int
    warm_up : int
        Runs before the first that counts.
    """
    for _ in range(warm_up):
        action()
    return [_time_once(action) for _ in range(runs)]


def used() -> dict[str, float]:
    """Processor time of this process, and the most memory that it ever had."""
    status = Path("/proc/self/status").read_text()
    peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return {"cpu_s": time.process_time(), "peak_mb": int(peak_kb) * 1024 / 1e6}


def _time_once(action: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
