"""Which files hold a day, and their rows, each observation once.

A snapshot's own file is passed over when the file of its day lists its time: it
has been compacted and only its removal was interrupted. Readers take no lock:
when a file is gone between listing and opening it, because the day was
compacted meanwhile, the day is listed again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from services.base.errors import StorageError
from services.base.files import set_aside
from services.history import layout, rows
from services.history.rows import DayHeader
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# A day is rewritten once an hour at most: two changes while it is read are bad luck
# already, five are a fault.
_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class DayFiles:
    """The files of one UTC day.

    Attributes
    ----------
    day_file : Path or None
        The file of the whole day, if there is one.
    header : DayHeader or None
        What it says of itself.
    snapshots : tuple of Path
        The snapshots it does not hold, in order of time.
    taken_in : tuple of Path
        The snapshots it holds, which are still there.
    """

    day_file: Path | None
    header: DayHeader | None
    snapshots: tuple[Path, ...]
    taken_in: tuple[Path, ...]

    def to_read(self) -> list[Path]:
        """The files whose rows make up the day, in order of name."""
        return sorted([*self.snapshots, *([self.day_file] if self.day_file else [])])

    def needs_compaction(self) -> bool:
        """Whether the day is anything but one compacted file."""
        if self.snapshots or self.taken_in:
            return True
        return self.header is not None and not self.header.compacted


def day_files(data_dir: Path, source: Source, day: date) -> DayFiles:
    """The readable files of a day; the others are set aside and journalled.

    A file that is no file of history (cut, foreign) is set aside under another name, so that one
    bad file does not hide the others.

    Raises
    ------
    StorageError
        When one cannot be read though nothing is known to be wrong with it.
    """
    paths = sorted(layout.partition(data_dir, source, day).glob("*.parquet"))
    day_path = layout.day_file(data_dir, source, day)
    header = day_header(data_dir, source, day)
    held = header.seconds if header else frozenset()
    snapshots: list[Path] = []
    taken_in: list[Path] = []
    for path in paths:
        if path == day_path:
            continue
        if layout.second_of_day(path) in held:
            taken_in.append(path)
        elif _is_snapshot(path):
            snapshots.append(path)
    return DayFiles(day_path if header else None, header, tuple(snapshots), tuple(taken_in))


def network_versions(data_dir: Path, source: Source, day: date) -> set[str]:
    """The networks that the rows of a UTC day refer to.

    Raises
    ------
    StorageError
        When the files cannot be read now, though nothing is wrong with them.
    """

    def read(found: DayFiles) -> set[str]:
        of_snapshots = read_rows(found.snapshots, ["network_version"])
        told = set(found.header.network_versions) if found.header else set()
        return told | set(rows.version_codes(of_snapshots)[1])

    return with_retries(data_dir, source, day, read)


def read_day(
    data_dir: Path, source: Source, day: date, columns: Sequence[str] = rows.KEPT_COLUMNS
) -> pa.Table:
    """All rows of a UTC day, each observation once.

    Parameters
    ----------
    columns : sequence of str
        Some of :data:`rows.KEPT_COLUMNS`.

    Raises
    ------
    StorageError
        When the files cannot be read now, though nothing is wrong with them.
    """

    def read(found: DayFiles) -> pa.Table:
        return read_rows(found.to_read(), columns)

    return with_retries(data_dir, source, day, read)


def with_retries(
    data_dir: Path, source: Source, day: date, read: Callable[[DayFiles], Result]
) -> Result:
    """Read a day's files; list them again when one of them is gone or turned out bad.

    Raises
    ------
    StorageError
        When the files cannot be read now, though nothing is wrong with them.
    """
    reason: Exception | None = None
    for _ in range(_ATTEMPTS):
        found = day_files(data_dir, source, day)
        try:
            return read(found)
        except FileNotFoundError as error:
            reason = error
        except (pa.ArrowException, OSError) as error:
            reason = error
            if is_systems_fault(error):
                break
            sound_tables(found.to_read())
    raise StorageError(f"cannot read the {source} history of {day}: {reason}") from reason


def read_rows(paths: Sequence[Path], columns: Sequence[str] = rows.KEPT_COLUMNS) -> pa.Table:
    """The rows of some files, one after the other, typed as kept.

    Raises
    ------
    OSError, pyarrow.ArrowException
        When one of them cannot be read.
    """
    empty = rows.kept(rows.COLUMNS.empty_table()).select(columns)
    tables = [read_file(path, columns) for path in paths]
    return pa.concat_tables([empty, *tables]).unify_dictionaries()


def read_file(path: Path, columns: Sequence[str] = rows.KEPT_COLUMNS) -> pa.Table:
    """The rows of one file, typed as kept.

    Raises
    ------
    OSError, pyarrow.ArrowException
        When it cannot be read.
    """
    with pq.ParquetFile(path, read_dictionary=["network_version"]) as file:
        return rows.kept(file.read(columns=list(columns)), columns)


def sound_tables(
    paths: Sequence[Path], columns: Sequence[str] = rows.KEPT_COLUMNS
) -> dict[Path, pa.Table]:
    """The rows of every file that can be read to its end; damaged ones are set aside.

    Raises
    ------
    StorageError
        When a file cannot be read though nothing is known to be wrong with it.
    """
    tables = {}
    for path in paths:
        try:
            tables[path] = read_file(path, columns)
        except FileNotFoundError:
            continue
        except (pa.ArrowException, OSError) as error:
            _blame(path, error)
    return tables


def is_systems_fault(error: Exception) -> bool:
    """Whether an error is the machine's (permissions, too many files) and not the file's.

    Arrow raises OSError for damaged content too, but without an error number.
    """
    return isinstance(error, OSError) and error.errno is not None


def day_header(data_dir: Path, source: Source, day: date) -> DayHeader | None:
    """What the file of a day says of itself; None when there is none that can be read.

    Raises
    ------
    StorageError
        When it cannot be read though nothing is known to be wrong with it.
    """
    path = layout.day_file(data_dir, source, day)
    metadata = _sound_metadata(path)
    if metadata is None:
        return None
    header = rows.header_of(metadata.metadata)
    return header or _header_from_rows(path)


def _header_from_rows(path: Path) -> DayHeader | None:
    """The header of a day's file that another program, or an earlier version, wrote."""
    tables = sound_tables([path])
    return rows.encode_day(tables[path], compacted=False)[1] if tables else None


def _is_snapshot(path: Path) -> bool:
    if _sound_metadata(path) is None:
        return False
    if layout.second_of_day(path) is None:
        set_aside(path, "no file of this history: its name is no time of day")
        return False
    return True


def _sound_metadata(path: Path) -> pq.FileMetaData | None:
    """The footer of a file of history; None when it has none, or is gone."""
    try:
        metadata = pq.read_metadata(path)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException) as error:
        _blame(path, error)
        return None
    missing = set(rows.KEPT_COLUMNS) - set(metadata.schema.names)
    if missing:
        set_aside(path, f"no file of this history: no column {min(missing)}")
        return None
    return metadata


def _blame(path: Path, error: Exception) -> None:
    """Set a damaged file aside; a fault of the machine is no reason to."""
    if is_systems_fault(error):
        raise StorageError(f"cannot read {path}: {error}") from error
    set_aside(path, error)
