"""Long computations over 400 days of history: one process against two workers of Dask.

The scheduler, the workers and who asks are processes of their own, each measured by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.demo_traffic import demo_feed
from benchmarks.rows import ROOT, Options, Ratio, Row, Target, exactly
from benchmarks.servers import workplace
from benchmarks.timing import used
from services.base.command_line import run_command
from services.base.files import write_atomically
from services.city.rennes import RENNES
from services.history import compaction, day_files, layout, rows
from services.history.by_day import DayMap
from services.history.networks import KnownNetworks, SegmentNumbers
from services.history.rollups import KINDS, Rollups, path_of
from services.learn.observations import observed_zones
from services.observe.simulated_history import write_simulated_history

FASTER_TARGET: Final = Target(1.6, "at least", of="ratio")
_DAYS: Final = 400
_QUICK_DAYS: Final = 28
_WRITTEN_DAYS: Final = 7
_FIRST: Final = date(2025, 9, 1)
_STEP: Final = timedelta(minutes=3)
_WORKERS: Final = 2
_PATIENCE_SECONDS: Final = 60
_MB: Final = 1e6


def measure(options: Options) -> Iterator[Row]:
    """Yield time, processor time and memory of roll-ups and zones, by one process and by two."""
    with workplace() as data_dir:
        write_history(data_dir, options.repeat(_DAYS, _QUICK_DAYS))
        yield from compared(data_dir)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute something by itself, as its own process; a line of JSON says what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dask")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("what", choices=sorted(_COMPUTATIONS))
    parser.add_argument("--scheduler")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    digest = _COMPUTATIONS[options.what](options.data_dir, DayMap(options.scheduler))
    told = {"seconds": time.perf_counter() - started, "digest": digest, **used()}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def write_history(data_dir: Path, days: int) -> None:
    """Write whole days of simulated traffic: a week of them, and the same under later dates."""
    start = datetime.combine(_FIRST, clock(), tzinfo=UTC)
    times = [start + _STEP * n for n in range(_WRITTEN_DAYS * (timedelta(days=1) // _STEP))]
    for _ in write_simulated_history(demo_feed(), data_dir, times):
        pass
    numbers = SegmentNumbers(KnownNetworks(RENNES, data_dir, source="demo"))
    week = [_FIRST + timedelta(days=count) for count in range(_WRITTEN_DAYS)]
    for day in week:
        compaction.fold_day(data_dir, "demo", day, numbers)
    for count in range(_WRITTEN_DAYS, days):
        _repeat(data_dir, week[count % _WRITTEN_DAYS], _FIRST + timedelta(days=count))


def compared(data_dir: Path) -> Iterator[Row]:
    """Yield the rows for a history that is there."""
    days = layout.days(data_dir, "demo")
    paths = [layout.day_file(data_dir, "demo", day) for day in days]
    size = sum(path.stat().st_size for path in paths)
    of = f"{len(days)} days, {size / _MB:,.0f} MB"
    for what in _COMPUTATIONS:
        alone = _computed(data_dir, what)
        with _cluster(data_dir) as scheduler:
            together = _computed(data_dir, what, "--scheduler", scheduler.address)
            others = scheduler.used()
        if together["digest"] != alone["digest"]:
            raise RuntimeError(f"{what}: two workers gave another result than one process")
        faster = Ratio(alone["seconds"] / together["seconds"], "times less")
        yield Row(f"{what} of {of}, two workers", exactly(together["seconds"], "s"),
                  exactly(alone["seconds"], "s"), "one process", faster, FASTER_TARGET)  # fmt: skip
        everyone = together["cpu_s"] + sum(item["cpu_s"] for item in others.values())
        yield Row(f"{what}: processor time of all processes", exactly(everyone, "s"),
                  exactly(alone["cpu_s"], "s"), "one process")  # fmt: skip
        for name, found in {"who asks": together, **others}.items():
            yield Row(f"{what}: most memory of {name}", exactly(found["peak_mb"], "MB"),
                      exactly(alone["peak_mb"], "MB"), "one process")  # fmt: skip


def _repeat(data_dir: Path, known: date, later: date) -> None:
    table = day_files.read_file(layout.day_file(data_dir, "demo", known))
    shift = pa.scalar(int((later - known).total_seconds()), pa.duration("s"))
    place = table.column_names.index("observed_at")
    table = table.set_column(place, "observed_at", pc.add(table["observed_at"], shift))
    content, _ = rows.encode_day(rows.kept(table), compacted=True)
    write_atomically(layout.day_file(data_dir, "demo", later), content)


def _roll_ups(data_dir: Path, map_days: DayMap) -> str:
    """Made anew; what their files hold."""
    networks = KnownNetworks(RENNES, data_dir, source="demo")
    Rollups(data_dir, "demo", networks, map_days).rebuild(lambda *_: None)
    files = [path_of(data_dir, "demo", kind).read_bytes() for kind in KINDS]
    return sha256(b"".join(files)).hexdigest()


def _zones(data_dir: Path, map_days: DayMap) -> str:
    """Read as forecasts are scored, and learned from."""
    days = layout.days(data_dir, "demo")
    found = observed_zones(RENNES, data_dir, "demo", days[0], days[-1], map_days=map_days)
    return sha256(found.ratio.tobytes() + found.epoch_s.tobytes()).hexdigest()


_COMPUTATIONS: Final = {"zones": _zones, "roll-ups": _roll_ups}


def _computed(data_dir: Path, what: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.dask", str(data_dir), what, *options]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


class _Scheduler:
    """A scheduler with its workers, and what they have used so far."""

    def __init__(self, file: Path) -> None:
        from distributed import Client  # noqa: PLC0415

        self._client = Client(scheduler_file=str(file), set_as_default=False)
        self._client.wait_for_workers(_WORKERS, timeout=_PATIENCE_SECONDS)
        self.address = str(self._client.scheduler.address)

    def used(self) -> dict[str, dict[str, float]]:
        """Of each process, by its name."""
        workers = self._client.run(used).values()
        named = {f"worker {count}": found for count, found in enumerate(workers, start=1)}
        return {"the scheduler": self._client.run_on_scheduler(used), **named}

    def close(self) -> None:
        """Leave them."""
        self._client.close()


@contextmanager
def _cluster(data_dir: Path) -> Iterator[_Scheduler]:
    """As an operator starts them; ended afterwards."""
    with workplace() as scratch, ExitStack() as ends:
        file = scratch / "scheduler.json"
        here = ["--scheduler-file", str(file), "--host", "127.0.0.1"]
        commands = [("scheduler", [*here, "--port", "0", "--no-dashboard"])]
        commands += [("worker", [*here, "--nthreads", "1", "--no-dashboard"])] * _WORKERS
        for name, options in commands:
            module = f"distributed.cli.dask_{name}"
            process = ends.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", module, *options],
                    cwd=scratch,
                    env={**os.environ, "TRAFFIC_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)},
                    stderr=subprocess.DEVNULL,
                )
            )
            ends.callback(_end, process.pid)
        scheduler = _Scheduler(file)
        ends.callback(scheduler.close)
        yield scheduler


def _end(pid: int) -> None:
    """End a process and its children: a worker runs in a child of its nanny."""
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        one.kill()


if __name__ == "__main__":
    run_command(main)
