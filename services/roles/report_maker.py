"""The worker's part for reports by mail: it makes those that are due, once, and leaves messages.

The figures come from the trends process; the watch delivers what waits. Of all hosts one worker is
at work, and a record of each message in the operations database keeps it from being made again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

import msgspec

from services.base.clock import Clock
from services.base.errors import StorageError
from services.base.settings import Settings
from services.base.texts import load_texts
from services.city.city import City
from services.operations.database import Operations
from services.operations.report_mailings import keep_mailings, made_for
from services.plain.trends.address import trends_url
from services.plain.trends.asking import Busy, Done, Failed, Outcome, Query, Queued, Running
from services.plain.trends.before_after import BeforeAfterQuery
from services.plain.trends.bottlenecks import BottlenecksQuery
from services.plain.trends.common import Period
from services.plain.trends.cost import CostQuery
from services.plain.trends.reliability import ReliabilityQuery
from services.roles.traffic_watch import SHARED_HOST
from services.trends.report_mail import (
    ReportFigures,
    ReportMail,
    ReportSubject,
    refusal_mail,
    report_mail,
)
from services.watch.messages import Message
from services.watch.outbox import channel_mark, outgoing
from services.watch.reports import Due, Reports, due_reports

log = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=msgspec.Struct)

REPORTS_PERIOD: Final = timedelta(minutes=1)
# The hours of the day in which most people drive.
_FROM_HOUR, _TO_HOUR = 6.0, 20.0
# What is not answered by then is asked for again at the next look, which answers kept meanwhile
# make quick.
_PATIENCE_SECONDS: Final = 30.0
_ASK_AGAIN_SECONDS: Final = 1.0
# What failed costs as much again.
_AFTER_FAILURE: Final = timedelta(minutes=10)
_UNKNOWN: Final = "unknown_place"


class Archive(Protocol):
    """Who answers: the trends process."""

    def ask(self, query: Query[Answer], wait_s: float = ...) -> Outcome[Answer]:
        """How a question stands."""


class _NotYet(Exception):
    """There is no answer yet."""


class _NoAnswer(Exception):
    """There is none.

    Parameters
    ----------
    reason : str
        A key of the texts ``trends_problem``.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail or reason)
        self.reason = reason


class ReportMaker:
    """Makes the reports that are due.

    Parameters
    ----------
    words_of : callable
        What people call a place, by language, and whether the traffic is simulated; None while
        there is no network.
    monotonic, sleep : callable
        Seconds; tests hand in their own.
    """

    def __init__(
        self,
        settings: Settings,
        city: City,
        reports: Reports,
        operations: Operations,
        *,
        archive: Archive,
        words_of: Callable[[str], tuple[Mapping[str, str], bool] | None],
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = str(settings.public_url or settings.url)
        self._city = city
        self._reports = reports
        self._operations = operations
        self._archive = archive
        self._words_of = words_of
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._again_at: dict[str, datetime] = {}

    def look(self) -> None:
        """Make what is due and was not made. One that cannot be made keeps no other back."""
        now = self._clock()
        for due in due_reports(self._reports, self._city, now):
            name = due.report.name
            if now < self._again_at.get(name, now):
                continue
            try:
                self._make(due, now)
                self._again_at.pop(name, None)
            except _NotYet:
                log.info("the report %s waits for the archive", name)
            except StorageError as error:
                log.error("the report %s is not kept: %s", name, error)
            except Exception as error:  # whatever it is, the next report may be sound
                self._again_at[name] = now + _AFTER_FAILURE
                is_foreseen = isinstance(error, _NoAnswer)
                log.error(
                    "the report %s could not be made: %s", name, error,
                    exc_info=None if is_foreseen else error,
                )  # fmt: skip

    def _make(self, due: Due, now: datetime) -> None:
        marks = list(map(channel_mark, self._reports.addresses_of(due.report)))
        ids = {due.message_id(mark): mark for mark in marks}
        with self._operations.begin() as session:
            made = made_for(session, ids)
        lacking = {name: mark for name, mark in ids.items() if name not in made}
        if not lacking:
            return
        mail = self._mail(due)
        message = Message(mail.title, mail.text, mail.html)
        messages = [
            outgoing(name, mark, message, now, SHARED_HOST) for name, mark in lacking.items()
        ]
        keep_mailings(self._operations, messages, due.report.name, due.first)
        log.info("the report %s of %s waits to be sent", due.report.name, due.first)

    def _mail(self, due: Due) -> ReportMail:
        told = self._words_of(due.report.place)
        if told is None:
            raise _NotYet
        words, is_simulated = told
        language = due.report.language
        texts = load_texts(language)
        subject = ReportSubject(
            place=words.get(language, due.report.place),
            period=due.report.period,
            first=due.first,
            last=due.last,
            url=self._page(due, language),
            is_simulated=is_simulated,
        )
        try:
            return report_mail(subject, self._figures(due), texts)
        except _NoAnswer as error:
            # It is not there any more: who asked for the report is told, once a period.
            if error.reason != _UNKNOWN:
                raise
            return refusal_mail(subject, error.reason, texts)

    def _page(self, due: Due, language: str) -> str:
        """The page that shows the same, to be printed."""
        asked = {
            "vue": "rapport",
            "lieu": due.report.place,
            "du": due.first.isoformat(),
            "au": due.last.isoformat(),
            "lang": language,
        }
        return trends_url(self._url, asked)

    def _figures(self, due: Due) -> ReportFigures:
        place, until_s = due.report.place, self._monotonic() + _PATIENCE_SECONDS

        def ask(query: Query[Answer]) -> Answer:
            return self._answer(query, until_s)

        def perhaps(query: Query[Answer]) -> Answer | None:
            """A part without which the report is worth reading."""
            try:
                return ask(query)
            except _NoAnswer as error:
                log.warning("a part of the report %s is left out: %s", due.report.name, error)
                return None

        now = Period(due.first, due.last)
        before = Period(due.first_before, due.last_before)
        is_way = place.partition(":")[0] in {"corridor", "troncon"}
        return ReportFigures(
            now=ask(ReliabilityQuery(place, now.first, now.last)),
            before=ask(ReliabilityQuery(place, before.first, before.last)),
            cost=perhaps(CostQuery(place, now)),
            cost_before=perhaps(CostQuery(place, before)),
            change=perhaps(BeforeAfterQuery(place, before, now, _FROM_HOUR, _TO_HOUR)),
            # Queues are those of corridors: a zone has none of its own.
            bottlenecks=perhaps(BottlenecksQuery(place, now))
            if is_way or place == "reseau"
            else None,
        )

    def _answer(self, query: Query[Answer], until_s: float) -> Answer:
        while True:
            outcome = self._archive.ask(query)
            if isinstance(outcome, Done):
                return outcome.answer
            if isinstance(outcome, Failed):
                raise _NoAnswer(outcome.reason, outcome.detail)
            is_coming = isinstance(outcome, Running | Queued | Busy)
            if not is_coming or self._monotonic() >= until_s:
                raise _NotYet
            self._sleep(_ASK_AGAIN_SECONDS)
