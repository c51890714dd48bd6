"""What is kept of a measured request, and storing many of them in one transaction."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Protocol

from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from services.base.privacy import NOT_KEPT

# What the package's columns hold.
_MAX_CHARACTERS = 250
_OF_THE_VISITOR = ("request_header", "request_environment", "request_url")

Failure = tuple[type[BaseException], TracebackType | None, bool]
"""An error's kind and calls, and whether it was handled."""
Codes = dict[tuple[str, int, str], int]
"""Numbers of lines of code by file, line and function."""


@dataclass(frozen=True)
class Line:
    """A line of code, and how much of a request's time went into it.

    Attributes
    ----------
    indent : int
        Its depth among the calls; 0 for the head of the function that answers.
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
    endpoint : str
        The name of its route.
    request : dict
        Its row, by column, but for the route's number.
    """

    endpoint: str
    request: dict[str, Any]
    failures: Sequence[Failure] = ()
    outlier: Outlier | None = None
    lines: Sequence[Line] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the row is all there is."""
        return not (self.failures or self.outlier or self.lines)


class Transactions(Protocol):
    """How the database is written to."""

    def begin(self) -> AbstractContextManager[Connection]:
        """One transaction: all or nothing."""

    def mark_of(self, connection: Connection) -> str | None:
        """By what it is found out later whether a transaction was committed."""

    def is_committed(self, connection: Connection, mark: str) -> bool:
        """Whether an earlier transaction was committed."""


class RecordStore:
    """Stores records in the package's tables.

    Parameters
    ----------
    package : callable
        Gives a module of the package by its name.
    transactions : Transactions
        Of the database.
    """

    def __init__(self, package: Callable[[str], Any], transactions: Transactions) -> None:
        self._storage = package("database")
        self._transactions = transactions
        # Stored by an attempt that was not answered, and what such a one may have stored.
        self._stored: Sequence[Record] = ()
        self._unanswered: tuple[str | None, Sequence[Record]] = (None, ())
        self._find_endpoint = package("database.endpoint").get_endpoint_by_name
        failures, lines = package("database.exception_occurrence"), package("database.code_line")
        self._save_exception = failures.save_exception_occurence_to_db
        self._find_code_line = lines.get_code_line

    def store(self, records: Sequence[Record]) -> None:
        """Store some records, all or none; those of an attempt that was not answered once.

        Raises
        ------
        sqlalchemy.exc.SQLAlchemyError
        """
        with self._transactions.begin() as connection:
            mark, tried = self._unanswered
            if mark is not None and self._transactions.is_committed(connection, mark):
                self._stored = tried
            stored = len(self._stored)
            if records[:stored] != self._stored:
                stored = 0
            self._store(connection, records[stored:])
            self._unanswered = self._transactions.mark_of(connection), records
        self._stored, self._unanswered = (), (None, ())

    def _store(self, connection: Connection, records: Sequence[Record]) -> None:
        table = self._storage.Request
        # Asking for the numbers of rows costs as much as the rows.
        plain = [record for record in records if record.is_plain]
        detailed = [record for record in records if not record.is_plain]
        numbered = insert(table).returning(table.id, sort_by_parameter_order=True)
        # The package's functions commit in between: here that reaches no further than the session.
        with Session(connection, join_transaction_mode="rollback_only") as session:
            # In a database that was made anew they may be others than at the request.
            routes = {name: self._route_id(session, name) for name in {r.endpoint for r in records}}
            if plain:
                session.execute(insert(table), _rows(plain, routes))
            codes: Codes = {}
            rows = _rows(detailed, routes)
            numbers = session.scalars(numbered, rows).all() if rows else ()
            for number, record in zip(numbers, detailed, strict=True):
                self._store_details(session, number, record, codes)
            session.flush()

    def _store_details(self, session: Session, number: int, record: Record, codes: Codes) -> None:
        for kind, trace, is_handled in record.failures:
            # A message may quote the request. Code that has no source, such as what was made while
            # running, cannot be kept.
            error = type(kind.__name__, (Exception,), {})(NOT_KEPT)
            with suppress(OSError, TypeError):
                self._save_exception(number, session, error, kind, trace, is_handled)
        if record.outlier is not None:
            # No header, no environment, no address.
            kept = dict.fromkeys(_OF_THE_VISITOR, NOT_KEPT) | asdict(record.outlier)
            session.add(self._storage.Outlier(request_id=number, **kept))
        rows = [
            {
                "request_id": number,
                "position": position,
                "indent": line.indent,
                "duration": line.duration_ms,
                "code_id": self._code_id(session, line, codes),
            }
            for position, line in enumerate(record.lines)
        ]
        if rows:
            session.execute(insert(self._storage.StackLine), rows)

    def _route_id(self, session: Session, name: str) -> int:
        return int(self._find_endpoint(session, name).id)

    def _code_id(self, session: Session, line: Line, known: Codes) -> int:
        place = line.filename, line.number, line.function
        if place not in known:
            code = linecache.getline(line.filename, line.number).strip()[:_MAX_CHARACTERS]
            texts = line.filename[-_MAX_CHARACTERS:], line.function[:_MAX_CHARACTERS]
            found = self._find_code_line(session, texts[0], line.number, texts[1], code)
            known[place] = int(found.id)
        return known[place]


def _rows(records: Sequence[Record], routes: dict[str, int]) -> list[dict[str, Any]]:
    return [{**record.request, "endpoint_id": routes[record.endpoint]} for record in records]
