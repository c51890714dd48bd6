"""A snapshot: the state of every segment at one time, and where it came from."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.parquet_file import ParquetForm, numbers

# Named here for all who read snapshots, and there for who reads none.
from services.plain.sources import SOURCES as SOURCES  # noqa: PLC0414 - exported
from services.plain.sources import Source as Source  # noqa: PLC0414 - exported
from services.traffic.network import Network
from services.traffic.status import Status

FEEDS: Final[tuple[Source, ...]] = ("live", "demo")
"""Whose history, roadworks and curves there are: an archive is of the live feed."""

COLUMNS: Final = {
    "status": np.uint8,
    "speed_kmh": np.float32,
    "travel_time_s": np.float32,
    "reliability_pct": np.uint8,
    "probes": np.uint8,
}
Columns = Mapping[str, NDArray[Any]]

_VERSION_BYTES: Final = 6
_FORM: Final = ParquetForm(b"traffic_snapshot", "a snapshot file", StorageError)


def feed_of(source: Source) -> Source:
    """Which of :data:`FEEDS` a source is of."""
    return "demo" if source == "demo" else "live"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One row per segment, in the network's fixed order.

    Attributes
    ----------
    version : str
        Hash of everything below.
    network_version : str
        The network whose order the table follows.
    observed_at, received_at : datetime
        Aware, UTC. Age is counted from ``observed_at``.
    columns : mapping of array, shape (segments,)
        :data:`COLUMNS`; speed (km/h) and travel time (s) are NaN where the
        status is unknown, so that filler is never averaged by mistake.
    rejected_rows : int
        Rows of the reply that failed a check and show as unknown.
    """

    version: str
    network_version: str
    observed_at: datetime
    received_at: datetime
    source: Source
    columns: Columns
    rejected_rows: int = 0

    def __len__(self) -> int:
        """Number of segments."""
        return len(self.columns["status"])

    def status_codes(self) -> NDArray[np.uint8]:
        """Status of each segment, shape (segments,)."""
        return self.columns["status"]

    def with_source(self, source: Source) -> Snapshot:
        """The same observations under another source, hence another version."""
        return _with_version(dataclasses.replace(self, source=source))


def make_snapshot(
    *,
    network_version: str,
    observed_at: datetime,
    received_at: datetime,
    source: Source,
    columns: Columns,
    rejected_rows: int = 0,
) -> Snapshot:
    """Build a snapshot from columns whose unknown rows may still hold filler."""
    typed = {name: np.asarray(columns[name], dtype) for name, dtype in COLUMNS.items()}
    unknown = typed["status"] == Status.UNKNOWN
    for name in ("speed_kmh", "travel_time_s"):
        typed[name] = np.where(unknown, np.float32(np.nan), typed[name])
    return _with_version(
        Snapshot(
            version="",
            network_version=network_version,
            observed_at=observed_at.astimezone(UTC),
            received_at=received_at.astimezone(UTC),
            source=source,
            columns=typed,
            rejected_rows=rejected_rows,
        )
    )


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The snapshot as one Parquet file, its header in the file's metadata."""
    header = {
        field.name: getattr(snapshot, field.name)
        for field in dataclasses.fields(snapshot)
        if field.name != "columns"
    }
    # NaN is written as null.
    columns = {
        name: pa.array(values, from_pandas=True) for name, values in snapshot.columns.items()
    }
    return _FORM.encode(pa.table(columns), header)


def decode_snapshot(document: bytes) -> Snapshot:
    """Read back :func:`encode_snapshot`.

    Raises
    ------
    StorageError
        When the document is not such a snapshot.
    """
    with _FORM.decoded(document) as (table, header):
        columns = {name: numbers(table.column(name)) for name in COLUMNS}
        for name in ("observed_at", "received_at"):
            header[name] = datetime.fromisoformat(header[name])
        snapshot = Snapshot(columns=columns, **header)
        # The version is a hash of what is told: a bit that has turned over is seen by it.
        if _with_version(snapshot).version != snapshot.version:
            raise ValueError("its content is not that of its version")
        return snapshot


def check_fits(snapshot: Snapshot, network: Network) -> None:
    """Check that a snapshot has a row for each segment of its network.

    Raises
    ------
    StorageError
    """
    if len(snapshot) != len(network):
        raise StorageError(
            f"a snapshot of {len(snapshot)} segments beside a network of {len(network)}"
        )


def _with_version(snapshot: Snapshot) -> Snapshot:
    digest = hashlib.blake2b(digest_size=_VERSION_BYTES)
    digest.update(
        f"{snapshot.network_version} {snapshot.source} {snapshot.observed_at.isoformat()}".encode()
    )
    for name in COLUMNS:
        digest.update(np.ascontiguousarray(snapshot.columns[name]).tobytes())
    return dataclasses.replace(snapshot, version=digest.hexdigest())
