"""Child processes that are kept running: started, started again when they die, ended.

None of them outlives the process that started it, not even one that was killed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS: Final = 10.0
# What died comes back at once; what dies again and again, ever more slowly.
SECOND_RESTART_PAUSE_SECONDS: Final = 1.0
LONGEST_RESTART_PAUSE_SECONDS: Final = 30.0
# A role says four times a minute that it is alive.
PULSE_PERIOD_SECONDS: Final = 15.0
HUNG_AFTER_SECONDS: Final = 60.0
# A process that ran this long was healthy: its next restart is prompt again.
HEALTHY_AFTER_SECONDS: Final = 20.0
# What is started by its name, so that no import says that it is there: a test does.
WORKER: Final = "services.worker"
WATCH: Final = "services.roles.watch"
CAMERA: Final = "models.camera.serve"
TRENDS: Final = "services.roles.trends"
MIRROR: Final = "services.roles.mirror"
LEARNER: Final = "models.learner"
CHALLENGE: Final = "models.challenge"
_FOLLOW: Final = (sys.executable, "-I", "-S", str(Path(__file__).with_name("follow.py")))

Command = Sequence[str]
Pulse = Callable[[], object]


def at_once(_stopping: threading.Event) -> None:
    """Wait for nothing."""


@dataclass(frozen=True)
class Child:
    """A command to be kept running.

    Attributes
    ----------
    wait : callable
        Returns when the first start may happen, or soon after the event is set.
    pulse : callable, optional
        Gives something that changes as long as the command is alive. It counts once it has
        changed: what comes before may be an earlier process's, and a start may take long.
    """

    command: Command
    wait: Callable[[threading.Event], object] = at_once
    pulse: Pulse | None = None


def module_command(module: str, *options: str) -> list[str]:
    """The command that runs a module with the Python of this process."""
    return [sys.executable, "-m", module, *options]


def following(command: Command) -> list[str]:
    """A command that the system ends with the process that starts it (`services.roles.follow`)."""
    return [*_FOLLOW, str(os.getpid()), *command]


class _Monitor:
    """Feels a pulse now and then, by a clock that never jumps and sleeps when the machine does."""

    def __init__(self, pulse: Pulse | None) -> None:
        self._pulse = pulse
        self._last = self._feel()
        self._is_known = False
        self._changed_s = self._felt_s = time.monotonic()

    def is_hung(self) -> bool:
        """Whether there was a pulse, and there has been none for long."""
        now_s = time.monotonic()
        if self._pulse is None or now_s < self._felt_s + PULSE_PERIOD_SECONDS:
            return False
        self._felt_s = now_s
        found = self._feel()
        if found != self._last:
            self._last, self._changed_s, self._is_known = found, now_s, found is not None
        return self._is_known and now_s > self._changed_s + HUNG_AFTER_SECONDS

    def _feel(self) -> object:
        try:
            return self._pulse and self._pulse()
        except Exception:  # what cannot be felt must end neither this nor the command
            log.exception("no pulse can be felt")
            return None


class Supervisor:
    """Keeps some commands running while it is entered; ends them all when left.

    What dies is started again; what hangs is ended first.
    """

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Supervisor:
        """Start every command, each as soon as it may."""
        for child in self._children:
            thread = threading.Thread(target=self._keep_running, args=(child,), daemon=True)
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

    def _keep_running(self, child: Child) -> None:
        child.wait(self._stopping)
        pause_s = 0.0
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                end: object = self._run_once(child)
            except (OSError, MemoryError) as error:
                # No memory, process or file is left for it now.
                end = error
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_AFTER_SECONDS:
                pause_s = 0.0
            log.error("%s ended with %s; again in %g s", " ".join(child.command[1:]), end, pause_s)
            self._stopping.wait(pause_s)
            pause_s = min(
                max(2 * pause_s, SECOND_RESTART_PAUSE_SECONDS), LONGEST_RESTART_PAUSE_SECONDS
            )

    def _run_once(self, child: Child) -> int:
        """Run a command to its end, until it hangs, or until all are asked to stop."""
        # A group of its own, so that what it leaves behind can be ended, such as a port's holders.
        with subprocess.Popen(following(child.command), start_new_session=True) as process:
            # Before its own first beat, which an import or two precede.
            monitor = _Monitor(child.pulse)
            try:
                return self._attend(child, process, monitor)
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _attend(self, child: Child, process: subprocess.Popen[bytes], monitor: _Monitor) -> int:
        while not self._stopping.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=0.2)
            if monitor.is_hung():
                log.error("%s hangs: it is ended", " ".join(child.command[1:]))
                break
        process.terminate()
        try:
            return process.wait(timeout=STOP_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
