"""Refreshes per second under load, against an empty Dash callback under the same gunicorn."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks import baseline_servers
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import HOST, Connection
from benchmarks.refreshes import PlainPage, RefreshingPage
from benchmarks.rows import NotMeasured, Options, Ratio, Row, Target, spread
from benchmarks.servers import APPLICATION, Server, gunicorn, workplace

# A page asks every 60 s, the feed changes every 180 s.
AS_PAGES_ASK: Final = "1 in 3 with news, as pages ask"
ALL_NEWS: Final = "every answer with news"
TARGET: Final = Target(0.80, "at least", "ratio")
CONNECTIONS: Final = 16
_EMPTY: Final = "empty"
_TOOL: Final = "wrk"
_INSTALL_LIMIT_SECONDS: Final = 300
_COUNTED: Final = re.compile(r"COUNTED (\d+) (\d+) (\d+)")
_SCRIPT: Final = """\
wrk.path = [==[{path}]==]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept-Encoding"] = "gzip, deflate"
local bodies, requests, turn = {{ {bodies} }}, {{}}, 0
init = function()
  for place, body in ipairs(bodies) do
    requests[place] = wrk.format("POST", nil, nil, body)
  end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
done = function(summary, latency, requests)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("COUNTED %d %d %d\\n", summary.requests, summary.duration, failed))
end
"""


def measure(options: Options) -> Iterator[Row]:
    """Yield refreshes per second, as pages ask and at worst, each paired with the baseline."""
    tool = find_tool()
    seconds, pairs = options.repeat(6, 2), options.repeat(3, 1)
    with workplace() as place:
        Publisher(place / "data", checked_replies(1, timedelta(minutes=3)))
        with (
            gunicorn(APPLICATION, place / "data") as ours,
            gunicorn(baseline_servers.EMPTY, place / "empty") as empty,
        ):
            scripts = _write_scripts(place, ours, empty)
            for name, target in ((AS_PAGES_ASK, TARGET), (ALL_NEWS, None)):
                here: list[float] = []
                baseline: list[float] = []
                for _ in range(pairs):
                    baseline.append(per_second(tool, empty, scripts[_EMPTY], seconds))
                    here.append(per_second(tool, ours, scripts[name], seconds))
                paired = [a / b for a, b in zip(here, baseline, strict=True)]
                yield Row(
                    f"refreshes per second, {name}",
                    spread(here, "/s"),
                    spread(baseline, "/s"),
                    "empty Dash callback",
                    Ratio(statistics.median(paired), "share"),
                    target,
                    f"2 processes, {CONNECTIONS} connections, monitoring off; "
                    f"pairs of {seconds} s in turn",
                )


def find_tool() -> str:
    """The load generator, installed from Debian's packages if it is missing.

    Raises
    ------
    NotMeasured
        In one line, when it cannot be.
    """
    found = shutil.which(_TOOL)
    if found is None:
        _install_tool()
        found = shutil.which(_TOOL)
    if found is None:
        raise NotMeasured(f"{_TOOL} is not installed: apt-get install {_TOOL}")
    return found


def _install_tool() -> None:
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", _TOOL]):
        command = [*as_root, "apt-get", *arguments]
        try:
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_INSTALL_LIMIT_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise NotMeasured(f"{_TOOL} is missing and cannot be installed: {error}") from None


def _write_scripts(place: Path, ours: Server, empty: Server) -> dict[str, Path]:
    page = RefreshingPage(ours.port)
    news = page.body()
    with Connection(ours.port) as line:
        page.hear(line.exchange(page.ask(1)))
    silent = page.body()
    plain = PlainPage(empty.port, baseline_servers.CLICKS)
    bodies = {
        AS_PAGES_ASK: (page.path, [silent, silent, news]),
        ALL_NEWS: (page.path, [news]),
        _EMPTY: (plain.path, [plain.body()]),
    }
    return {
        name: write_script(place / f"{number}.lua", path, items)
        for number, (name, (path, items)) in enumerate(bodies.items())
    }


def write_script(script: Path, path: str, bodies: Sequence[bytes]) -> Path:
    """Have the load generator post these bodies in turn."""
    listed = ", ".join(f"[==[{body.decode()}]==]" for body in bodies)
    script.write_text(_SCRIPT.format(path=path, bodies=listed))
    return script


def per_second(tool: str, server: Server, script: Path, seconds: int) -> float:
    """Requests answered per second.

    Raises
    ------
    NotMeasured
        When a request failed: a server that answers errors is fast.
    """
    command = [tool, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
    address = f"http://{HOST}:{server.port}"
    done = subprocess.run(
        [*command, address], capture_output=True, text=True, timeout=seconds + 30, check=False
    )
    counted = _COUNTED.search(done.stdout)
    if counted is None:
        raise NotMeasured(f"{_TOOL} failed: {(done.stderr or done.stdout).strip()[:120]}")
    requests, duration_us, failed = map(int, counted.groups())
    if failed:
        raise NotMeasured(f"{failed} of {requests} requests failed under load")
    return requests / (duration_us / 1e6)
