"""What a view shows, as a file to take away: a question about a question."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal, get_args

import msgspec

from services.plain.trends.asking import Query, view_of

Form = Literal["csv", "parquet", "geojson", "json"]
"""A table for spreadsheets; the same for programs, which tells its columns itself; the same with
lines on a map; what the columns of all three mean."""
FORMS: Final[tuple[Form, ...]] = get_args(Form)

ON_THE_MAP: Final = frozenset({"scan", "fiabilite", "bouchons", "avant-apres"})
"""Views that tell something of several places, by their names: GeoJSON is for these."""


class ExportAnswer(msgspec.Struct, frozen=True):
    """A file.

    Attributes
    ----------
    body : bytes
    rows : int
        How many the table has.
    """

    body: bytes
    rows: int


class ExportQuery(Query[ExportAnswer], frozen=True, tag="export"):
    """The answer of a view as a file.

    Attributes
    ----------
    view : str
        Its name.
    question : bytes
        What it is asked, as MessagePack.
    form : Form
    language : str
        Of the names of places, and of what the columns mean; their names are the same in all.
    first, last : date, optional
        The days that the view's answer depends on (:meth:`Query.days`).
    """

    view: str
    question: bytes
    form: Form
    language: str
    first: date | None = None
    last: date | None = None

    def days(self) -> tuple[date, date] | None:
        """Those of the view's question."""
        return None if self.first is None or self.last is None else (self.first, self.last)


def export_of(query: Query[Any], form: Form, language: str) -> ExportQuery:
    """The question for the answer of another one as a file."""
    first, last = query.days() or (None, None)
    question = msgspec.msgpack.encode(query, order="deterministic")
    return ExportQuery(view_of(type(query)), question, form, language, first, last)
