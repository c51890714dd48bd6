"""The records of a CSV file, one after the other: ``;`` as the API writes it, ``,`` or tabs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from services.errors import FeedRefused
from services.feeds.reply import TIME_FIELD
from services.history.importing.opening import bounded_lines, delimiter_of
from services.history.importing.shapes import NUMERIC_FIELDS, field_name


def table_records(text: TextIO) -> Iterator[Any]:
    """The rows of a CSV file by the names of its header; None for one that does not fit it.

    Empty fields are None and the feed's numbers are numbers, as in JSON.

    Raises
    ------
    FeedRefused
        When its header is not one of the feed.
    """
    lines = bounded_lines(text)
    header_line = next(lines, "")
    [header] = csv.reader([header_line], delimiter=delimiter_of(header_line)) or [[]]
    if len(set(header)) < len(header):
        raise FeedRefused("header", "two columns of the same name")
    if TIME_FIELD not in [field_name(name) for name in header]:
        raise FeedRefused(TIME_FIELD, "no such column in the header")
    numeric = {name for name in header if field_name(name) in NUMERIC_FIELDS}
    reader = csv.reader(lines, delimiter=delimiter_of(header_line))
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if len(row) == len(header):
            yield {
                name: _number(field) if name in numeric else field or None
                for name, field in zip(header, row, strict=True)
            }
        elif row:
            yield None


def _number(field: str) -> Any:
    """A number if the field is one; whole numbers are int, however they were written."""
    if not field:
        return None
    try:
        number = float(field)
    except ValueError:
        return field
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
