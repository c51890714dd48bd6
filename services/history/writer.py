"""Writing observations: a snapshot as it comes, or a whole day at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from services.base.files import write_atomically
from services.history import layout, rows
from services.history.rows import Observations
from services.traffic.snapshot import Snapshot, Source


def append_snapshot(data_dir: Path, snapshot: Snapshot) -> Path:
    """Keep one snapshot. Idempotent: the same observation time is the same file.

    Raises
    ------
    StorageError
    """
    seconds = int(snapshot.observed_at.timestamp())
    columns = {
        **snapshot.columns,
        "observed_at": np.full(len(snapshot), np.datetime64(seconds, "s")),
        "segment": np.arange(len(snapshot)),
    }
    table = rows.table_of(Observations(snapshot.network_version, columns))
    path = layout.snapshot_file(data_dir, snapshot.source, snapshot.observed_at)
    write_atomically(path, rows.encode_rows(table))
    return path


def write_day(data_dir: Path, source: Source, day: date, observations: Observations) -> Path:
    """Write a whole UTC day at once, for simulated histories; replaces the day's file.

    The rows are kept as given until the next upkeep compacts them.

    Raises
    ------
    StorageError
    """
    content, _ = rows.encode_day(rows.table_of(observations), compacted=False)
    path = layout.day_file(data_dir, source, day)
    with layout.exclusive(data_dir):
        write_atomically(path, content)
    return path


def write_compacted_day(
    data_dir: Path, source: Source, day: date, observations: Observations
) -> Path:
    """The same as the upkeep would leave it; the caller holds ``layout.exclusive``.

    Raises
    ------
    StorageError
    """
    table = rows.sorted_rows(rows.kept(rows.table_of(observations)))
    content, _ = rows.encode_day(table, compacted=True)
    path = layout.day_file(data_dir, source, day)
    write_atomically(path, content)
    return path
