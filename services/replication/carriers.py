"""What goes on beside a role: each part in a thread of its own, whatever the bucket does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from services.base.errors import StorageError
from services.base.files import read_if_present, write_atomically
from services.replication.follower import NothingPublished
from services.replication.manifest import DIRECTORY
from services.replication.parts import PARTS, Part
from services.replication.publisher import Overtaken

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS: Final = 15.0
# What was observed last is said before the role ends, where the bucket answers.
LAST_WORDS_SECONDS: Final = 5.0


@dataclass
class Carrier:
    """The rounds of one part.

    Attributes
    ----------
    round : callable
        False where there was nothing for this process to do.
    period_seconds : float
        From the end of one to the next; after failures ever longer.
    close : callable
        Called when no round comes any more.
    """

    part: Part
    round: Callable[[], bool | None]
    period_seconds: float
    close: Callable[[], object] = field(default=lambda: None)


class Carriers:
    """Runs carriers while it is entered; none of them ever holds up who entered it.

    Parameters
    ----------
    in_step : callable
        Told the name of a part each time that directory and bucket are the same.
    has_last_round : bool
        Whether each has one round more when it is left.
    """

    def __init__(
        self,
        data_dir: Path,
        carriers: Sequence[Carrier],
        in_step: Callable[[str], object],
        *,
        has_last_round: bool = False,
    ) -> None:
        self._data_dir = data_dir
        self._carriers = carriers
        self._in_step = in_step
        self._has_last_round = has_last_round
        self._stopping = threading.Event()
        self._tried = {carrier.part.name: threading.Event() for carrier in carriers}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Carriers:
        """Start them all."""
        for carrier in self._carriers:
            thread = threading.Thread(
                target=self._carry,
                args=(carrier,),
                name=f"storage-{carrier.part.name}",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ask them to end, and wait for that as long as their last words may take."""
        self._stopping.set()
        latest = time.monotonic() + LAST_WORDS_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, latest - time.monotonic()))

    def are_hung(self) -> bool:
        """Whether one is still at it: the interpreter would wait for what the bucket owes it."""
        return any(thread.is_alive() for thread in self._threads)

    def wait_for_first(self, parts: Sequence[Part], patience_seconds: float) -> None:
        """Return once each of some parts had its first round, well or not."""
        latest = time.monotonic() + patience_seconds
        for part in parts:
            self._tried[part.name].wait(max(0.0, latest - time.monotonic()))

    def _carry(self, carrier: Carrier) -> None:
        health = Health(self._data_dir, carrier.part)
        pause_s = carrier.period_seconds
        goes_on = True
        while goes_on:
            # Asked first: what was done before is said in the round after it.
            goes_on = not self._stopping.is_set()
            if not goes_on and not self._has_last_round:
                break
            try:
                if carrier.round() is not False:
                    self._in_step(carrier.part.name)
                    health.well()
                pause_s = carrier.period_seconds
            except Overtaken as error:
                health.failed(error)
                goes_on = False
            except StorageError as error:
                health.failed(error)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_SECONDS)
            except Exception as error:  # one part's fault must not end the others
                log.exception("object storage: %s", carrier.part.name)
                health.failed(error)
                pause_s = LONGEST_PAUSE_SECONDS
            self._tried[carrier.part.name].set()
            self._stopping.wait(pause_s if goes_on else 0)
        carrier.close()


class Health:
    """Says when a part begins to fail and when it is over, once each; and what fails now."""

    def __init__(self, data_dir: Path, part: Part) -> None:
        self._part = part
        self._path = problem_path(data_dir, part)
        self._problem: str | None = None
        self._is_told = False

    def well(self) -> None:
        """Directory and bucket are the same."""
        if self._problem is not None:
            log.info("object storage: %s goes on", self._part.name)
            self._problem = None
            self._is_told = False
        # It may be of another process, which had the part before.
        if self._path.exists():
            self._path.unlink(missing_ok=True)

    def failed(self, error: Exception) -> None:
        """They are not, for this reason."""
        problem = str(error) or type(error).__name__
        if isinstance(error, NothingPublished):
            # As at every first start, until its publisher has begun.
            if self._problem is None:
                log.info("object storage: %s: %s", self._part.name, problem)
        elif not self._is_told:
            log.error("object storage: %s: %s", self._part.name, problem)
            self._is_told = True
        if problem != self._problem:
            self._problem = problem
            try:
                write_atomically(self._path, problem.encode())
            except StorageError as trouble:
                log.error("%s", trouble)


def problem_path(data_dir: Path, part: Part) -> Path:
    """Where it is said why a part is not as in the bucket; no file where it is."""
    return data_dir / DIRECTORY / f"{part.name}.problem"


def problems(data_dir: Path) -> dict[str, str]:
    """Why parts are not as in the bucket, by name; empty where all are, or none is carried."""
    found = {}
    for part in PARTS:
        try:
            problem = read_if_present(problem_path(data_dir, part))
        except StorageError as error:
            problem = str(error).encode()
        if problem is not None:
            found[part.name] = problem.decode(errors="replace")
    return found
