"""From the bucket into the directory: what is lacking, checked, in the order that readers need."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from services.base.errors import StorageError
from services.base.files import stamp_of, write_atomically
from services.replication.bucket import Bucket
from services.replication.manifest import (
    Entry,
    Head,
    Held,
    Record,
    decode_group,
    entry_of,
    read_record,
    write_record,
)
from services.replication.parts import Part

log = logging.getLogger(__name__)

# Their contents are in memory: a day of the history is a few megabytes.
AT_A_TIME: Final = 4
# So many are brought before it is written down that they are here.
_FILES_PER_RECORD: Final = 100

Given = TypeVar("Given")
Result = TypeVar("Result")


class Transfer:
    """Makes the files of one part those that a head names.

    Parameters
    ----------
    data_dir : Path
        Whose record says what lies in it.
    """

    def __init__(self, bucket: Bucket, part: Part, data_dir: Path) -> None:
        self._bucket = bucket
        self._part = part
        self._data_dir = data_dir
        # Contents of groups that were read, which never change.
        self._groups: dict[tuple[str, Entry], dict[str, Entry]] = {}

    def entries(self, head: Head, groups: Container[str] | None = None) -> dict[str, Entry]:
        """Every file that a head names.

        Parameters
        ----------
        groups : container of str, optional
            Only of these, by the start of their paths, and those without a date.

        Raises
        ------
        StorageError
        """
        known = self._groups
        self._groups = {}
        found = dict(head.files)
        for start, content in head.groups.items():
            if groups is not None and start not in groups:
                continue
            group = known.get((start, content)) or self._read_group(start, content)
            self._groups[start, content] = group
            found |= group
        return found

    def install(self, head: Head) -> Record:
        """Bring what is lacking, remove what is named no more; returns what is here then.

        Killed or failed anywhere, it leaves whole files, and the next call does the rest. A file
        that the part never named stays.

        Raises
        ------
        StorageError
            Where something could not be brought: what it is needed for was not either.
        """
        wanted = self.entries(head)
        record = read_record(self._data_dir, self._part)
        here = {
            path: held
            for path, held in record.files.items()
            if stamp_of(self._data_dir / path) == held.stamp
        }
        lacking = [path for path, entry in wanted.items() if not _is_held(here, path, entry)]
        for some in self._in_order(lacking):
            try:
                held = in_parallel(lambda path: self.bring(path, wanted[path]), some)
            except StorageError:
                self._note(record, here)
                raise
            here |= zip(some, held, strict=True)
            if len(some) == _FILES_PER_RECORD:
                self._note(record, here)
        for path in [path for path in record.files if path not in wanted]:
            self._remove(path)
            here.pop(path, None)
        told = Record(head.issue, {path: here[path] for path in wanted})
        if told != record:
            write_record(self._data_dir, self._part, told)
        return told

    def bring(self, path: str, entry: Entry) -> Held:
        """Put one file into the directory, checked.

        Raises
        ------
        StorageError
        """
        content = self._content(self._part.object_of(path, entry.digest), entry)
        target = self._data_dir / path
        write_atomically(target, content)
        stamp = stamp_of(target)
        if stamp is None:
            raise StorageError(f"{path} was removed as soon as it was there")
        return Held(entry, stamp)

    def _note(self, before: Record, here: Mapping[str, Held]) -> None:
        """What has come need not come again, whatever becomes of the rest."""
        files = {**before.files, **here}
        write_record(self._data_dir, self._part, Record(before.issue, files))

    def _in_order(self, paths: Iterable[str]) -> Iterator[list[str]]:
        """Those of each rank, the newest first where they have a date, some at a time."""
        ranks = defaultdict(list)
        for path in sorted(paths, reverse=True):
            ranks[self._part.rank(path)].append(path)
        for rank in sorted(ranks):
            for start in range(0, len(ranks[rank]), _FILES_PER_RECORD):
                yield ranks[rank][start : start + _FILES_PER_RECORD]

    def _read_group(self, start: str, content: Entry) -> dict[str, Entry]:
        name = self._part.group_object(content.digest)
        return decode_group(self._content(name, content), self._part, start)

    def _content(self, name: str, entry: Entry) -> bytes:
        content = self._bucket.get(name, entry.size)
        if entry_of(content) != entry:
            raise StorageError(f"{name} is not what its name says: it was damaged")
        return content

    def _remove(self, path: str) -> None:
        target = self._data_dir / path
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot remove {path}: {error.strerror}") from error
        # A day's directory goes with its last file; any other stays.
        with suppress(OSError):
            target.parent.rmdir()


def in_parallel(work: Callable[[Given], Result], given: Iterable[Given]) -> list[Result]:
    """Do some work for each, a few at a time; the first failure ends what has not begun.

    Raises
    ------
    Exception
        What the work raised.
    """
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="storage") as pool:
        under_way = [pool.submit(work, one) for one in given]
        try:
            return [one.result() for one in under_way]
        finally:
            for one in under_way:
                one.cancel()


def _is_held(here: Mapping[str, Held], path: str, entry: Entry) -> bool:
    held = here.get(path)
    return held is not None and held.content == entry
