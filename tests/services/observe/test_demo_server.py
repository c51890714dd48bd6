"""The demo feed over real HTTP, and its command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from services.observe.demo import DemoFeed
from services.observe.demo.__main__ import main
from services.observe.demo.server import DemoServer

FEED = DemoFeed(segments=700)
RUSH_HOUR = datetime(2026, 1, 13, 7, 15, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(FEED, 0, lambda: RUSH_HOUR) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_speaks_the_reply_at_the_live_path(server: DemoServer) -> None:
    with requests.get(server.url, params={"lang": "fr"}, timeout=10) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("application/json")
        assert response.content == FEED.reply(RUSH_HOUR)


def test_other_paths_are_not_found(server: DemoServer) -> None:
    with requests.get(server.url.replace("json", "csv"), timeout=10) as response:
        assert response.status_code == 404
        assert "exports/json" in response.json()["message"]


def test_listens_on_the_loopback_interface_only(server: DemoServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_command_line_serves_until_interrupted() -> None:
    command = [sys.executable, "-m", "services.observe.demo", "--port", "0", "--segments", "700"]
    at = ["--at", RUSH_HOUR.isoformat()]
    with subprocess.Popen([*command, *at], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with requests.get(url, timeout=30) as response:
            assert response.content == FEED.reply(RUSH_HOUR)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--segments", "0"], "segments=0"),
        (["--seed", "-1"], "seed=-1"),
        (["--port", "70000"], "70000"),
    ],
)
def test_wrong_values_end_in_one_line(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert reason in message
    assert message.count("\n") == 1


def test_a_port_in_use_ends_in_one_line(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", str(server.server_port), "--segments", "700"]) == 2
    assert str(server.server_port) in capsys.readouterr().err


def test_a_time_without_its_offset_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--at", "2026-01-13T08:15"])
    assert stopped.value.code == 2
    assert "offset" in capsys.readouterr().err
