"""What measuring every request costs, and how long 10,000 viewers wait at the default level."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from benchmarks import baseline_servers
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import Connection
from benchmarks.refreshes import PlainPage, RefreshingPage
from benchmarks.rows import NotMeasured, Options, Ratio, Row, Spread, Target, exactly, spread
from benchmarks.servers import APPLICATION, Server, gunicorn, workplace
from benchmarks.throughput import CONNECTIONS, find_tool, per_second, write_script
from services.base.settings import Settings
from services.web.monitoring.database import FILE_NAME, connect
from services.web.monitoring.retention import DIRECTORY

_NOTHING: Final = "nothing measured"
# Name, application, level of the monitoring.
_SERVERS: Final = (
    (_NOTHING, baseline_servers.EMPTY, "off"),
    ("monitoring level 1", baseline_servers.MONITORED, "1"),
    ("monitoring level 2", baseline_servers.MONITORED, "2"),
    ("monitoring level 3", baseline_servers.MONITORED, "3"),
    ("metrics of every request", baseline_servers.COUNTED, "off"),
)
_TARGETS: Final = {"monitoring level 1": Target(0.50, "at least", "ratio")}

_AFTERWARDS_SECONDS: Final = 1.5

VIEWERS: Final = 10_000
REFRESH_SECONDS: Final = 60
CROWD_TARGET: Final = Target(200, "at most")
_LINES: Final = 32
_SNAPSHOT_EVERY_SECONDS: Final = 10


def measure(options: Options) -> Iterator[Row]:
    """Yield what each kind of measuring leaves of the throughput, then how a crowd fares.

    Two shares for each: of requests per second, and of processor time by request, which other work
    on the machine changes less. Each share is of two runs of the same round; all servers are up
    all the time, and the order turns from round to round.
    """
    yield from _cost_rows(options)
    yield _crowd_row(options)


@dataclass(frozen=True)
class _Run:
    """A server under load for some seconds."""

    per_second: float
    cpu_us: float


def _cost_rows(options: Options) -> Iterator[Row]:
    tool = find_tool()
    seconds, rounds = options.repeat(3, 1), options.repeat(9, 2)
    found: dict[str, list[_Run]] = {name: [] for name, *_ in _SERVERS}
    with workplace() as place, contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                gunicorn(application, place / f"data-{number}", monitor_level=level)
            )
            for number, (name, application, level) in enumerate(_SERVERS)
        }
        scripts = {name: _script(place, server) for name, server in servers.items()}
        for turn in range(rounds):
            names = list(servers)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                found[name].append(_run(tool, servers[name], scripts[name], seconds))
        kept = {name: _kept_bytes(place / f"data-{k}") for k, (name, *_) in enumerate(_SERVERS)}
    nothing = found.pop(_NOTHING)
    note = f"2 processes, {CONNECTIONS} connections; {rounds} rounds of {seconds} s each"
    for name, here in found.items():
        pairs = list(zip(here, nothing, strict=True))
        rates = [(ours.per_second, theirs.per_second) for ours, theirs in pairs]
        left = [ours / theirs for ours, theirs in rates]
        figure = f"empty callbacks per second, {name}"
        yield _cost_row(figure, rates, left=left, unit="/s", target=_TARGETS.get(name), note=note)
        costs = [(ours.cpu_us, theirs.cpu_us) for ours, theirs in pairs]
        left = [theirs / ours for ours, theirs in costs]
        figure = f"processor time of an empty callback, {name}"
        yield _cost_row(figure, costs, left=left, unit="µs", target=None, note=note)
        if kept[name] is not None:
            yield Row(f"bytes kept of an empty callback, {name}", exactly(kept[name], "B"))


def _kept_bytes(data_dir: Path) -> float | None:
    """Bytes of the monitoring's database by request in it; None where there is none."""
    path = data_dir / DIRECTORY / FILE_NAME
    if not path.exists():
        return None
    with connect(path) as connection:
        (requests,) = connection.execute("SELECT count(*) FROM Request").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return float(pages * size / requests)


def _run(tool: str, server: Server, script: Path, seconds: int) -> _Run:
    before_s = _cpu_seconds(server)
    rate = per_second(tool, server, script, seconds)
    # What was left to be written belongs to it.
    time.sleep(_AFTERWARDS_SECONDS)
    return _Run(rate, 1e6 * (_cpu_seconds(server) - before_s) / (rate * seconds))


def _cpu_seconds(server: Server) -> float:
    leader = psutil.Process(server.process.pid)
    times = [process.cpu_times() for process in (leader, *leader.children())]
    return sum(each.user + each.system for each in times)


def _script(place: Path, server: Server) -> Path:
    page = PlainPage(server.port, baseline_servers.CLICKS)
    return write_script(place / f"{server.port}.lua", page.path, [page.body()])


def _cost_row(
    figure: str,
    pairs: list[tuple[float, float]],
    *,
    left: list[float],
    unit: str,
    target: Target | None,
    note: str,
) -> Row:
    here, baseline = zip(*pairs, strict=True)
    return Row(
        figure,
        spread(here, unit),
        spread(baseline, unit),
        _NOTHING,
        Ratio(statistics.median(left), "share"),
        target,
        f"{note}; throughput left: {100 * min(left):.0f} to {100 * max(left):.0f} %",
    )


def _crowd_row(options: Options) -> Row:
    level = Settings.model_fields["monitor_level"].default
    seconds = options.repeat(60, 10)
    with workplace() as data_dir:
        publisher = Publisher(data_dir, checked_replies(8, timedelta(minutes=3)))
        publisher.publish_next()
        with gunicorn(APPLICATION, data_dir, monitor_level=level) as server:
            times_ms = crowd_ms(server.port, seconds, publisher)
    p50, p99 = (float(np.percentile(times_ms, percent)) for percent in (50, 99))
    return Row(
        f"{VIEWERS:,} viewers who refresh every {REFRESH_SECONDS} s, level {level}, p99",
        Spread(p99, p99, p99, "ms"),
        exactly(p50, "ms"),
        "median of the same",
        None,
        CROWD_TARGET,
        f"{len(times_ms):,} refreshes within {seconds} s, each at its moment whether or not the "
        f"one before is answered; a new snapshot every {_SNAPSHOT_EVERY_SECONDS} s",
    )


def crowd_ms(port: int, seconds: int, publisher: Publisher) -> list[float]:
    """Milliseconds from the moment of each refresh to its answer, waiting for a line included."""
    per_line = VIEWERS / REFRESH_SECONDS / _LINES
    began_s = time.perf_counter() + 1.0
    lines = [_Line(port, began_s + k / per_line / _LINES, per_line, seconds) for k in range(_LINES)]
    for line in lines:
        line.start()
    for _ in range(seconds // _SNAPSHOT_EVERY_SECONDS):
        publisher.publish_next()
        time.sleep(_SNAPSHOT_EVERY_SECONDS)
    for line in lines:
        line.join()
    failed = [line.error for line in lines if line.error is not None]
    if failed:
        raise NotMeasured(f"a refresh failed: {failed[0]}")
    return [time_ms for line in lines for time_ms in line.times_ms]


class _Line(threading.Thread):
    """One connection that refreshes at fixed moments."""

    def __init__(self, port: int, first_s: float, per_second: float, seconds: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._moments_s = [first_s + k / per_second for k in range(int(per_second * seconds))]
        self.times_ms: list[float] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._refresh()
        except (OSError, NotMeasured) as error:
            self.error = error

    def _refresh(self) -> None:
        page = RefreshingPage(self._port)
        with Connection(self._port) as line:
            for number, moment_s in enumerate(self._moments_s, 1):
                time.sleep(max(0.0, moment_s - time.perf_counter()))
                answer = line.exchange(page.ask(number))
                self.times_ms.append(1e3 * (time.perf_counter() - moment_s))
                page.hear(answer)
