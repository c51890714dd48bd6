"""Many small files a day become one, without a moment at which a row is lost or counts twice.

1. The rows of the day's file and of its snapshots are put together in memory,
   the first one of each time and segment winning.
2. They replace the day's file by atomic rename; its header lists every time.
3. The snapshots that were read are removed.

Killed before 2, nothing has changed. Killed before 3 is done, readers pass the
remaining snapshots over, and the next compaction takes in what is new in them
(nothing) and removes them. A snapshot that arrives meanwhile was not read, so
it is not removed: it waits for the next time.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import write_atomically
from services.history import day_files, layout, rows
from services.history.networks import KnownNetworks, SegmentNumbers
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Folded:
    """What became of a day.

    Attributes
    ----------
    rows : int
        Observations in its file.
    bytes : int
        Size of the file.
    """

    rows: int
    bytes: int


def fold_day(
    data_dir: Path,
    source: Source,
    day: date,
    numbers: SegmentNumbers,
    more: pa.Table | None = None,
) -> Folded | None:
    """Make a day one compacted file; the caller holds ``layout.exclusive``.

    Parameters
    ----------
    numbers : SegmentNumbers
        Tells the same segment of two networks.
    more : Table, optional
        Kept rows of that day to take in as well; what is there wins over them.

    Returns
    -------
    Folded or None
        None when the day holds nothing that can be read.

    Raises
    ------
    StorageError
        When a file cannot be read, or the day's not be written; nothing has changed then.
    """
    found = day_files.day_files(data_dir, source, day)
    day_path = [found.day_file] if found.day_file else []
    sound = day_files.sound_tables([*day_path, *found.snapshots, *found.taken_in])
    tables = list(sound.values())
    if more is not None:
        tables.append(more)
    if not tables:
        return None
    table = rows.sorted_rows(first_of_each(pa.concat_tables(tables).unify_dictionaries(), numbers))
    content, _ = rows.encode_day(table, compacted=True)
    path = layout.day_file(data_dir, source, day)
    write_atomically(path, content)
    _make_lasting(path.parent)
    _remove([file for file in sound if file != path])
    return Folded(len(table), len(content))


def compacted_days(data_dir: Path, source: Source, networks: KnownNetworks) -> dict[date, str]:
    """Every compacted day, and a mark that is another one when what counts of its rows is.

    Rows of a network that cannot be read are not counted; the mark says so, since those rows do
    count once the network is back.

    Raises
    ------
    StorageError
    """
    marks = {}
    for day in layout.days(data_dir, source):
        header = day_files.day_header(data_dir, source, day)
        if header is not None and header.compacted:
            unplaced = [v for v in header.network_versions if networks.get(v) is None]
            marks[day] = "-".join([header.digest, *unplaced])
    return marks


def first_of_each(table: pa.Table, numbers: SegmentNumbers) -> pa.Table:
    """The first row of every time and segment, in the order given."""
    keys = row_keys(table, numbers)
    _, first = np.unique(keys, return_index=True)
    if len(first) == len(table):
        return table
    return table.take(pa.array(np.sort(first)))


def row_keys(table: pa.Table, numbers: SegmentNumbers) -> NDArray[np.int64]:
    """One number for each time and segment of rows of one day."""
    codes, versions = rows.version_codes(table)
    segments = rows.segments(table)
    number = np.zeros(len(table), np.int64)
    for code, version in enumerate(versions):
        of_version = codes == code
        number[of_version] = numbers.of(version, segments[of_version])
    return (number << 17) | rows.seconds_of_day(table)


def _make_lasting(directory: Path) -> None:
    # Renames are kept in the directory: it must be on disk before what it replaces goes.
    try:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(f"cannot write {directory}: {error.strerror}") from error


def _remove(paths: list[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s has been compacted and cannot be removed: %s", path, error)
