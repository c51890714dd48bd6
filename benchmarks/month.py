"""A month of the worker at high speed: whether its memory, or what it keeps, grows for ever.

A process of its own does every job of the worker as often as it would be due, on a clock that
runs ahead and simulated traffic every 15 minutes; the companion, whose processes end by
themselves, is left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import psutil

from benchmarks.rows import ROOT, NotMeasured, Options, Row, Target, exactly, share
from benchmarks.servers import workplace
from services.base.command_line import run_command
from services.base.memory import take_little_memory
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.metrics.shared_directory import metric_registry, share_metrics
from services.metrics.work import WorkMetrics
from services.roles import worker
from services.traffic.store import Store

# After a week, every hour of the week has been seen: what grows from then on grows for ever.
GROWTH_TARGET: Final = Target(1.05, "at most", of="ratio")
_DAYS: Final = 30
_QUICK_DAYS: Final = 8
_WEEK: Final = 7
_STEP: Final = timedelta(minutes=15)
# Later than what the shipped models learned from: their forecasts are scored.
_START: Final = datetime(2026, 12, 1, tzinfo=UTC)
_MB: Final = 1e6


def measure(options: Options) -> Iterator[Row]:
    """Yield the worker's memory by week, its growth after the first, and what lies on the disk."""
    days = options.repeat(_DAYS, _QUICK_DAYS)
    with workplace() as data_dir:
        found = _month(data_dir, days)
    after_a_week = exactly(found[_WEEK - 1]["bytes"] / _MB, "MB")
    for day in sorted({1, *range(_WEEK, days, _WEEK)}):
        yield Row(
            f"worker's memory, simulated day {day}",
            exactly(found[day - 1]["bytes"] / _MB, "MB"),
        )
    last = exactly(found[-1]["bytes"] / _MB, "MB")
    yield Row(f"worker's memory, simulated day {days}", last, after_a_week,
              "after a week", share(last, after_a_week), GROWTH_TARGET)  # fmt: skip
    for name, size in found[-1]["kept"].items():
        before = exactly(found[_WEEK - 1]["kept"].get(name, 0) / _MB, "MB")
        here = exactly(size / _MB, "MB")
        yield Row(f"{name} on the disk, simulated day {days}", here, before, "after a week")


def main() -> int:
    """Do the work of some days in a data directory; a line of JSON after each."""
    data_dir, days = Path(sys.argv[1]), int(sys.argv[2])
    now = _START
    process = psutil.Process()
    with patch.object(worker, "utc_now", lambda: now):
        jobs = _jobs(data_dir)
        due = {job.id: now for job in jobs}
        while now < _START + timedelta(days=days):
            for job in jobs:
                if due[job.id] <= now:
                    due[job.id] = now + job.trigger.interval
                    job.func(*job.args)
            now += _STEP
            if now.time() == _START.time():
                found = {"bytes": process.memory_info().rss, "kept": _kept(data_dir)}
                sys.stdout.write(json.dumps(found) + "\n")
                sys.stdout.flush()
    return 0


def _jobs(data_dir: Path) -> list[Any]:
    """What the worker's own scheduler would run."""
    take_little_memory()
    settings = load_settings(data_dir=data_dir, source="demo", learner=False)
    store = Store(RENNES, data_dir, heals=True)
    store.prepare()
    share_metrics(data_dir, "worker")
    metrics = WorkMetrics(metric_registry(), "worker")
    observer = worker.make_observer(settings, store, metrics)
    jobs: list[Any] = worker.make_scheduler(settings, observer, metrics).get_jobs()
    return jobs


def _month(data_dir: Path, days: int) -> list[dict[str, Any]]:
    """What was found after each day."""
    command = [sys.executable, "-m", "benchmarks.month", str(data_dir), str(days)]
    found = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            found.append(json.loads(line))
            sys.stderr.write(f"day {len(found)}: {found[-1]['bytes'] / _MB:.0f} MB … ")
            sys.stderr.flush()
    if process.returncode != 0 or len(found) != days:
        raise NotMeasured("the worker's month ended early: the terminal tells why")
    return found


def _kept(data_dir: Path) -> dict[str, int]:
    """Bytes of everything in a data directory."""
    return {
        path.name: sum(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file())
        for path in sorted(data_dir.iterdir())
    }


if __name__ == "__main__":
    run_command(main)
