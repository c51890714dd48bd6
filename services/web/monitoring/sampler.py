"""Levels 2 and 3: one thread looks at all requests in progress, some hundred times a second.

The package starts one or two threads for each request, each of which looks at that request alone
and then writes to the database by itself.
"""

from __future__ import annotations

import gc
import inspect
import linecache
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import psutil

from services.web.monitoring.complaints import Complaints
from services.web.monitoring.records import Line, Outlier
from services.web.monitoring.rounds import Rounds

# A call: the file of its code, the line it is at, its name.
Call = tuple[str, int, str]
Calls = tuple[Call, ...]

# As the package marks the head of a function.
_NO_FUNCTION = "None"


class InProgress:
    """What is seen of one request while it is answered.

    Parameters
    ----------
    outlier_after_s : float
        How long it may take before it stands out.
    is_profiled : bool
        Whether the time of each line is wanted as well.
    """

    def __init__(self, outlier_after_s: float, *, is_profiled: bool) -> None:
        self.thread_id = threading.get_ident()
        self.outlier: Outlier | None = None
        self._is_profiled = is_profiled
        self._started_s = self._looked_s = time.perf_counter()
        self._outlier_after_s = outlier_after_s
        self._seconds: dict[Calls, float] = defaultdict(float)
        self._total_s = 0.0

    def look(self, frame: FrameType, outermost: CodeType) -> None:
        """Note where its thread is now."""
        now_s = time.perf_counter()
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        is_late = self.outlier is None and now_s - self._started_s > self._outlier_after_s
        if not (is_late or self._is_profiled):
            return
        calls = calls_within(frame, outermost)
        # None before it is answered, and after.
        if not calls:
            return
        if is_late:
            self.outlier = _outlier(calls)
        if self._is_profiled:
            self._total_s += passed_s
            for depth in range(1, len(calls) + 1):
                self._seconds[calls[:depth]] += passed_s

    def lines(self, head: Sequence[Line], duration_ms: float) -> list[Line]:
        """The lines that its time went into, callers before those they called.

        None for a request that was over before anybody looked.

        Parameters
        ----------
        head : sequence of Line
            Of the function that answers.
        duration_ms : float
            Of the whole request.
        """
        if not self._total_s:
            return []
        return [
            *(Line(line.filename, line.number, line.function, 0, duration_ms) for line in head),
            *(
                Line(*calls[-1], len(calls), duration_ms * seconds / self._total_s)
                for calls, seconds in sorted(self._seconds.items())
            ),
        ]


class Sampler:
    """Looks at the requests in progress, by one thread.

    Parameters
    ----------
    period_s : float
        From one look to the next.
    outermost : CodeType
        Of the function that calls those which answer: calls within it are noted.
    complaints : Complaints
        Told when looking fails.
    """

    def __init__(self, period_s: float, outermost: CodeType, complaints: Complaints) -> None:
        self._outermost = outermost
        self._complaints = complaints
        self._in_progress: dict[int, InProgress] = {}
        self._rounds = Rounds("sampling", period_s, self._round)

    def watch(self, request: InProgress) -> None:
        """Look at a request from now on.

        Raises
        ------
        RuntimeError
            When no thread can be started.
        """
        self._in_progress[request.thread_id] = request
        self._rounds.wake()

    def leave(self, request: InProgress) -> None:
        """Look at it no more."""
        self._in_progress.pop(request.thread_id, None)

    def look(self) -> None:
        """Look at all of them, once."""
        with _no_collection():
            frames = sys._current_frames()  # noqa: SLF001 - the one way to see another thread
            for request in list(self._in_progress.values()):
                frame = frames.get(request.thread_id)
                if frame is not None:
                    request.look(frame, self._outermost)

    def _round(self) -> bool:
        # What is seen is worth less than the requests that are looked at.
        with self._complaints.instead_of_errors():
            self.look()
        return bool(self._in_progress)


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage is collected meanwhile.

    Looking at a call makes an object for it. In Python 3.11 that may start a collection, in which
    other threads run and leave the call that is looked at: the process reads memory that is in
    other use by then, and crashes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def calls_within(frame: FrameType, outermost: CodeType) -> Calls:
    """The calls of a thread, the innermost last; none when it is not within ``outermost``."""
    calls: list[Call] = []
    now: FrameType | None = frame
    while now is not None and now.f_code is not outermost:
        calls.append((now.f_code.co_filename, now.f_lineno or 0, now.f_code.co_name))
        now = now.f_back
    return tuple(reversed(calls)) if now is not None else ()


def head_of(view: Callable[..., Any]) -> tuple[Line, ...]:
    """The lines of a function up to its ``def``; none where there is no source."""
    code = getattr(inspect.unwrap(view), "__code__", None)
    return () if code is None else _head_of(code)


@lru_cache(maxsize=512)
def _head_of(code: CodeType) -> tuple[Line, ...]:
    try:
        lines, first = inspect.getsourcelines(code)
    except OSError:
        return ()
    last = next((k for k, line in enumerate(lines) if line.strip().startswith("def ")), 0)
    return tuple(Line(code.co_filename, first + k, _NO_FUNCTION, 0, 0.0) for k in range(last + 1))


def _outlier(calls: Calls) -> Outlier:
    written = (
        f'File: "{filename}", line {number}, in "{function}": '
        f'"{linecache.getline(filename, number).strip()}"'
        for filename, number, function in calls
    )
    return Outlier(
        cpu_percent=str(psutil.cpu_percent(interval=None, percpu=True)),
        memory=str(psutil.virtual_memory()),
        stacktrace="<br />".join(written),
    )
