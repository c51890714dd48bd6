"""Opening an archive: unpacked if it is gzip, decoded as UTF-8, recognised by what it holds.

What it is called does not matter.
"""

from __future__ import annotations

import contextlib
import csv
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TextIO

import orjson

from services.base.errors import FeedRefused, StorageError

Kind = Literal["JSON", "JSON lines", "CSV", "Parquet"]
ACCEPTED: Final = (
    "accepted are the exports json, jsonl, geojson, csv and parquet of the dataset; gzip too"
)

# The whole reply of the feed is 2.6 MB; a record of it 1 kB, a very long road 100 kB.
MAX_RECORD_CHARACTERS: Final = 4 * 1024 * 1024
_HEAD_BYTES: Final = 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
# zlib's sign for "with a gzip header", any window.
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_BOM: Final = b"\xef\xbb\xbf"
_PARQUET_MAGIC: Final = b"PAR1"
_ZIP_MAGIC: Final = b"PK\x03\x04"
# What a workbook's zip file begins with: Office's list of parts, OpenDocument's kind.
_WORKBOOK_SIGNS: Final = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")
_ZIP_NAMES_BYTES: Final = 2048
_KNOWN_STRANGERS: Final = {
    _ZIP_MAGIC: "a zip file: unpack it first",
    b"\xd0\xcf\x11\xe0": "a workbook of Excel",
    b"%PDF": "a PDF",
    b"fgb": "a FlatGeobuf file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "a database of SQLite",
    b"@prefix": "RDF",
    b"\xff\xfe": "text in UTF-16, not UTF-8",
    b"\xfe\xff": "text in UTF-16, not UTF-8",
    b"BZh": "a bzip2 file: unpack it first",
    b"\xfd7zXZ": "an xz file: unpack it first",
    b"(\xb5/\xfd": "a zstd file: unpack it first",
}
UNREADABLE: Final = (FeedRefused, UnicodeDecodeError)
"""What reading an archive may raise when the archive is at fault."""
# What wraps records rather than being one.
CONTAINER_KEYS: Final = frozenset({"results", "records", "features"})
DELIMITERS: Final = ";,\t"


class Gunzip(io.RawIOBase):
    """Unpacks a gzip file as far as it goes.

    A file that was cut or damaged ends early, with what it still held read, and
    says so in ``problem``; the standard library's reader loses the last stretch.
    """

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__()
        self.problem: str | None = None
        self._packed = packed
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
        self._rest = b""

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def readinto(self, target: Any) -> int:
        """Fill a buffer with the next bytes; 0 at the end, wherever that is."""
        try:
            content = self._next(len(target))
        except zlib.error as error:
            self.problem = f"a damaged gzip file ({error})"
            return 0
        target[: len(content)] = content
        return len(content)

    def _next(self, size: int) -> bytes:
        while True:
            packed = self._rest or self._packed.read(_HEAD_BYTES)
            if self._unpacker.eof:
                # Archives may be appended to each other; zeros may fill up the last block.
                started = packed.lstrip(b"\0")
                if not packed:
                    return b""
                self._rest = started
                if started:
                    self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
                continue
            content = self._unpacker.decompress(packed, size)
            ended = self._unpacker.eof
            self._rest = self._unpacker.unused_data if ended else self._unpacker.unconsumed_tail
            if content:
                return content
            if not packed and not ended:
                self.problem = "the gzip stream ends too early: the file was cut"
                return b""


@dataclass(frozen=True)
class Archive:
    """An opened archive.

    Attributes
    ----------
    kind : {"JSON", "JSON lines", "CSV", "Parquet"}
        By its content, whatever its name.
    text : TextIO
        From its beginning, without byte-order mark; unless it is Parquet.
    file : BinaryIO
        As it lies on the disk, packed or not.
    """

    kind: Kind
    text: TextIO
    file: BinaryIO
    _size: int
    _unpacked: Gunzip | None

    def check_end(self) -> None:
        """Once all was read: whether that was all there should be.

        Raises
        ------
        FeedRefused
        """
        if self._unpacked is not None and self._unpacked.problem is not None:
            raise FeedRefused("body", self._unpacked.problem)

    def share_read(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return min(1.0, self.file.tell() / max(1, self._size))


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an archive and recognise it.

    Raises
    ------
    FeedRefused
        When it is none.
    StorageError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            unpacked = Gunzip(file) if file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC else None
            file.seek(0)
            stream: io.BufferedReader[Any] = io.BufferedReader(unpacked or file, _HEAD_BYTES)
            head = _head(stream)
            if unpacked is not None and unpacked.problem is not None and not head:
                raise FeedRefused("body", unpacked.problem)
            kind = _kind(head)
            if kind == "Parquet" and unpacked is not None:
                raise FeedRefused("body", "a Parquet file inside gzip: unpack it first")
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            yield Archive(kind, text, file, path.stat().st_size, unpacked)
    except UNREADABLE as error:
        raise refusal(error) from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error


def refusal(error: Exception) -> FeedRefused:
    """What one of :data:`UNREADABLE` says of the archive."""
    if isinstance(error, FeedRefused):
        return error
    return FeedRefused("body", f"not text in UTF-8 ({error})")


def bounded_lines(text: TextIO) -> Iterator[str]:
    """The lines of a file, none of which may fill the memory.

    Raises
    ------
    FeedRefused
    """
    while line := text.readline(MAX_RECORD_CHARACTERS):
        if len(line) == MAX_RECORD_CHARACTERS:
            raise FeedRefused("body", f"a line of more than {len(line):,} characters")
        yield line


def delimiter_of(header: str) -> str:
    """What separates the fields of a CSV file, by its first line."""
    return max(DELIMITERS, key=header.count)


def _head(stream: io.BufferedReader[Any]) -> bytes:
    return stream.peek(_HEAD_BYTES).removeprefix(_BOM)


def _kind(head: bytes) -> Kind:
    if head.startswith(_PARQUET_MAGIC):
        return "Parquet"
    if head.startswith(_ZIP_MAGIC) and any(
        sign in head[:_ZIP_NAMES_BYTES] for sign in _WORKBOOK_SIGNS
    ):
        raise _stranger("a workbook of a spreadsheet program")
    for magic, what in _KNOWN_STRANGERS.items():
        if head.startswith(magic):
            raise _stranger(what)
    start = head.lstrip()
    if not start:
        raise FeedRefused("body", "an empty file")
    if start.startswith(b"<"):
        raise _stranger("a page of HTML or XML")
    if start[:1] in (b"[", b"{"):
        return "JSON lines" if _is_a_line_a_record(start) else "JSON"
    first_line = start.splitlines()[0].decode("utf-8", errors="replace")
    fields = next(csv.reader([first_line], delimiter=delimiter_of(first_line)), [])
    if len(fields) < 2:
        raise _stranger(f"neither JSON, CSV nor Parquet: it begins {first_line[:40]!r}")
    return "CSV"


def _stranger(what: str) -> FeedRefused:
    return FeedRefused("body", f"{what}; {ACCEPTED}")


def _is_a_line_a_record(start: bytes) -> bool:
    first_line, line_end, _ = start.partition(b"\n")
    if not line_end or not first_line.startswith(b"{"):
        return False
    try:
        content = orjson.loads(first_line)
    except orjson.JSONDecodeError:
        return False
    return CONTAINER_KEYS.isdisjoint(content)
