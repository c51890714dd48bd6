"""A limit on wrong passwords, shared by all processes and kept over a restart.

Failures are rows of the operations database for an hour or two: when, and a keyed hash of
the visitor's network, whose key changes every day. While the database cannot be used, each
process counts for itself.
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
from typing import Final

from services.clock import Clock, utc_now
from services.errors import StorageError
from services.operations import (
    NothingRecorded,
    Operations,
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
# However many addresses an attacker has, checking passwords must not eat the processor.
ATTEMPTS_IN_ALL: Final = 100
PERIOD_IN_ALL: Final = timedelta(minutes=1)
# The smallest network that one person is given.
_IPV6_PREFIX: Final = 64
_MARK_LETTERS: Final = 32

Failure = tuple[str, datetime]
"""Mark of a visitor, and when the password was wrong."""


class Attempts:
    """Counts failures and says who has to wait. Safe to share.

    Parameters
    ----------
    operations : Operations
    secret : str
        The application's key, from which that of each day is made.
    clock : Clock
    """

    def __init__(self, operations: Operations, secret: str, clock: Clock = utc_now) -> None:
        self._operations = operations
        self._secret = secret
        self._clock = clock
        self._own: deque[Failure] = deque(maxlen=ATTEMPTS_IN_ALL)
        self._lock = threading.Lock()

    def wait_seconds(self, address: str) -> int:
        """How long a visitor has to wait before the next try; 0 for not at all."""
        now = self._clock()
        return seconds_to_wait(self._failures(now - WINDOW), self._mark(address, now), now)

    def failed(self, address: str) -> None:
        """A visitor's password was wrong."""
        now = self._clock()
        mark = self._mark(address, now)
        with self._lock:
            self._own.append((mark, now))
        try:
            with self._operations.begin() as session:
                record_log_in_failure(session, mark, now)
        except StorageError as error:
            log.error("a failed log-in is counted by this process only: %s", error)

    def succeeded(self, address: str) -> None:
        """A visitor is in: what went wrong before is forgotten."""
        mark = self._mark(address, self._clock())
        with self._lock:
            self._own = deque((item for item in self._own if item[0] != mark), ATTEMPTS_IN_ALL)
        try:
            with self._operations.begin() as session:
                forget_log_in_failures(session, mark)
        except StorageError as error:
            log.error("failed log-ins are not forgotten: %s", error)

    def _failures(self, since: datetime) -> Sequence[Failure]:
        try:
            with self._operations.begin() as session:
                return log_in_failures_since(session, since)
        except NothingRecorded:
            return []
        except StorageError as error:
            log.error("failed log-ins cannot be read: %s", error)
            with self._lock:
                return [item for item in self._own if item[1] >= since]

    def _mark(self, address: str, now: datetime) -> str:
        key = hmac.new(self._secret.encode(), now.date().isoformat().encode(), hashlib.sha256)
        mark = hmac.new(key.digest(), network_of(address).encode(), hashlib.sha256)
        return mark.hexdigest()[:_MARK_LETTERS]


def seconds_to_wait(failures: Sequence[Failure], mark: str, now: datetime) -> int:
    """How long a visitor has to wait, given what went wrong within :data:`WINDOW`.

    After five failures 30 seconds, and twice as long after each further one, up to a
    quarter of an hour; whoever it is waits while there are a hundred in a minute.

    Parameters
    ----------
    failures : sequence of Failure
    mark : str
        The visitor's.
    now : datetime

    Returns
    -------
    int
        Seconds, 0 for not at all.
    """
    waits = [timedelta()]
    # A clock that was set back must not lock anybody out until it is there again.
    past = [(name, at) for name, at in failures if at <= now]
    own = [at for name, at in past if name == mark]
    if len(own) >= FREE_ATTEMPTS:
        # Bounded before it is doubled, for nobody knows how many there are.
        doublings = min(len(own) - FREE_ATTEMPTS, 10)
        waits.append(max(own) + min(FIRST_WAIT * 2**doublings, LONGEST_WAIT) - now)
    recent = sorted(at for _, at in past if at > now - PERIOD_IN_ALL)
    if len(recent) >= ATTEMPTS_IN_ALL:
        waits.append(recent[-ATTEMPTS_IN_ALL] + PERIOD_IN_ALL - now)
    return math.ceil(max(waits).total_seconds())


def network_of(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 of an IPv6 one.

    >>> network_of("203.0.113.9"), network_of("2001:db8::beef:77")
    ('203.0.113.9', '2001:db8::/64')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
