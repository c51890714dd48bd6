"""From the command to the first page, and the memory of the processes that serve it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from benchmarks import baseline_servers
from benchmarks.http_client import Connection, get_request
from benchmarks.refreshes import RefreshingPage
from benchmarks.rows import Options, Row, Spread, Target, exactly, share, spread, times_less
from benchmarks.servers import Server, gives_page, started, workplace

START_TARGET: Final = Target(3, "at most")
MEMORY_TARGET: Final = Target(300, "at most", "worst run")
REFRESHES: Final = 200
# Set in many containers: Python then keeps nothing that it compiles.
BYTECODE_VARIABLE: Final = "PYTHONDONTWRITEBYTECODE"
# Python takes an empty one as none.
_BYTECODE: Final = ("", "1")
_MEGABYTE: Final = 1e6
_MAKE_RUN: Final = (sys.executable, "-m", "services.roles.supervisor")
_TENSORFLOW_FIRST: Final = (sys.executable, "-m", "gunicorn", baseline_servers.TENSORFLOW_FIRST)
_TENSORFLOW_SETTINGS: Final = {"WEB_PROCESSES": "1"}


@dataclass(frozen=True)
class Memory:
    """Memory of one process, in bytes, and whether TensorFlow is in it."""

    resident: int
    proportional: int
    unique: int
    has_tensorflow: bool


@dataclass(frozen=True)
class Start:
    """One start: seconds to the page, to the first snapshot on it; and the memory afterwards."""

    page_s: float
    snapshot_s: float
    memories: list[Memory]


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows of starting and of memory, with the settings that ship."""
    with workplace() as place:
        # Fills the disk's cache.
        _start_once(place / "warm-up", _MAKE_RUN, {}, _has_snapshot)
        ours, not_writing = (
            [
                _start_once(place / f"ours-{name}{run}", _MAKE_RUN, {}, _has_snapshot, name)
                for run in range(options.repeat(5, 1))
            ]
            for name in _BYTECODE
        )
        plain = [
            _start_once(place / f"plain-{run}", _TENSORFLOW_FIRST, _TENSORFLOW_SETTINGS, gives_page)
            for run in range(options.repeat(2, 1))
        ]
    yield from _start_rows(ours, not_writing, plain)
    yield from _memory_rows(
        [memory for start in ours for memory in start.memories],
        [memory for start in plain for memory in start.memories],
    )


def _start_rows(
    ours: Sequence[Start], not_writing: Sequence[Start], plain: Sequence[Start]
) -> Iterator[Row]:
    baseline = spread([start.page_s for start in plain], "s")
    for starts, told in ((ours, ""), (not_writing, f", {BYTECODE_VARIABLE}=1")):
        page = spread([start.page_s for start in starts], "s")
        yield Row(
            f"start → first page served{told}",
            page,
            baseline,
            "TensorFlow imported first",
            times_less(page, baseline),
            START_TARGET,
            "python -m services.roles.supervisor on a new data directory",
        )
    snapshot = spread([start.snapshot_s for start in ours], "s")
    yield Row(
        "start → page with a snapshot",
        snapshot,
        baseline,
        "TensorFlow imported first, without a snapshot",
        times_less(snapshot, baseline),
    )


def _memory_rows(ours: Sequence[Memory], plain: Sequence[Memory]) -> Iterator[Row]:
    kinds: dict[str, Callable[[Memory], int]] = {
        "RSS": lambda memory: memory.resident,
        "PSS": lambda memory: memory.proportional,
        "USS": lambda memory: memory.unique,
    }
    for name, size_of in kinds.items():
        here, baseline = _megabytes(ours, size_of), _megabytes(plain, size_of)
        yield Row(
            f"memory of a serving process, {name}, after {REFRESHES} refreshes",
            here,
            baseline,
            "TensorFlow imported first, without a snapshot",
            share(here, baseline),
            MEMORY_TARGET if name == "RSS" else None,
        )
    yield Row(
        f"TensorFlow mapped, of {len(ours)} serving processes",
        exactly(sum(memory.has_tensorflow for memory in ours), "processes"),
        exactly(sum(memory.has_tensorflow for memory in plain), "processes"),
        f"TensorFlow imported first, of {len(plain)}",
        target=Target(0, "at most"),
    )


def _megabytes(memories: Sequence[Memory], size_of: Callable[[Memory], int]) -> Spread:
    return spread([size_of(memory) for memory in memories], "MB", 1 / _MEGABYTE)


def _start_once(
    data_dir: Path,
    command: Sequence[str],
    settings: Mapping[str, str],
    is_complete: Callable[[int], bool],
    bytecode: str = "",
) -> Start:
    started_at = time.monotonic()
    chosen = {"MONITOR_LEVEL": "3"} | dict(settings)
    with started(command, data_dir, chosen, {BYTECODE_VARIABLE: bytecode}) as server:
        server.wait_until(gives_page)
        page_s = time.monotonic() - started_at
        server.wait_until(is_complete)
        complete_s = time.monotonic() - started_at
        _refresh_often(server)
        return Start(page_s, complete_s, [_memory(process) for process in web_processes(server)])


def _has_snapshot(port: int) -> bool:
    with Connection(port) as connection:
        ready = connection.exchange(get_request(port, "/readyz")).json()
    return bool(ready["checks"]["snapshot"]["ok"])


def _refresh_often(server: Server) -> None:
    """Refresh over many connections, so that every process gets its part."""
    page = RefreshingPage(server.port, is_stale=True)
    for number in range(REFRESHES):
        with Connection(server.port) as connection:
            page.hear(connection.exchange(page.ask(number)))


def web_processes(server: Server) -> list[psutil.Process]:
    """The processes that gunicorn's own first process has started."""
    root = psutil.Process(server.process.pid)
    family = [root, *root.children(recursive=True)]
    return [
        process
        for parent in family
        if "gunicorn" in parent.cmdline()
        for process in parent.children()
        if "gunicorn" in process.cmdline()
    ]


def _memory(process: psutil.Process) -> Memory:
    sizes = process.memory_full_info()
    maps = Path(f"/proc/{process.pid}/maps").read_text(errors="replace")
    return Memory(sizes.rss, sizes.pss, sizes.uss, "tensorflow" in maps)
