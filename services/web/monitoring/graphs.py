"""Graphs of the package's own kind: age of the snapshot, skill of the forecasts, open incidents.

Every process has a thread for them; the one that holds a file lock writes. When it ends, the system
releases the lock, and the next one to ask goes on.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from services.base.clock import Clock
from services.metrics.definitions import FEED_OBSERVED, FORECAST_SKILL
from services.metrics.samples import Sample, read_samples
from services.operations.database import NothingRecorded, Operations
from services.operations.incidents import open_incidents
from services.web.monitoring.complaints import describe, logger

PERIOD_SECONDS = 60
LOCK_NAME = "graphs.lock"

SNAPSHOT_AGE = "Age of the snapshot, in seconds"
WORST_SKILL = "Skill of the forecasts against the usual average, the worst kind"
OPEN_INCIDENTS = "Open incidents"


class Graphs:
    """Writes a value of each graph once a minute, in one process of however many.

    Parameters
    ----------
    transaction : callable
        The package's ``session_scope``.
    tables : module
        The package's ``database.custom_graph``.
    lock_path : Path
        Held by the process that writes.
    measure : callable
        Gives the values by the titles of their graphs; those that are not known are absent.
    is_due : callable
        Whether no process of another host has just written.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Any]],
        tables: Any,
        lock_path: Path,
        measure: Callable[[], Mapping[str, float]],
        is_due: Callable[[Any], bool],
    ) -> None:
        self._transaction = transaction
        self._tables = tables
        # Asked by other threads than the one that made it.
        self._lock = FileLock(lock_path, thread_local=False)
        self._measure = measure
        self._is_due = is_due

    def start(self) -> None:
        """Write now and then once a minute. Call it after any fork."""
        threading.Thread(target=self._run, name="graphs", daemon=True).start()

    def _run(self) -> None:
        # The package's scheduler would complain at the end of the process, which may come midway.
        pause = threading.Event()
        while True:
            self.write()
            pause.wait(PERIOD_SECONDS)

    def write(self) -> bool:
        """Write the values as they are now, if this process is the one to; whether it did."""
        try:
            if not self._lock.is_locked:
                self._lock.acquire(timeout=0)
            values = self._measure()
            with self._transaction() as session:
                if not self._is_due(session):
                    return False
                for title, value in values.items():
                    number = self._tables.get_graph_id_from_name(session, title)
                    self._tables.add_value(session, number, value)
        except Timeout:
            # Another process writes.
            return False
        # Whatever it is, the next minute may do better.
        except Exception as error:
            logger.error("graphs are not written now: %s", describe(error))
            return False
        return True


def measured_values(data_dir: Path, operations: Operations, clock: Clock) -> dict[str, float]:
    """The values of the graphs, of what is known.

    Parameters
    ----------
    data_dir : Path
        Whose metrics are read.
    operations : Operations
        Where incidents are.

    Raises
    ------
    StorageError
        When incidents cannot be read.
    """
    samples = read_samples(data_dir)
    observed = _values(samples, FEED_OBSERVED.name)
    skills = _values(samples, FORECAST_SKILL.name, baseline="average")
    found: dict[str, float] = {}
    # At the first start pages are served before anybody has kept anything.
    with contextlib.suppress(NothingRecorded), operations.begin() as session:
        found[OPEN_INCIDENTS] = float(len(open_incidents(session)))
    if observed:
        found[SNAPSHOT_AGE] = clock().timestamp() - max(observed)
    if skills:
        found[WORST_SKILL] = min(skills)
    return found


def _values(samples: list[Sample], name: str, **labels: str) -> list[float]:
    return [
        sample.value
        for sample in samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
