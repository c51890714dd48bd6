"""Processes to measure: started on a free loopback port, with data of their own, always stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.http_client import HOST, Connection, get_request
from benchmarks.rows import ROOT, NotMeasured
from services.base.settings import PREFIX
from tests.ports import free_port

APPLICATION: Final = "app:server"
START_LIMIT_SECONDS: Final = 90.0
_STOP_LIMIT_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.01


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def check_alive(self) -> None:
        """Notice a process that has ended.

        Raises
        ------
        NotMeasured
            With the last line that it wrote.
        """
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines() or ["nothing said"]
            raise NotMeasured(f"the server ended with {self.process.returncode}: {lines[-1]}")

    def wait_until(
        self, answers: Callable[[int], bool], limit_s: float = START_LIMIT_SECONDS
    ) -> None:
        """Return as soon as a question to its port is answered with yes.

        Raises
        ------
        NotMeasured
            When it takes too long, or the process has ended.
        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            self.check_alive()
            with contextlib.suppress(OSError):
                if answers(self.port):
                    return
            time.sleep(_POLL_SECONDS)
        raise NotMeasured(f"the server did not answer within {limit_s:g} s")


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="traffic-bench-") as directory:
        yield Path(directory)


@contextlib.contextmanager
def gunicorn(
    application: str,
    data_dir: Path,
    *,
    monitor_level: str = "off",
    processes: int = 2,
    more: Mapping[str, str] | None = None,
    limit_s: float = START_LIMIT_SECONDS,
) -> Iterator[Server]:
    """An application under gunicorn with this project's ``gunicorn.conf.py``, answering.

    Parameters
    ----------
    application : str
        As gunicorn takes it: ``module:name`` or ``module:factory()``.
    data_dir : Path
    monitor_level : str
        ``TRAFFIC_MONITOR_LEVEL``.
    processes : int
        ``TRAFFIC_WEB_PROCESSES``.
    more : mapping, optional
        Other settings, without their prefix.
    limit_s : float
        How long it may take until it answers.
    """
    command = [sys.executable, "-m", "gunicorn", application]
    settings = {"MONITOR_LEVEL": monitor_level, "WEB_PROCESSES": str(processes), **(more or {})}
    with started(command, data_dir, settings) as server:
        server.wait_until(gives_page, limit_s)
        yield server


@contextlib.contextmanager
def started(
    command: Sequence[str],
    data_dir: Path,
    settings: Mapping[str, str],
    variables: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A command of this project, with its whole family ended afterwards.

    Parameters
    ----------
    settings : mapping
        Names without their prefix; those that are not given have a value for measuring.
    variables : mapping, optional
        Of the environment, besides the settings.
    """
    port = free_port()
    log = data_dir / f"stdout-{port}.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(data_dir, port, settings) | dict(variables or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Server(process, port, log)
        finally:
            _stop(process)


def gives_page(port: int) -> bool:
    """Whether the page is served."""
    with Connection(port) as connection:
        return connection.exchange(get_request(port, "/")).status == 200


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(_STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    # Whoever is left of its session: a leader that was killed leaves its children behind.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(data_dir: Path, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {
        "DATA_DIR": str(data_dir),
        "HOST": HOST,
        "PORT": str(port),
        "SOURCE": "demo",
        "FEED_PERIOD_SECONDS": "180",
        # Nothing refreshes by itself while something is measured.
        "REFRESH_SECONDS": "3600",
        # No time may depend on another host.
        "TILES_URL": "none",
        "LOG_LEVEL": "INFO",
        "DEBUG": "false",
        **settings,
    }
    return inherited | {f"{PREFIX}{name}": value for name, value in chosen.items()}
