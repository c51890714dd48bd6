"""What a part is: which files, with which content, who says so; in a bucket and in a directory.

A *head* names every file of a part, those with a date in groups. A *record* says what of a part a
data directory holds, and by which head.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from services.base.errors import StorageError
from services.base.files import FileStamp, read_if_present, write_atomically
from services.replication.parts import Part, group_of

# Of records, in the data directory.
DIRECTORY: Final = "replication"
_DIGEST_BYTES: Final = 16
_DIGEST: Final = frozenset("0123456789abcdef")


class Entry(NamedTuple):
    """A content: its bytes and their digest."""

    size: int
    digest: str


class Origin(msgspec.Struct, frozen=True):
    """Of what the files are: no other directory may take them."""

    city: str
    layout: str


class Issue(msgspec.Struct, frozen=True):
    """Which state of a part: no two have the same.

    Attributes
    ----------
    epoch : int
        Grows each time that another machine becomes the publisher, where a lock tells.
    generation : int
        Grows with each state.
    writer : str
        Made up by each publisher when it starts.
    """

    epoch: int
    generation: int
    writer: str

    def is_before(self, other: Issue) -> bool:
        """Whether this one is an old one for whoever has seen the other.

        Within an epoch another writer is one that took its place, whatever it counts from: it may
        have lost its own disk and found an empty bucket.
        """
        if self.epoch != other.epoch:
            return self.epoch < other.epoch
        return self.writer == other.writer and self.generation < other.generation


class Head(msgspec.Struct, frozen=True):
    """The one object of a part that changes.

    Attributes
    ----------
    files : dict
        Of those without a date, by path.
    groups : dict
        The content of the object that holds a group's entries, by the start of their paths.
    """

    origin: Origin
    issue: Issue
    files: dict[str, Entry]
    groups: dict[str, Entry]


class Held(NamedTuple):
    """A file as a data directory has it."""

    content: Entry
    stamp: FileStamp


class Record(msgspec.Struct, frozen=True):
    """What of a part lies in a data directory; ``issue`` is None before the first."""

    issue: Issue | None = None
    files: dict[str, Held] = {}


Decoded = TypeVar("Decoded", Head, Record, dict[str, Entry])


def entry_of(content: bytes) -> Entry:
    """What tells a content from any other."""
    return Entry(len(content), hashlib.blake2b(content, digest_size=_DIGEST_BYTES).hexdigest())


def grouped(files: Mapping[str, Entry]) -> dict[str, dict[str, Entry]]:
    """The entries of each group, by what follows the group's start in their paths."""
    groups: dict[str, dict[str, Entry]] = defaultdict(dict)
    for path in sorted(files):
        group = group_of(path)
        groups[group][path.removeprefix(group)] = files[path]
    return dict(groups)


def encode(document: Head | Record | Mapping[str, Entry]) -> bytes:
    """As it is stored."""
    return msgspec.json.encode(document)


def decode_head(document: bytes, part: Part) -> Head:
    """A head, checked.

    Raises
    ------
    StorageError
    """
    head = _decoded(document, Head, f"the head of {part.name}")
    _check(part, head.files.items())
    _check_digests(part, head.groups.values())
    return head


def decode_group(document: bytes, part: Part, start: str) -> dict[str, Entry]:
    """The entries of a group by path, checked.

    Raises
    ------
    StorageError
    """
    found = _decoded(document, dict[str, Entry], f"a group of {part.name}")
    entries = {start + rest: entry for rest, entry in found.items()}
    _check(part, entries.items())
    return entries


def record_path(data_dir: Path, part: Part) -> Path:
    """Where the record of a part lies."""
    return data_dir / DIRECTORY / f"{part.name}.json"


def read_record(data_dir: Path, part: Part) -> Record:
    """What is known of a part's files here; one that cannot be read says nothing."""
    try:
        document = read_if_present(record_path(data_dir, part))
        return Record() if document is None else _decoded(document, Record, "a record")
    except StorageError:
        return Record()


def write_record(data_dir: Path, part: Part, record: Record) -> None:
    """Replace the record of a part.

    Raises
    ------
    StorageError
    """
    write_atomically(record_path(data_dir, part), encode(record))


def _decoded(document: bytes, kind: type[Decoded], what: str) -> Decoded:
    try:
        return msgspec.json.decode(document, type=kind)
    # A document nested too deep is a RecursionError.
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StorageError(f"{what} is damaged: {error}") from None


def _check(part: Part, files: Iterable[tuple[str, Entry]]) -> None:
    """Whoever can write into the bucket writes these files and no others."""
    for path, entry in files:
        if not part.has(path):
            raise StorageError(f"a manifest of {part.name} names a file that is none of it")
        _check_digests(part, [entry])


def _check_digests(part: Part, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if len(entry.digest) != 2 * _DIGEST_BYTES or not _DIGEST.issuperset(entry.digest):
            raise StorageError(f"a manifest of {part.name} holds a digest that is none")
