"""A limit on wrong passwords, shared by all processes and kept over a restart.

Tries are rows of the operations database for an hour or two: when, and a keyed hash of who,
whose key changes every day. A try is counted before the password is looked at, in the transaction
that finds out whether it may be made, so that a thousand at once are no more than one after the
other; who gets in is uncounted again. While the database cannot be used, each process counts for
itself.

Who has been in before has a mark on the device (:mod:`.session`) and is counted by that: however
many addresses an attacker guesses from, those who know the password get in from such a device. A
hundred addresses a minute keep all other devices waiting, an operator's new one too: the command
``python -m services.web.access`` makes that a known one.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import math
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from services.base.clock import Clock, utc_now
from services.base.errors import StorageError
from services.operations.database import NothingRecorded, Operations, shared_now
from services.operations.log_in_failures import (
    forget_log_in_failures,
    log_in_failures_since,
    record_log_in_failure,
)

log = logging.getLogger(__name__)

# A forgetful operator has five tries; then each one takes twice as long to wait for.
FREE_ATTEMPTS: Final = 5
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
WINDOW: Final = timedelta(minutes=30)
# So many wrong passwords from unknown devices are an attack on the account: an address that
# failed waits at once, while one that has not may still try.
GUESSING_FROM: Final = 20
# However many addresses an attacker has, checking passwords must not eat the processor.
ATTEMPTS_IN_ALL: Final = 100
PERIOD_IN_ALL: Final = timedelta(minutes=1)
# The smallest network that one person is given.
_IPV6_PREFIX: Final = 64
_MARK_CHARACTERS: Final = 32
_DEVICE: Final = "#"
_ADDRESS: Final = "@"

Failure = tuple[str, datetime]
"""Mark of a visitor, and when the password was wrong."""


class Visitor(NamedTuple):
    """Who tries to log in.

    Attributes
    ----------
    address : str
        IP address; it is not kept.
    device : str
        What the device was marked with at an earlier log-in; empty where it was not.
    """

    address: str
    device: str = ""


class Attempts:
    """Counts tries and says who has to wait. Safe to share.

    Parameters
    ----------
    reading, writing : Operations
        Both with a short patience: threads that wait here serve no page.
    secret : str
        The application's key, from which that of each day is made.
    """

    def __init__(
        self, reading: Operations, writing: Operations, secret: str, clock: Clock = utc_now
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._secret = secret
        self._clock = clock
        self._own: deque[Failure] = deque(maxlen=ATTEMPTS_IN_ALL)
        self._lock = threading.Lock()

    def begin(self, visitor: Visitor) -> int:
        """How long a visitor has to wait, in seconds; for 0 the try is counted as a wrong one."""
        # Reading waits for nobody, so that a crowd that must wait locks nothing.
        return self._seconds_to_wait(visitor) or self._count(visitor)

    def succeeded(self, visitor: Visitor) -> None:
        """A visitor is in: what went wrong before is forgotten."""
        here = self._mark(visitor, self._clock())
        with self._lock:
            self._own = deque((item for item in self._own if item[0] != here), ATTEMPTS_IN_ALL)
        try:
            with self._writing.begin() as session:
                mark = self._mark(visitor, shared_now(session, self._clock))
                forget_log_in_failures(session, mark)
        except StorageError as error:
            log.error("failed log-ins are not forgotten: %s", error)

    def _seconds_to_wait(self, visitor: Visitor) -> int:
        try:
            with self._reading.begin() as session:
                return self._look(session, visitor)[0]
        except NothingRecorded:
            return 0
        except StorageError as error:
            log.error("failed log-ins cannot be read: %s", error)
            with self._lock:
                return self._look_here(visitor)[0]

    def _count(self, visitor: Visitor) -> int:
        try:
            with self._writing.begin() as session:
                wait_s, mark, now = self._look(session, visitor)
                if not wait_s:
                    record_log_in_failure(session, mark, now)
        except StorageError as error:
            log.error("log-ins are counted by this process only: %s", error)
            return self._count_here(visitor)
        if not wait_s:
            self._note_here(visitor)
        return wait_s

    def _count_here(self, visitor: Visitor) -> int:
        with self._lock:
            wait_s, mark, now = self._look_here(visitor)
            if not wait_s:
                self._own.append((mark, now))
            return wait_s

    def _note_here(self, visitor: Visitor) -> None:
        now = self._clock()
        with self._lock:
            self._own.append((self._mark(visitor, now), now))

    def _look(self, session: Session, visitor: Visitor) -> tuple[int, str, datetime]:
        """How long a visitor has to wait, its mark, and the time: of all hosts."""
        now = shared_now(session, self._clock)
        mark = self._mark(visitor, now)
        return seconds_to_wait(log_in_failures_since(session, now - WINDOW), mark, now), mark, now

    def _look_here(self, visitor: Visitor) -> tuple[int, str, datetime]:
        """The same of what this process knows by itself, on its own clock."""
        now = self._clock()
        mark = self._mark(visitor, now)
        return seconds_to_wait(self._own_since(now - WINDOW), mark, now), mark, now

    def _own_since(self, since: datetime) -> list[Failure]:
        return [item for item in self._own if item[1] >= since]

    def _mark(self, visitor: Visitor, now: datetime) -> str:
        kind = _DEVICE if visitor.device else _ADDRESS
        name = visitor.device or network_of(visitor.address)
        key = hmac.new(self._secret.encode(), now.date().isoformat().encode(), hashlib.sha256)
        mark = hmac.new(key.digest(), f"{kind}{name}".encode(), hashlib.sha256)
        return f"{kind}{mark.hexdigest()}"[:_MARK_CHARACTERS]


def seconds_to_wait(failures: Sequence[Failure], mark: str, now: datetime) -> int:
    """How long a visitor has to wait, given what went wrong within :data:`WINDOW`.

    After five failures 30 seconds, and twice as long after each further one, up to a quarter of
    an hour. Unknown devices wait after their first one while the account is being guessed at,
    and all of them while there are a hundred in a minute.

    Parameters
    ----------
    mark : str
        The visitor's.

    Returns
    -------
    int
        Seconds, 0 for not at all.
    """
    # A clock that was set back must not lock anybody out until it is there again.
    past = [(name, at) for name, at in failures if at <= now]
    own = [at for name, at in past if name == mark]
    if mark.startswith(_DEVICE):
        return _whole_seconds(_wait_of(own, FREE_ATTEMPTS, now))
    unknown = sorted(at for name, at in past if not name.startswith(_DEVICE))
    wait = _wait_of(own, FREE_ATTEMPTS if len(unknown) < GUESSING_FROM else 1, now)
    recent = [at for at in unknown if at > now - PERIOD_IN_ALL]
    if len(recent) >= ATTEMPTS_IN_ALL:
        wait = max(wait, recent[-ATTEMPTS_IN_ALL] + PERIOD_IN_ALL - now)
    return _whole_seconds(wait)


def _wait_of(own: Sequence[datetime], free: int, now: datetime) -> timedelta:
    if len(own) < free:
        return timedelta()
    # Bounded before it is doubled, for nobody knows how many there are.
    doublings = min(len(own) - free, 10)
    until: datetime = max(own) + min(FIRST_WAIT * 2.0**doublings, LONGEST_WAIT)
    return until - now


def _whole_seconds(wait: timedelta) -> int:
    return math.ceil(max(wait, timedelta()).total_seconds())


def network_of(address: str) -> str:
    """What counts as one visitor: an IPv4 address, however written, or the /64 of an IPv6 one.

    >>> network_of("203.0.113.9"), network_of("2001:db8::beef:77")
    ('203.0.113.9', '2001:db8::/64')
    >>> network_of("::ffff:203.0.113.9")
    '203.0.113.9'
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
