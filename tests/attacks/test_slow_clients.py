"""Many slow visitors at the application as it is served: nobody else notices them."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time

import pytest

from benchmarks.refreshes import RefreshingPage
from services.roles.supervisor import web_command
from services.web.server.limits import HEADER_SECONDS
from tests.ports import HOST, free_port
from tests.services.web.server.harness import Client, ask, status_of
from tests.waiting import wait_until

ATTACKERS = 500
ROUNDS = 10
# However slow the machine: a stop would last until the time of the attackers is over.
MAX_SECONDS = HEADER_SECONDS / 2


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Of one process, as ``make run`` starts it."""
    directory = tmp_path_factory.mktemp("served")
    port = free_port()
    environment = {
        **os.environ,
        "TRAFFIC_DATA_DIR": str(directory / "data"),
        "TRAFFIC_PORT": str(port),
        "TRAFFIC_WEB_PROCESSES": "1",
        "TRAFFIC_MONITOR_LEVEL": "off",
        "TRAFFIC_TILES_URL": "none",
    }
    with (
        (directory / "terminal.txt").open("wb") as terminal,
        subprocess.Popen(web_command(), env=environment, stderr=terminal) as process,
    ):
        try:
            wait_until(lambda: answers(port))
            yield port
        finally:
            process.terminate()


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return status_of(ask(port, "GET /healthz HTTP/1.1")) == 200
    return False


def large_path(port: int) -> str:
    """Of Plotly, 3 MB where it is not compressed."""
    page = ask(port, "GET / HTTP/1.1").decode()
    [path] = re.findall(r'data-plotly="([^"]+)"', page)
    return path


def status_in_time(port: int, head: str, body: bytes = b"") -> int:
    began = time.monotonic()
    status = status_of(ask(port, head, body))
    assert time.monotonic() - began < MAX_SECONDS
    return status


@pytest.mark.parametrize(
    ("sent", "dripped"),
    [
        ("nothing", b""),
        ("half a header", b""),
        ("half a body", b""),
        ("no reading", b""),
        ("half a header", b"x"),
        ("half a body", b" "),
    ],
)
def test_five_hundred_slow_visitors_keep_nobody_from_health_and_refreshes(port, sent, dripped):
    page = RefreshingPage(port)
    body = page.body()
    head = f"POST {page.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json"
    refresh = f"{head}\r\nContent-Length: {len(body)}"
    begun = {
        "nothing": b"",
        "half a header": head.encode(),
        "half a body": f"{refresh}\r\n\r\n".encode() + body[:20],
        "no reading": f"GET {large_path(port)} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
    }
    with contextlib.ExitStack() as stack:
        attackers = [Client(port, received_bytes=4_096) for _ in range(ATTACKERS)]
        for attacker in attackers:
            stack.callback(attacker.socket.close)
            attacker.send(begun[sent])
        for _ in range(ROUNDS):
            for attacker in attackers:
                attacker.send(dripped)
            assert status_in_time(port, "GET /healthz HTTP/1.1") == 200
            assert status_in_time(port, refresh, body) in {200, 204}
        # They were there all the while.
        assert attackers[-1].is_open()
