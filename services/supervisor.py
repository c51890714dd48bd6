"""Both roles on one machine: starts web and worker, and starts again whichever dies.

``python -m services.supervisor`` is what ``make run`` calls.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Final

from services.data_directory import prepare_data_directory
from services.errors import ConfigurationError, TrafficError
from services.journal import start_journal
from services.monitoring import announce_password, first_password
from services.settings import Settings, load_settings

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS: Final = 10.0
FIRST_RESTART_PAUSE_SECONDS: Final = 1.0
LONGEST_RESTART_PAUSE_SECONDS: Final = 30.0
# A process that ran this long was healthy: its next restart is prompt again.
HEALTHY_AFTER_SECONDS: Final = 60.0

Command = Sequence[str]


def worker_command() -> list[str]:
    """The command of the worker role."""
    return [sys.executable, "-m", "services.worker"]


def web_command() -> list[str]:
    """The command of the web role; ``gunicorn.conf.py`` reads the settings."""
    return [sys.executable, "-m", "gunicorn", "app:server"]


def check_port_is_free(host: str, port: int) -> None:
    """Fail early and in one line rather than in a server's own words.

    Raises
    ------
    ConfigurationError
        When the address cannot be bound.
    """
    try:
        [family, kind, protocol, _, address] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"TRAFFIC_HOST, TRAFFIC_PORT: cannot listen on {host}:{port}: {error.strerror}"
        ) from None


def prepare_start(settings: Settings) -> None:
    """Check the machine, start the journal, and show the operator's password if it is new.

    Raises
    ------
    ConfigurationError
        When the port or the data directory cannot be used.
    """
    check_port_is_free(settings.host, settings.port)
    prepare_data_directory(settings.data_dir)
    start_journal(settings)
    password = first_password(settings)
    if password is not None:
        announce_password(settings, password)


class Supervisor:
    """Keeps some commands running while it is entered; ends them all when left."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = commands
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Supervisor:
        """Start every command."""
        for command in self._commands:
            thread = threading.Thread(target=self._keep_running, args=(command,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every command, by force after a grace period."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_GRACE_SECONDS + 1)

    def wait(self) -> None:
        """Block until :meth:`stop`."""
        self._stopping.wait()

    def stop(self) -> None:
        """Ask to end; safe in a signal handler."""
        self._stopping.set()

    def _keep_running(self, command: Command) -> None:
        pause_s = FIRST_RESTART_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            exit_code = self._run_once(command)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_AFTER_SECONDS:
                pause_s = FIRST_RESTART_PAUSE_SECONDS
            log.error("%s ended with %s; again in %g s", " ".join(command[1:]), exit_code, pause_s)
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_RESTART_PAUSE_SECONDS)

    def _run_once(self, command: Command) -> int:
        """Run a command to its end, or until all are asked to stop."""
        with subprocess.Popen(command) as process:
            while not self._stopping.is_set():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(timeout=0.2)
            process.terminate()
            try:
                return process.wait(timeout=STOP_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()


def run(settings: Settings) -> None:
    """Run web and worker until a signal asks to stop.

    Raises
    ------
    ConfigurationError
        When the port or the data directory cannot be used.
    """
    prepare_start(settings)
    log.info("Traffic Rennes: http://%s:%d", settings.host, settings.port)
    with Supervisor([web_command(), worker_command()]) as supervisor:

        def stop(_signal_number: int, _frame: FrameType | None) -> None:
            supervisor.stop()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop)
        supervisor.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both roles; returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.supervisor",
        description="Run the web and worker roles of Traffic Rennes on this machine. "
        "Settings come from the environment or .env (see README).",
    ).parse_args(arguments)
    try:
        run(load_settings())
    except TrafficError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
