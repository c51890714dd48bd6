"""The watch's part for the traffic: its rules are judged and people told by one watch of all hosts.

A part of the watch role. Where each host has a watch of its own, those beside a worker, which have
the traffic, take turns at it by a lock that hosts share; a jam is one and the same on all of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from services.base.clock import Clock, utc_now
from services.base.settings import Settings
from services.city.chosen import CITY
from services.operations.database import open_operations
from services.operations.tables import OutgoingMessage
from services.roles.sole import sole_of_all_hosts
from services.watch.messages import Change
from services.watch.outbox import Outbox, Send
from services.watch.places import watched_places
from services.watch.rules import rules_of
from services.watch.traffic_overview import TrafficOverviewWriter, overview_of
from services.watch.traffic_rules import TrafficRule, traffic_rules_of
from services.watch.traffic_watcher import TrafficWatcher
from services.watch.traffic_words import traffic_message

log = logging.getLogger(__name__)

SHARED_HOST: Final = "*"
"""Whose messages these are: no host may be called so (``TRAFFIC_HOST_NAME``)."""
_DUTY: Final = "traffic-watch"


class TrafficWatch:
    """What is done about the rules on the traffic, one round at a time.

    Parameters
    ----------
    everybody : sequence of str
        The addresses of those who are told where a rule names nobody.
    monotonic : callable
        Seconds; tests hand in their own.

    Raises
    ------
    ConfigurationError
        When the rules cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        everybody: Sequence[str],
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._everybody = list(everybody)
        self._clock = clock
        self._rules = traffic_rules_of(settings, CITY)
        operations = open_operations(settings)
        self._watcher = TrafficWatcher(
            self._rules.rule,
            operations,
            watched_places(settings.data_dir).value,
            clock,
            monotonic,
            city=CITY,
            late_after_s=settings.late_after_seconds,
        )
        self._overview = TrafficOverviewWriter(operations)

    def addresses(self) -> list[str]:
        """Everybody who may be told."""
        found = [self._rules.addresses_of(rule, self._everybody) for rule in self._rules.rule]
        return list(dict.fromkeys(url for urls in found for url in urls))

    def round(self, outbox: Outbox) -> None:
        """Judge the rules, leave messages, write how they stand."""
        now = self._clock()
        changes = self._watcher.evaluate()
        messages = self._messages(changes, outbox, now) if changes else []
        if not self._watcher.save(messages):
            outbox.keep(messages)
        if self._rules.rule:
            self._overview.write(overview_of(self._watcher.states(), now))

    def _messages(
        self, changes: Iterable[Change[TrafficRule]], outbox: Outbox, now: datetime
    ) -> list[OutgoingMessage]:
        """One message for all that the same people are told."""
        of: dict[tuple[str, ...], list[Change[TrafficRule]]] = {}
        for change in changes:
            told = tuple(self._rules.addresses_of(change.rule, self._everybody))
            of.setdefault(told, []).append(change)
        url = str(self._settings.public_url or self._settings.url)
        return [
            waiting
            for told, their in of.items()
            for waiting in outbox.for_channels(
                traffic_message(
                    their,
                    self._watcher.place_of,
                    self._settings.notify_language,
                    url,
                    CITY,
                    has_history=self._settings.trends,
                ),
                now,
                told,
            )
        ]


class TrafficDuty:
    """Being the watch that does it, while this one is.

    Parameters
    ----------
    everybody : sequence of str
        As of :class:`TrafficWatch`.
    also : sequence of str
        Further addresses whose messages wait: those of reports.
    """

    def __init__(
        self, settings: Settings, everybody: Sequence[str], also: Sequence[str], send: Send
    ) -> None:
        self._settings = settings
        self._everybody = everybody
        self._period_s = rules_of(settings).evaluation_seconds
        addresses = TrafficWatch(settings, everybody).addresses()
        self._outbox = Outbox(
            open_operations(settings),
            list(dict.fromkeys([*addresses, *also])),
            send,
            SHARED_HOST,
        )
        self._is_held: Callable[[], bool] = lambda: False

    def is_on_duty(self) -> bool:
        """Whether it is this one's turn."""
        return self._is_held()

    def deliver(self) -> None:
        """Send what is due, while on duty."""
        if self.is_on_duty():
            self._outbox.deliver(utc_now())

    def run(self, stopping: threading.Event) -> None:
        """Stand by, and do it in turn, until asked to stop or until the lock is lost."""
        lost = threading.Event()
        with _duty(self._settings, stopping, lost) as is_held:
            # Anew: another one may have gone on meanwhile.
            watch = TrafficWatch(self._settings, self._everybody)
            self._is_held = is_held
            try:
                while not (stopping.is_set() or lost.is_set()):
                    if is_held():
                        _survived(lambda: watch.round(self._outbox))
                    stopping.wait(self._period_s)
            finally:
                self._is_held = lambda: False


def takes_part(settings: Settings) -> bool:
    """Whether this host's watch may do it: one that knows the traffic, where each has its own."""
    return not settings.host_name or "worker" in settings.roles


@contextmanager
def _duty(
    settings: Settings, stopping: threading.Event, lost: threading.Event
) -> Iterator[Callable[[], bool]]:
    if not settings.host_name:
        # The watch itself is the one of all hosts.
        yield lambda: True
        return
    consequence = "another host goes on with the rules on the traffic"
    with sole_of_all_hosts(
        settings, _DUTY, stopping, end=lost.set, consequence=consequence
    ) as tenure:
        yield tenure.is_held


def _survived(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # whatever it meets, the next round comes
        log.exception("the rules on the traffic could not be judged")
