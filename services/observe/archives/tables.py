"""The records of a table, one after the other: CSV with any usual delimiter, and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, BinaryIO, Final, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from services.base.errors import FeedRefused
from services.observe.archives.shapes import FIELDS, NUMERIC_FIELDS, field_name, whole_if_it_can
from services.observe.archives.source_file import bounded_lines, delimiter_of
from services.observe.feeds.reply import TIME_FIELD

_ROWS_DECODED_AT_ONCE: Final = 10_000


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
    _check_header(header)
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


def parquet_records(file: BinaryIO) -> Iterator[Any]:
    """The rows of a Parquet file by the names of its columns, as they would be in JSON.

    Only the columns of the feed are read, some rows at a time.

    Raises
    ------
    FeedRefused
        When the file is damaged, or its columns are not those of the feed.
    """
    try:
        table = pq.ParquetFile(file)
        header = table.schema_arrow.names
        _check_header(header)
        wanted = [name for name in header if field_name(name) in FIELDS]
        for batch in table.iter_batches(_ROWS_DECODED_AT_ONCE, columns=wanted):
            yield from ({n: _plain(v) for n, v in row.items()} for row in batch.to_pylist())
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise FeedRefused("body", f"a damaged Parquet file ({reason})") from None


def _check_header(header: Sequence[str]) -> None:
    if len(set(header)) < len(header):
        raise FeedRefused("header", "two columns of the same name")
    if TIME_FIELD not in [field_name(name) for name in header]:
        raise FeedRefused(TIME_FIELD, "no such column in the header")


def _number(field: str) -> Any:
    """A number if the field is one; whole numbers are int, however they were written."""
    if not field:
        return None
    try:
        number = float(field)
    except ValueError:
        return field
    return whole_if_it_can(number)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return whole_if_it_can(value) if isinstance(value, float) else value
