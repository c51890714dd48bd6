"""One process of a role at a time is at work; further ones stand by.

In a data directory a file says who; where hosts share a PostgreSQL server, that one says it for
all of them, and who loses its word ends at once.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from services.base.errors import StorageError
from services.base.settings import Settings
from services.operations.database import open_operations, server_of
from services.operations.house_lock import HouseLock

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
# Who is asked to end must not be ended by force meanwhile.
_PATIENCE_SECONDS: Final = 2.0
# Another one after each start of a Linux.
_STARTED: Final = Path("/proc/sys/kernel/random/boot_id")
# To be started again, as sysexits.h has it (EX_TEMPFAIL).
_EXIT_CODE: Final = 75


@dataclass(frozen=True)
class Tenure:
    """Having a role to oneself.

    Attributes
    ----------
    epoch : int
        Grows with each holder, of whichever host: what one with a smaller number writes comes too
        late. 0 where one data directory is all there is.
    is_held : callable
        Whether this process may still write.
    """

    epoch: int
    is_held: Callable[[], bool]


def end_at_once() -> None:
    """End this process without finishing anything: another one may be at work by now."""
    os._exit(_EXIT_CODE)


@contextmanager
def sole(data_dir: Path, role: str, stopping: threading.Event | None = None) -> Iterator[None]:
    """Hold the lock of the one process of a role in a data directory; stand by for another one.

    Parameters
    ----------
    role : str
        As the supervisor knows it.
    stopping : Event, optional
        Ends the waiting too, without the lock, for whoever is not ended by a signal itself.
    """
    stopping = stopping or threading.Event()
    lock = FileLock(data_dir / f"{role}.lock")
    is_told = False
    while not (stopping.is_set() or _is_taken(lock)):
        if not is_told:
            log.info("another %s is at work: standing by", role)
            is_told = True
        stopping.wait(_LOOK_SECONDS)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def sole_of_all_hosts(
    settings: Settings,
    role: str,
    stopping: threading.Event | None = None,
    end: Callable[[], None] = end_at_once,
    standing_by: Callable[[], object] = lambda: None,
    *,
    consequence: str = "this process ends, to be started again",
) -> Iterator[Tenure]:
    """The same for all hosts that share an operations database; of one machine, where none does.

    Parameters
    ----------
    end : callable
        Ends the process where the lock is lost, in a thread of its own.
    standing_by : callable
        Called again and again while another host has the role: who waits for that is alive.
    consequence : str
        What ``end`` comes to, for the journal.
    """
    stopping = stopping or threading.Event()
    server = server_of(settings)
    with sole(settings.data_dir, role, stopping):
        if server is None:
            yield Tenure(0, is_held=lambda: True)
            return
        holder = holder_of(settings.data_dir)
        operations = open_operations(settings, patience_seconds=_PATIENCE_SECONDS)
        lock = HouseLock(server, operations, role, holder)

        def lose() -> None:
            log.error("the lock of the %s is lost: %s", role, consequence)
            end()

        try:
            epoch = _begun(lock, role, stopping, standing_by)
            if epoch:
                log.info("this %s is the one at work, number %d", role, epoch)
                lock.watch(lose)
            yield Tenure(epoch, lock.is_held)
        finally:
            lock.give_back()


def holder_of(data_dir: Path) -> str:
    """What tells a data directory from those of all hosts, for as long as this one runs.

    Hosts that were made of one image may all have the same name.
    """
    directory = data_dir.stat()
    try:
        started = _STARTED.read_text("ascii").strip()
    except OSError:
        started = ""
    place = f"{socket.gethostname()}:{data_dir.resolve()}"
    return f"{place} {started} {directory.st_dev}:{directory.st_ino}"


def _begun(
    lock: HouseLock, role: str, stopping: threading.Event, standing_by: Callable[[], object]
) -> int:
    """Wait for the lock, and until nobody else can be at work; the epoch, 0 if asked to stop."""
    told = ""
    while not stopping.is_set():
        standing_by()
        try:
            if lock.take():
                stopping.wait(lock.seconds_of_another())
                # The line may have been cut meanwhile: before the other ones are told of this one,
                # and before this one begins.
                if lock.take():
                    epoch = lock.begin()
                    if lock.take():
                        return epoch
            what, level = f"another {role} is at work on some host", logging.INFO
        except StorageError as error:
            what, level = str(error), logging.WARNING
        if what != told:
            log.log(level, "%s: standing by", what)
            told = what
        stopping.wait(_LOOK_SECONDS)
    return 0


def _is_taken(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
