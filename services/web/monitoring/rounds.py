"""A thread of its own that works in rounds while there is something to do, and sleeps otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Rounds:
    """Starts with the first call, hence after any fork: a thread does not survive one.

    Parameters
    ----------
    name : str
        Of the thread.
    period_s : float
        Before each round.
    work : callable
        One round; whether something is left for the next one. Must not raise.
    """

    def __init__(self, name: str, period_s: float, work: Callable[[], bool]) -> None:
        self._name = name
        self._period_s = period_s
        self._work = work
        self._has_work = threading.Event()
        self._starting = threading.Lock()
        self.thread: threading.Thread | None = None

    def wake(self) -> None:
        """See that a round is made soon.

        Raises
        ------
        RuntimeError
            When no thread can be started.
        """
        if not self._has_work.is_set():
            self._has_work.set()
        if self.thread is not None:
            return
        with self._starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                try:
                    self.thread.start()
                except RuntimeError:
                    self.thread = None
                    raise

    def end(self) -> None:
        """Make no further round, until somebody calls again."""
        # The thread ends where it sees that it is no longer the one.
        self.thread = None
        self._has_work.set()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._has_work.wait()
            pause.wait(self._period_s)
            if self.thread is not threading.current_thread():
                return
            self._has_work.clear()
            if self._work():
                self._has_work.set()
