"""Some days of the history, brought into a directory: for whoever works on days elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from services.replication.bucket import Bucket
from services.replication.heads import read_head
from services.replication.manifest import Entry, Origin, entry_of
from services.replication.parts import HISTORY, TRAFFIC, group_of
from services.replication.transfer import Transfer, in_parallel

# Without these no row can be read: its network, and free flow on it.
_NEEDED_WITH_DAYS = ("networks/", "reference/")


def fetch_days(
    bucket: Bucket, data_dir: Path, origin: Origin, source: str, days: Collection[date]
) -> list[Path]:
    """Have the files of some UTC days of a source in a directory, with their networks.

    What is there already, and the same, is not brought again; what the bucket no longer has of
    these days goes. The directory follows nothing: later changes come with the next call.

    Returns
    -------
    list of Path
        The days' files, in order; none for a day that the history does not have.

    Raises
    ------
    StorageError
    """
    starts = {f"history/source={source}/date={day:%Y-%m-%d}/": day for day in days}
    wanted = _entries(bucket, data_dir, origin, set(starts))
    for start in starts:
        for path in (data_dir / start).glob("*.parquet"):
            if path.relative_to(data_dir).as_posix() not in wanted:
                path.unlink(missing_ok=True)
    return [data_dir / path for path in sorted(wanted) if path.startswith("history/")]


def _entries(
    bucket: Bucket, data_dir: Path, origin: Origin, starts: Collection[str]
) -> dict[str, Entry]:
    wanted: dict[str, Entry] = {}
    for part in (TRAFFIC, HISTORY):
        news = read_head(bucket, part, origin)
        if news is None:
            continue
        transfer = Transfer(bucket, part, data_dir)
        groups = {group_of(start) for start in starts}
        found = transfer.entries(news[1], groups)
        some = {
            path: entry
            for path, entry in found.items()
            if path.startswith((*starts, *_NEEDED_WITH_DAYS))
        }
        lacking = [path for path, entry in some.items() if not _is_there(data_dir / path, entry)]
        in_parallel(partial(_bring, transfer, some), lacking)
        wanted |= some
    return wanted


def _bring(transfer: Transfer, entries: Mapping[str, Entry], path: str) -> None:
    transfer.bring(path, entries[path])


def _is_there(path: Path, entry: Entry) -> bool:
    try:
        return path.stat().st_size == entry.size and entry_of(path.read_bytes()) == entry
    except OSError:
        return False
