"""The columns of the history and how they become bytes.

Two forms, the same names and types:

as observed
    One snapshot, or a day as it was handed over: :data:`COLUMNS`, in the
    order of the rows given.
compacted
    A whole day without ``travel_time_s``, sorted by segment, then time, so that
    what a segment does through the day lies together: 1.8 bytes an observation
    on a demo day, 3.8 as observed. The travel time is left out because length
    and speed give it to a fraction of a second, while the feed rounds it to a
    whole one (``services.traffic.indicators``).

A day's file tells in its metadata which observation times it holds. That is
what makes compaction safe to kill: a snapshot's own file whose time is listed
there has been taken in, and is not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from services.base.parquet_file import write_parquet

SECONDS_PER_DAY: Final = 86_400

COLUMNS: Final = pa.schema(
    [
        ("observed_at", pa.timestamp("s", tz="UTC")),
        ("segment", pa.uint32()),
        ("status", pa.uint8()),
        ("speed_kmh", pa.uint8()),
        ("travel_time_s", pa.uint16()),
        ("reliability_pct", pa.uint8()),
        ("probes", pa.uint8()),
        ("network_version", pa.string()),
    ]
)
KEPT_COLUMNS: Final = tuple(name for name in COLUMNS.names if name != "travel_time_s")
"""What a compacted day holds."""

# A reader of one segment decodes one group, not the day; smaller ones compress worse.
_ROWS_PER_GROUP: Final = 131_072
_METADATA_KEY: Final = b"traffic_history"
_DIGEST_BYTES: Final = 12


@dataclass(frozen=True)
class Observations:
    """Rows of history: one per segment and time, in any number of times.

    ``segment`` is an index into the network of ``network_version``; speed and
    travel time are NaN where the status is unknown.
    """

    network_version: str
    columns: Mapping[str, NDArray[Any]]
    """observed_at (UTC), segment, status, speed_kmh, travel_time_s, reliability_pct, probes."""


@dataclass(frozen=True)
class DayHeader:
    """What a day's file says of itself.

    Attributes
    ----------
    compacted : bool
        Sorted and without derived columns.
    digest : str
        Fingerprint of the rows: the same rows have the same one.
    seconds : frozenset of int
        The observation times it holds, as seconds of the UTC day.
    network_versions : tuple of str
        The networks its rows refer to.
    """

    compacted: bool
    digest: str
    seconds: frozenset[int]
    network_versions: tuple[str, ...]


def table_of(observations: Observations) -> pa.Table:
    """The rows as observed, typed as :data:`COLUMNS`; fractions are rounded."""
    arrays = [
        _whole(pa.array(observations.columns[name], from_pandas=True), COLUMNS.field(name).type)
        for name in COLUMNS.names[:-1]
    ]
    versions = pa.array([observations.network_version]).take(
        pa.array(np.zeros(len(arrays[0]), np.int32))
    )
    return pa.Table.from_arrays([*arrays, versions], schema=COLUMNS)


def kept(table: pa.Table, columns: Sequence[str] = KEPT_COLUMNS) -> pa.Table:
    """Columns of a compacted day, typed as it holds them; the versions as a dictionary.

    Raises
    ------
    pyarrow.ArrowException
        When the table is not one of history.
    """
    return pa.table({name: _kept_column(table, name) for name in columns})


def sorted_rows(table: pa.Table) -> pa.Table:
    """Kept rows in the order of a compacted day: by network, segment, then time."""
    versions = version_codes(table)[0].astype(np.int64)
    order = np.argsort(
        (versions << 50) | (segments(table).astype(np.int64) << 17) | seconds_of_day(table),
        kind="stable",
    )
    return table.take(pa.array(order))


def encode_rows(table: pa.Table) -> bytes:
    """Rows of one time, as observed."""
    return _encoded(table)


def encode_day(table: pa.Table, *, compacted: bool) -> tuple[bytes, DayHeader]:
    """A day's file: the rows in their order, and the header that lists their times."""
    header = DayHeader(
        compacted=compacted,
        digest=_digest(table),
        seconds=frozenset(distinct_seconds(table).tolist()),
        network_versions=tuple(sorted(version_codes(table)[1])),
    )
    content = asdict(header) | {"seconds": sorted(header.seconds)}
    return _encoded(table, {_METADATA_KEY: orjson.dumps(content)}), header


def header_of(metadata: dict[bytes, bytes] | None) -> DayHeader | None:
    """The header in a Parquet file's metadata; None when it has none, or another's."""
    try:
        content: dict[str, Any] = orjson.loads((metadata or {})[_METADATA_KEY])
        return DayHeader(
            compacted=bool(content["compacted"]),
            digest=str(content["digest"]),
            seconds=frozenset(content["seconds"]),
            network_versions=tuple(content["network_versions"]),
        )
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return None


def epoch_seconds(table: pa.Table) -> NDArray[np.int64]:
    """Observation times in seconds since 1970, UTC."""
    times: NDArray[np.int64] = (
        table["observed_at"].cast(COLUMNS.field("observed_at").type).cast(pa.int64()).to_numpy()
    )
    return times


def seconds_of_day(table: pa.Table) -> NDArray[np.int64]:
    """Observation times as seconds of their UTC day."""
    seconds: NDArray[np.int64] = epoch_seconds(table) % SECONDS_PER_DAY
    return seconds


def distinct_seconds(table: pa.Table) -> NDArray[np.int64]:
    """The different observation times, as seconds of their UTC day, in order."""
    seen = np.zeros(SECONDS_PER_DAY, dtype=bool)
    seen[seconds_of_day(table)] = True
    return np.flatnonzero(seen)


def segments(table: pa.Table) -> NDArray[np.uint32]:
    """Segment of each row, as an index into the network of its version."""
    found: NDArray[np.uint32] = table["segment"].to_numpy()
    return found


def version_codes(table: pa.Table) -> tuple[NDArray[np.int32], list[str]]:
    """Network version of each row, as an index into the list of versions."""
    column = table["network_version"].combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return column.indices.to_numpy(), column.dictionary.to_pylist()


def ranks(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different values in order, and the place of each value among them.

    For values that lie close together, such as times: quicker than sorting them.
    """
    if not len(values):
        return values, values
    first = int(values.min())
    present = np.zeros(int(values.max()) - first + 1, dtype=bool)
    present[values - first] = True
    return np.flatnonzero(present) + first, (np.cumsum(present) - 1)[values - first]


def _whole(column: pa.Array, kept_type: pa.DataType) -> pa.Array:
    """The feed may send fractions; what is kept are whole seconds, km/h and percents."""
    if pa.types.is_timestamp(column.type):
        return column.cast(kept_type, safe=False)
    if pa.types.is_floating(column.type):
        # Of its functions, which processes that serve pages have no use for.
        import pyarrow.compute as pc  # noqa: PLC0415

        column = pc.round(column)
    return column.cast(kept_type)


def _kept_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table[name]
    if name == "network_version":
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
        return column.unify_dictionaries() if column.num_chunks > 1 else column
    if name not in ("speed_kmh", "probes") and column.null_count:
        raise pa.ArrowInvalid(f"{name} is null in {column.null_count} rows")
    return column.cast(COLUMNS.field(name).type)


def _digest(table: pa.Table) -> str:
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for name in table.column_names:
        column = table[name]
        if name == "network_version":
            codes, versions = version_codes(table)
            digest.update(orjson.dumps(versions))
            digest.update(np.ascontiguousarray(codes).tobytes())
        elif name == "observed_at":
            digest.update(epoch_seconds(table).tobytes())
        else:
            # Null is told apart from every value by one bit more.
            filled = column.cast(pa.int64() if name == "segment" else pa.int32()).fill_null(-1)
            digest.update(filled.combine_chunks().to_numpy(zero_copy_only=False).tobytes())
    return digest.hexdigest()


def _encoded(table: pa.Table, metadata: dict[bytes, bytes] | None = None) -> bytes:
    return write_parquet(
        table,
        metadata,
        rows_per_group=_ROWS_PER_GROUP,
        use_dictionary=[
            name for name in table.column_names if name not in ("observed_at", "segment")
        ],
        # Both run in steps: their differences are nearly all the same.
        column_encoding={"observed_at": "DELTA_BINARY_PACKED", "segment": "DELTA_BINARY_PACKED"},
    )
