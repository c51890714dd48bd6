"""A few child processes that answer questions to the archive, in the order in which they came.

A question is computed once however many ask; whoever asks is told at once, or within the moment
that they wait, how it stands. Answers are kept until what they were made of changes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from services.plain.trends.asking import Busy, Failed, Queued, Running
from services.trends.child import OpenAnswers
from services.trends.children import HALT_SECONDS, START_SECONDS, ChildLost, ChildProcess
from services.trends.kept_answers import KeptAnswers
from services.trends.messages import Answered, Question, Reply

log = logging.getLogger(__name__)

# As many as two cores compute at a time.
SEATS: Final = 2
# At a second each, half a minute for whoever comes last.
MAX_QUEUED: Final = 32
KEPT_BYTES: Final = 64 * 1024 * 1024
# Pages ask once a second, in a tab that is not looked at once a minute: that one computes nothing.
FORGOTTEN_SECONDS: Final = 10.0
# A child takes 330 MB: given back when nobody has asked for long.
IDLE_SECONDS: Final = 180.0
# Beyond what a question may take with all that goes before and after, its seat hangs.
_OVERDUE_SECONDS: Final = START_SECONDS + HALT_SECONDS + 15.0

# One that was there may have ended since; a new one should not.
_ATTEMPTS: Final = 2

Ended = Callable[[str, str, float | None], object]
"""Told of each question that ended: its view, how, and the seconds that it was computed for."""


def untold(_view: str, _outcome: str, _seconds: float | None) -> None:
    """Nobody counts."""


@dataclass(eq=False)
class _Job:
    """A question on its way."""

    question: Question
    version: str
    progress: Running = field(default_factory=lambda: Running(0, 0))
    begun_s: float | None = None
    outcome: Answered | Failed | None = None
    is_unwanted: bool = False
    # When each of those who ask did so last.
    asked_s: dict[str, float] = field(default_factory=dict)

    def is_wanted(self) -> bool:
        """Whether somebody has asked lately."""
        latest_s = max(self.asked_s.values(), default=0.0)
        return not self.is_unwanted and time.monotonic() < latest_s + FORGOTTEN_SECONDS


class Pool:
    """Answers questions. Safe to share between threads.

    Parameters
    ----------
    open_answers : callable
        What a child calls once; can be pickled.
    seconds : float
        How long a question may take.
    memory_bytes : int
        How much a question may take, beside what was imported.
    seats : int
        How many questions are computed at a time.
    max_queued : int
        How many may wait.
    kept_bytes : int
        Of answers that are kept.
    idle_seconds : float
        After which a child that nobody asks ends.
    ended : callable, optional
    """

    def __init__(
        self,
        open_answers: OpenAnswers,
        *,
        seconds: float,
        memory_bytes: int,
        seats: int = SEATS,
        max_queued: int = MAX_QUEUED,
        kept_bytes: int = KEPT_BYTES,
        idle_seconds: float = IDLE_SECONDS,
        ended: Ended = untold,
    ) -> None:
        self._open_answers = open_answers
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._max_queued = max_queued
        self._idle_seconds = idle_seconds
        self._ended = ended
        self._changed = threading.Condition()
        self._kept = KeptAnswers(kept_bytes)
        self._jobs: dict[Question, _Job] = {}
        self._queue: list[_Job] = []
        self._at_work: dict[int, _Job] = {}
        self._children: dict[int, ChildProcess] = {}
        self._is_closing = False
        # Daemons: whoever ends this process in a hurry waits for nothing.
        self._threads = [
            threading.Thread(target=self._sit, args=(seat,), daemon=True) for seat in range(seats)
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, question: Question, version: str, wait_s: float = 0.0, asker: str = "") -> Reply:
        """How a question stands, at once or as soon as it is answered within a moment.

        Parameters
        ----------
        version : str
            Of what the answer is made of: another one, and what is kept is too old.
        asker : str
            Who asks, told apart from others.
        """
        with self._changed:
            kept = self._kept.find(question, version)
            if kept is not None:
                self._ended(question.view, "kept", None)
                return kept
            job = self._jobs.get(question) or self._taken(question, version)
            if job is None:
                self._ended(question.view, "busy", None)
                return Busy()
            job.asked_s[asker] = time.monotonic()
            self._changed.wait_for(lambda: job.outcome is not None, wait_s)
            if job.outcome is not None:
                return job.outcome
            return job.progress if job.begun_s else Queued(self._queue.index(job) + 1)

    def stop(self, question: Question, asker: str = "") -> None:
        """Somebody wants no answer any more; where nobody else does, it is given up."""
        with self._changed:
            job = self._jobs.get(question)
            if job is not None:
                job.asked_s.pop(asker, None)
                if not job.is_wanted():
                    job.is_unwanted = True
                    # Whoever asks from now on begins anew.
                    self._leave(job)

    def queued(self) -> int:
        """How many questions wait."""
        with self._changed:
            return len(self._queue)

    def resident_bytes(self) -> int:
        """What the children take of the machine's memory."""
        with self._changed:
            children = list(self._children.values())
        return sum(child.resident_bytes() for child in children)

    def children(self) -> list[int]:
        """The numbers of the children that there are."""
        with self._changed:
            return [child.pid for child in self._children.values() if child.pid is not None]

    def is_hung(self) -> bool:
        """Whether a seat is at a question for longer than it can be."""
        latest_s = time.monotonic() - self._seconds - _OVERDUE_SECONDS
        with self._changed:
            return any((job.begun_s or latest_s) < latest_s for job in self._at_work.values())

    def close(self) -> None:
        """End the children, whatever they are at."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _taken(self, question: Question, version: str) -> _Job | None:
        """A place in the queue; None where there is none."""
        if len(self._queue) >= self._max_queued:
            for forgotten in [job for job in self._queue if not job.is_wanted()]:
                self._leave(forgotten)
        if len(self._queue) >= self._max_queued:
            return None
        job = self._jobs[question] = _Job(question, version)
        self._queue.append(job)
        self._changed.notify_all()
        return job

    def _leave(self, job: _Job) -> None:
        """Nobody waits for it any more."""
        if self._jobs.get(job.question) is job:
            del self._jobs[job.question]
        if job in self._queue:
            self._queue.remove(job)
            self._end(job, Failed("stopped"), None)

    def _end(self, job: _Job, outcome: Answered | Failed, seconds: float | None) -> None:
        job.outcome = outcome
        self._ended(
            job.question.view, "ok" if isinstance(outcome, Answered) else outcome.reason, seconds
        )
        self._changed.notify_all()

    def _sit(self, seat: int) -> None:
        """Answer one question after another, by a child that is there while there are any."""
        while not self._is_closing:
            job = self._next_job(seat)
            if job is None:
                self._let_go(seat)
                continue
            begun_s = time.monotonic()
            outcome = self._answered(seat, job)
            with self._changed:
                del self._at_work[seat]
                if self._jobs.get(job.question) is job:
                    del self._jobs[job.question]
                if outcome != Failed("stopped"):
                    self._kept.keep(job.question, job.version, outcome)
                self._end(job, outcome, time.monotonic() - begun_s)
        self._let_go(seat)

    def _next_job(self, seat: int) -> _Job | None:
        """The next question that somebody waits for; None after a while without any."""
        with self._changed:
            lasts_s = self._idle_seconds if seat in self._children else None
            self._changed.wait_for(lambda: self._queue or self._is_closing, lasts_s)
            while self._queue and not self._is_closing:
                job = self._queue[0]
                if job.is_wanted():
                    self._queue.remove(job)
                    job.begun_s = time.monotonic()
                    self._at_work[seat] = job
                    return job
                self._leave(job)
            return None

    def _answered(self, seat: int, job: _Job) -> Answered | Failed:
        def is_wanted() -> bool:
            with self._changed:
                if not job.is_wanted() and not job.is_unwanted:
                    job.is_unwanted = True
                    self._leave(job)
                return not (job.is_unwanted or self._is_closing)

        def progress(of: Running) -> None:
            with self._changed:
                job.progress = of

        for _ in range(_ATTEMPTS):
            try:
                child = self._child(seat)
                return child.answer(job.question, self._seconds, is_wanted, progress)
            except ChildLost as error:
                lost = error
        log.error("no process to answer questions: %s", lost)
        return Failed("failed", f"no process to answer questions: {lost}")

    def _child(self, seat: int) -> ChildProcess:
        child = self._children.get(seat)
        if child is None or not child.is_alive():
            self._let_go(seat)
            child = ChildProcess(self._open_answers, self._memory_bytes)
            with self._changed:
                self._children[seat] = child
        return child

    def _let_go(self, seat: int) -> None:
        with self._changed:
            child = self._children.pop(seat, None)
        if child is not None:
            child.end()
