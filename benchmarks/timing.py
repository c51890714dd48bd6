"""Taking times: warmed up, repeated, and with the rubbish collected before each run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


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


def _time_once(action: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
