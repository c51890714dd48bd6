"""From the death of a role, killed at random turns, to its first sign of life."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from benchmarks.rows import NotMeasured, Options, Row, Target, spread
from benchmarks.servers import Server, started, workplace
from services.metrics.samples import heartbeat_of
from services.metrics.shared_directory import Role
from services.roles.processes import HEALTHY_AFTER_SECONDS
from services.watch.probe import serves_pages

TARGET: Final = Target(3, "at most")
_COMMAND: Final = [sys.executable, "-m", "services.roles.supervisor"]
# What their commands are known by.
_MARKS: Final[dict[Role, str]] = {
    "web": "gunicorn",
    "worker": "services.worker",
    "watch": "services.roles.watch",
    "camera": "models.camera.serve",
}
_LIMIT_SECONDS: Final = 90.0
_LOOK_SECONDS: Final = 0.02


def measure(options: Options) -> Iterator[Row]:
    """Yield a row of all roles together, and one of each."""
    with workplace() as data_dir, started(_COMMAND, data_dir, {"MONITOR_LEVEL": "3"}) as server:
        for role in _MARKS:
            _wait_for_life(server, data_dir, role, since_s=0.0)
        taken: dict[Role, list[float]] = {role: [] for role in _MARKS}
        for _ in range(options.repeat(7, 1)):
            for role, times in taken.items():
                times.append(_kill(server, data_dir, role))
            # One that was killed a moment ago comes back more slowly on purpose.
            time.sleep(HEALTHY_AFTER_SECONDS)
    everything = [seconds for times in taken.values() for seconds in times]
    yield Row(
        f"kill -9 of a role → it is back, of {len(everything)} kills",
        spread(everything, "s"),
        target=TARGET,
        note="pages answer, or its first heartbeat",
    )
    for role, times in taken.items():
        yield Row(f"… {role}", spread(times, "s"))


def _kill(server: Server, data_dir: Path, role: Role) -> float:
    """Kill a role with all that it has started; seconds until it lives again."""
    supervisor = psutil.Process(server.process.pid)
    [first] = [
        child for child in supervisor.children() if _MARKS[role] in " ".join(child.cmdline())
    ]
    began, since_s = time.monotonic(), time.time()
    for process in [first, *first.children(recursive=True)]:
        process.kill()
    _wait_for_life(server, data_dir, role, since_s)
    return time.monotonic() - began


def _wait_for_life(server: Server, data_dir: Path, role: Role, since_s: float) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        server.check_alive()
        if role == "web":
            is_alive = serves_pages(f"http://127.0.0.1:{server.port}")
        else:
            is_alive = (heartbeat_of(data_dir, role) or 0.0) > since_s
        if is_alive:
            return
        time.sleep(_LOOK_SECONDS)
    raise NotMeasured(f"the role {role} did not come back within {_LIMIT_SECONDS:g} s")
