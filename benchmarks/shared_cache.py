"""Refreshes through nginx's cache, against the same ones answered by Python behind the same nginx.

Two thousand a second at a steady rate, and as many as go. nginx is Debian's, with the file that the
project ships. Of four requests of a page, three ask what is current and one is for news, as a page
asks that is refreshed each minute of traffic that changes every three.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import HOST, Connection, get_request
from benchmarks.refreshes import RefreshingPage
from benchmarks.rows import NotMeasured, Options, Row, Target, exactly, share, times_less
from benchmarks.servers import APPLICATION, gunicorn, workplace
from benchmarks.throughput import find_tool
from tests.nginx import running_nginx

RATE: Final = 2_000
P99_TARGET: Final = Target(100, "at most")
_CONNECTIONS: Final = 200
# With the news for one refresh in three, as documents of their own.
_REQUESTS_A_REFRESH: Final = 4 / 3
_PUBLISH_SECONDS: Final = 5.0
_BEHIND: Final = {"SHARED_CACHE": "on", "TRUSTED_PROXIES": "1"}
_TOLD: Final = re.compile(r"TOLD (\d+) (\d+) (\d+) (\d+)")
_SCRIPT: Final = """\
local requests, turn, pause = {{}}, 0, {pause_ms}
init = function()
  for place, item in ipairs({{ {items} }}) do
    requests[place] = wrk.format(item[1], item[2], {{
      ["Content-Type"] = "application/json", ["Accept-Encoding"] = "gzip, deflate",
    }}, item[3])
  end
  math.randomseed(7)
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
{delay}
done = function(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("TOLD %d %d %d %d\\n",
    summary.requests, summary.duration, failed, latency:percentile(99)))
end
"""
# Of each connection between two requests, so that all together come at the rate.
_DELAY: Final = "delay = function() return math.random(0, 2 * pause) end"


@dataclass(frozen=True)
class _Load:
    """What a run of the load generator found, in refreshes."""

    per_second: float
    p99_ms: float


@dataclass(frozen=True)
class _Way:
    """How pages ask: requests in turn (method, path, body), and how many make a refresh."""

    items: Sequence[tuple[str, str, str]]
    requests_a_refresh: float


def measure(options: Options) -> Iterator[Row]:
    """Yield the time of a refresh at the steady rate, then how many go, each way in turn."""
    tool, seconds = find_tool(), options.repeat(20, 3)
    if not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()):
        raise NotMeasured("nginx is not installed: sh tests/install_nginx.sh")
    with workplace() as place:
        publisher = Publisher(place / "data", checked_replies(4, timedelta(minutes=3)))
        with (
            gunicorn(APPLICATION, place / "data", more=_BEHIND) as server,
            running_nginx(place / "nginx", [server.port]) as nginx,
            _publishing(publisher),
        ):
            script = place / "refreshes.lua"
            ways = {
                "cache": _by_cache(nginx.port),
                "callback": _by_callback(server.port),
            }
            found = {
                (name, is_steady): _run(tool, nginx.port, script, way, seconds, is_steady=is_steady)
                for is_steady in (True, False)
                for name, way in ways.items()
            }
    note = f"2 processes of Python, 2 of nginx, {seconds} s each; load {os.getloadavg()[0]:.1f}"
    steady = [found[name, True] for name in ways]
    here, baseline = (exactly(load.p99_ms, "ms") for load in steady)
    rates = " and ".join(f"{load.per_second:,.0f}" for load in steady)
    yield Row(
        f"p99 of a refresh at {RATE:,} a second, through the cache",
        here,
        baseline,
        "the callback, through the same nginx",
        times_less(here, baseline),
        P99_TARGET,
        f"{rates} a second came about; {note}",
    )
    here, baseline = (exactly(found[name, False].per_second, "/s") for name in ways)
    yield Row(
        "refreshes per second, through the cache",
        here,
        baseline,
        "the callback, through the same nginx",
        share(here, baseline),
        None,
        f"{_CONNECTIONS} connections; {note}",
    )


def _by_cache(port: int) -> _Way:
    with Connection(port) as line:
        current = line.exchange(get_request(port, "/live/current")).json()
    pointer = ("GET", "/live/current", "")
    document = ("GET", f"/live/{current['snapshot']['document']}", "")
    return _Way([pointer, pointer, pointer, document], _REQUESTS_A_REFRESH)


def _by_callback(port: int) -> _Way:
    page = RefreshingPage(port)
    news = page.body().decode()
    with Connection(port) as line:
        page.hear(line.exchange(page.ask(1)))
    silent = page.body().decode()
    bodies = [silent, silent, news]
    return _Way([("POST", page.path, body) for body in bodies], 1.0)


def _run(tool: str, port: int, script: Path, way: _Way, seconds: int, *, is_steady: bool) -> _Load:
    # Each pause begins with an answer: somewhat less of it, so that the rate comes about.
    pause_ms = round(900 * _CONNECTIONS / (RATE * way.requests_a_refresh))
    items = ", ".join(f"{{ {', '.join(map(json.dumps, item))} }}" for item in way.items)
    script.write_text(
        _SCRIPT.format(pause_ms=pause_ms, items=items, delay=_DELAY if is_steady else "")
    )
    command = [
        tool,
        "-t1",
        f"-c{_CONNECTIONS}",
        "--timeout",
        "20s",
        f"-d{seconds}s",
        "-s",
        str(script),
    ]
    done = subprocess.run(
        [*command, f"http://{HOST}:{port}"],
        capture_output=True, text=True, timeout=seconds + 30, check=False,
    )  # fmt: skip
    told = _TOLD.search(done.stdout)
    if told is None:
        raise NotMeasured(f"{tool} failed: {(done.stderr or done.stdout).strip()[:120]}")
    requests, duration_us, failed, p99_us = map(int, told.groups())
    if failed:
        raise NotMeasured(f"{failed} of {requests} requests failed under load")
    return _Load(requests / (duration_us / 1e6) / way.requests_a_refresh, p99_us / 1e3)


@contextmanager
def _publishing(publisher: Publisher) -> Iterator[None]:
    """Another snapshot every few seconds, as if the traffic changed thirty times as often."""
    over = threading.Event()

    def publish() -> None:
        while not over.wait(_PUBLISH_SECONDS):
            publisher.publish_next()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
