"""What is kept of a measured request, and storing many of them in one transaction."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.base.privacy import NOT_KEPT
from services.web.monitoring.privacy import without_message

# What the package's columns hold.
_MOST_LETTERS = 250


@dataclass(frozen=True)
class Line:
    """A line of code, and how much of a request's time went into it.

    Attributes
    ----------
    indent : int
        Its depth among the calls; 0 for the head of the function that answers.
    duration_ms : float
    """

    filename: str
    number: int
    function: str
    indent: int
    duration_ms: float


@dataclass(frozen=True)
class Outlier:
    """A request that took much longer than those before it, as it was seen meanwhile."""

    cpu_percent: str
    memory: str
    stacktrace: str


@dataclass(frozen=True)
class Record:
    """All that is kept of one request.

    Attributes
    ----------
    request : mapping
        Its row, by column.
    exceptions : sequence
        Exceptions with their tracebacks, each with whether it was handled.
    outlier : Outlier or None
    lines : sequence of Line
    """

    request: Mapping[str, Any]
    exceptions: Sequence[tuple[BaseException, bool]] = ()
    outlier: Outlier | None = None
    lines: Sequence[Line] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the row is all there is."""
        return not (self.exceptions or self.outlier or self.lines)


class RecordStore:
    """Stores records in the package's tables.

    Parameters
    ----------
    storage : module
        The package's ``database``.
    save_exception, find_code_line : callable
        The package's own, for an open session.
    """

    def __init__(
        self, storage: Any, save_exception: Callable[..., Any], find_code_line: Callable[..., Any]
    ) -> None:
        self._storage = storage
        self._save_exception = save_exception
        self._find_code_line = find_code_line

    def store(self, records: Sequence[Record]) -> None:
        """Store some records, all or none.

        Raises
        ------
        sqlalchemy.exc.SQLAlchemyError
        """
        plain = [dict(record.request) for record in records if record.is_plain]
        detailed = [record for record in records if not record.is_plain]
        # The package's functions commit in between: here that reaches no further than the session.
        with (
            self._storage.engine.begin() as connection,
            Session(connection, join_transaction_mode="rollback_only") as session,
        ):
            if plain:
                session.execute(insert(self._storage.Request), plain)
            if detailed:
                self._store_detailed(session, detailed)
            session.flush()

    def _store_detailed(self, session: Session, records: Sequence[Record]) -> None:
        request = self._storage.Request
        numbered = insert(request).returning(request.id, sort_by_parameter_order=True)
        ids = session.scalars(numbered, [dict(record.request) for record in records]).all()
        for number, record in zip(ids, records, strict=True):
            for error, is_handled in record.exceptions:
                # Code that has no source, such as what was made while running, cannot be kept.
                with suppress(OSError, TypeError):
                    self._save_exception(
                        number,
                        session,
                        without_message(error),
                        type(error),
                        error.__traceback__,
                        is_handled,
                    )
            if record.outlier is not None:
                session.add(self._outlier(number, record.outlier))
        self._store_lines(session, zip(ids, records, strict=True))

    def _outlier(self, number: int, seen: Outlier) -> Any:
        return self._storage.Outlier(
            request_id=number,
            request_header=NOT_KEPT,
            request_environment=NOT_KEPT,
            request_url=NOT_KEPT,
            cpu_percent=seen.cpu_percent,
            memory=seen.memory,
            stacktrace=seen.stacktrace,
        )

    def _store_lines(self, session: Session, numbered: Iterable[tuple[int, Record]]) -> None:
        codes: dict[tuple[str, int, str], int] = {}
        rows = []
        for number, record in numbered:
            for position, line in enumerate(record.lines):
                place = line.filename, line.number, line.function
                if place not in codes:
                    codes[place] = self._code_id(session, line)
                rows.append(
                    {
                        "request_id": number,
                        "position": position,
                        "indent": line.indent,
                        "duration": line.duration_ms,
                        "code_id": codes[place],
                    }
                )
        if rows:
            session.execute(insert(self._storage.StackLine), rows)

    def _code_id(self, session: Session, line: Line) -> int:
        code = linecache.getline(line.filename, line.number).strip()[:_MOST_LETTERS]
        texts = line.filename[-_MOST_LETTERS:], line.function[:_MOST_LETTERS]
        found = self._find_code_line(session, texts[0], line.number, texts[1], code)
        return int(found.id)
