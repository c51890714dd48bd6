"""Child processes that are kept running: started, started again when they die, ended."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS: Final = 10.0
FIRST_RESTART_PAUSE_SECONDS: Final = 1.0
LONGEST_RESTART_PAUSE_SECONDS: Final = 30.0
# A process that ran this long was healthy: its next restart is prompt again.
HEALTHY_AFTER_SECONDS: Final = 60.0

Command = Sequence[str]


class Supervisor:
    """Keeps some commands running while it is entered; ends them all when left.

    Parameters
    ----------
    commands : sequence of Command
    delay_seconds : float
        How long the first start waits.
    """

    def __init__(self, commands: Sequence[Command], delay_seconds: float = 0.0) -> None:
        self._commands = commands
        self._delay_seconds = delay_seconds
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
        self._stopping.wait(self._delay_seconds)
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
