"""From a question as it was sent to its view's answer. Imported in child processes alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec

from services.base.clock import Clock
from services.base.errors import TrafficError
from services.base.files import FileStamp, stamp_of
from services.city.city import City
from services.operations.database import Operations
from services.plain.sources import Source
from services.trends.archive import Archive, Report, open_archive
from services.trends.counts import Costs
from services.trends.export import ANSWERED
from services.trends.messages import Question
from services.trends.views import by_name

_Key = tuple[Source, str, date, FileStamp | None]


class UnknownQuestion(TrafficError):
    """Of no view that there is, or not as its view has it: whoever asks is of another version."""


class ArchiveAnswers:
    """Answers questions from one data directory, in one thread.

    Parameters
    ----------
    city : City
    data_dir : Path
    clock : Clock
    operations : Operations, optional
        Where events and roadworks are on record.
    costs : Costs, optional
        What the settings say of traffic and its worth.
    """

    def __init__(
        self,
        city: City,
        data_dir: Path,
        clock: Clock,
        operations: Operations | None = None,
        costs: Costs | None = None,
    ) -> None:
        self._city = city
        self._data_dir = data_dir
        self._clock = clock
        self._operations = operations
        self._costs = costs
        self._views = by_name(ANSWERED)
        # The network, which takes a while to read, stays for the next question.
        self._last: tuple[_Key, Archive] | None = None

    def __call__(self, question: Question, report: Report) -> msgspec.Struct:
        """Answer.

        Raises
        ------
        TrafficError
            Whatever the view raises, and where there is no such question or history.
        """
        view = self._views.get(question.view)
        if view is None:
            raise UnknownQuestion(f"there is no view {question.view}")
        try:
            query = msgspec.msgpack.decode(question.query, type=view.query_type)
        except msgspec.MsgspecError as error:
            raise UnknownQuestion(f"{question.view}: {error}") from error
        return view.answer(self._archive(question), query, report)

    def _archive(self, question: Question) -> Archive:
        today = self._city.local(self._clock()).date()
        reference = stamp_of(self._data_dir / "reference" / f"{question.source}.parquet")
        key = question.source, question.network, today, reference
        if self._last is None or self._last[0] != key:
            where = self._city, self._data_dir, question.source
            self._last = (
                key,
                open_archive(*where, today, self._operations, costs=self._costs),
            )
        # What cannot be read is told of one question alone.
        return replace(self._last[1], unread=set(), clock=self._clock)
