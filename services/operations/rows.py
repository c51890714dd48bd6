"""Reading rows so that a bad value makes its own row unreadable, and no other one.

SQLite keeps whatever it is given in whatever column: a text for a time, a list for a number; a
PostgreSQL server times that Python has none for. Such a row is left out with a line; a page shows
the others.
"""

from __future__ import annotations

import logging
import math
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, inspect
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from services.operations.tables import FORM, ONE_OF, Base

log = logging.getLogger(__name__)

# What SQLAlchemy raises where a value does not fit its column, and the driver of a server.
_BAD_VALUE: Final = (ValueError, TypeError, LookupError, OverflowError, DataError)
_AT_ONCE: Final = 512

AnyQuery = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]


def read_rows(session: Session, query: AnyQuery, limit: int | None = None) -> list[AnyRow]:
    """Every row of a query that can be read.

    Parameters
    ----------
    query : Select
        Ordered, without a limit of its own.
    """
    try:
        found = session.execute(query.limit(limit)).all()
        bad = 0
    except _BAD_VALUE:
        found, bad = _one_by_one(session, query, limit)
    sound = [row for row in found if all(map(_is_sound, row))]
    bad += len(found) - len(sound)
    if bad:
        entities = ", ".join(sorted({str(one["name"]) for one in query.column_descriptions}))
        log.warning("rows that cannot be read are left out: %d of %s", bad, entities)
    return sound


def read_entities(session: Session, query: AnyQuery, limit: int | None = None) -> list[Any]:
    """The first element of every row that can be read."""
    return [row[0] for row in read_rows(session, query, limit)]


def _one_by_one(session: Session, query: AnyQuery, limit: int | None) -> tuple[list[AnyRow], int]:
    """The rows that can be read, in their order, and how many cannot: halves, until one is left."""
    found: list[AnyRow] = []
    bad = place = 0
    most = math.inf if limit is None else limit
    count = _AT_ONCE
    while place < most:
        count = int(min(count, most - place))
        try:
            part = session.execute(query.offset(place).limit(count)).all()
        except _BAD_VALUE:
            if count > 1:
                count //= 2
                continue
            bad, part = bad + 1, None
        if part is not None:
            found.extend(part)
            if len(part) < count:
                break
        place += count
        count = min(2 * count, _AT_ONCE)
    return found, bad


def _is_sound(value: object) -> bool:
    if not isinstance(value, Base):
        return not isinstance(value, float) or math.isfinite(value)
    return all(
        _fits(attribute.columns[0], getattr(value, attribute.key))
        for attribute in inspect(type(value)).column_attrs
    )


def _fits(column: Any, held: object) -> bool:
    """Whether a value is one that a column is declared to hold."""
    if held is None:
        return bool(column.nullable)
    if FORM in column.info:
        return _has_form(column.info[FORM], held)
    one_of = column.info.get(ONE_OF)
    return _is_of(column.type.python_type, held) and (one_of is None or held in one_of)


def _is_of(expected: type, held: object) -> bool:
    if expected is float:
        return isinstance(held, int | float) and math.isfinite(held)
    return isinstance(held, expected)


def _has_form(form: Any, document: object) -> bool:
    try:
        msgspec.convert(document, form)
    except msgspec.ValidationError:
        return False
    return True
