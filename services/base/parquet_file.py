"""A table in one Parquet file, beside a header in JSON that says where it comes from."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from services.base.errors import TrafficError


@dataclass(frozen=True)
class ParquetForm:
    """One kind of such files.

    Attributes
    ----------
    key : bytes
        Of the header in the file's metadata.
    what : str
        Such a file in words, for errors: ``"a snapshot file"``.
    refusal : type of TrafficError
        Raised for what is no such file.
    """

    key: bytes
    what: str
    refusal: type[TrafficError]

    def encode(self, table: pa.Table | Sequence[pa.Table], header: object, **options: Any) -> bytes:
        """A file's bytes; the header as ``orjson`` writes it.

        Parameters
        ----------
        table, options
            As for :func:`write_parquet`.
        """
        return write_parquet(table, {self.key: orjson.dumps(header)}, **options)

    def header(self, metadata: pq.FileMetaData) -> dict[str, Any]:
        """The header in a file's metadata.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it has none, or another's.
        """
        found: dict[str, Any] = orjson.loads((metadata.metadata or {})[self.key])
        return found

    @contextmanager
    def decoded(self, document: bytes) -> Iterator[tuple[pa.Table, dict[str, Any]]]:
        """The table and header of a file's bytes; see :meth:`opened`."""
        with self.opened(io.BytesIO(document)) as (file, header):
            yield file.read(), header

    @contextmanager
    def opened(self, source: io.BytesIO | Path) -> Iterator[tuple[pq.ParquetFile, dict[str, Any]]]:
        """A file, to be read in part, and its header.

        What is found wrong with them inside the ``with`` block is refused as well.

        Raises
        ------
        TrafficError
            Of the kind ``refusal``, when it is no such file.
        FileNotFoundError
        """
        try:
            with pq.ParquetFile(source, memory_map=True) as file:
                yield file, self.header(file.metadata)
        except FileNotFoundError:
            raise
        except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
            where = f"{source}: " if isinstance(source, Path) else ""
            raise self.refusal(f"{where}not {self.what}: {error}") from error


def write_parquet(
    table: pa.Table | Sequence[pa.Table],
    metadata: Mapping[bytes, bytes] | None = None,
    *,
    rows_per_group: int | None = None,
    **options: Any,
) -> bytes:
    """A table as the bytes of a Parquet file.

    Parameters
    ----------
    table : Table, or sequence of Table
        Each of several begins a row group of its own, even without a row.
    metadata : mapping, optional
        Written beside the table.
    rows_per_group : int, optional
        None for all of them together.
    options
        Further ones of ``pyarrow.parquet.ParquetWriter``.
    """
    sink = io.BytesIO()
    tables = [table] if isinstance(table, pa.Table) else table
    # The columns tell their types themselves; a kilobyte less for each file.
    with pq.ParquetWriter(
        sink, tables[0].schema, compression="zstd", store_schema=False, **options
    ) as writer:
        for one in tables:
            writer.write_table(one, row_group_size=rows_per_group)
        if metadata is not None:
            writer.add_key_value_metadata(metadata)
    return sink.getvalue()


def numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    """A column of numbers as an array, not to be written to; NaN where it is null.

    ``to_numpy`` would import pandas: 40 MB for each process that serves pages.

    Raises
    ------
    TypeError, ValueError
        For a column of something else, or of whole numbers with nulls.
    """
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise TypeError(f"a column of {values.type} instead of numbers")
    found = _buffer_of(values)
    if values.null_count:
        found = found.copy()
        found[_buffer_of(values.is_null().cast(pa.uint8())) == 1] = np.nan
    return found


def texts(column: pa.ChunkedArray) -> tuple[str, ...]:
    """A column of texts.

    Raises
    ------
    TypeError
        For a column of something else, or with nulls.
    """
    if not pa.types.is_string(column.type) or column.null_count:
        raise TypeError(f"a column of {column.type} with {column.null_count} nulls for texts")
    return tuple(column.to_pylist())


def _buffer_of(values: pa.Array) -> NDArray[Any]:
    """What lies in memory; anything where it is null."""
    dtype = np.dtype(values.type.to_pandas_dtype())
    return np.frombuffer(
        values.buffers()[1] or b"", dtype, len(values), values.offset * dtype.itemsize
    )
