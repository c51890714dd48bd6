"""Metrics of a process in files of its own, one for each type: written in place, never mapped.

prometheus_client's own files are sparse and mapped into memory: on a full disk a process that
counts dies of SIGBUS. Here a value is sixteen bytes that are written where they belong; what
cannot be written stays in memory and is written whole once that is possible again. So metrics
never cost an answer, and nothing that was counted is lost with a process, not even by ``kill -9``.

Each file is locked (flock) by its process as long as that lives, which tells the living from the
dead, whatever the number of a process in a container of its own.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import math
import os
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from services.base.files import TEMPORARY_PREFIX

log = logging.getLogger(__name__)

SUFFIX: Final = ".db"
COUNTER: Final = "counter"
HISTOGRAM: Final = "histogram"
# A gauge of which the newest value counts, whoever set it, and one that each process has.
NEWEST: Final = "gauge_mostrecent"
OF_EACH: Final = "gauge_liveall"
TYPES: Final = (COUNTER, HISTOGRAM, NEWEST, OF_EACH)
_BUCKET: Final = "_bucket"
# How long a value may stay unwritten after the disk has room again, or the file is gone.
RETRY_SECONDS: Final = 5.0
# Far more than all metrics of a process take: some 100 KB.
MAX_BYTES: Final = 8_000_000

# Counts are exact up to here; what is beyond was never counted.
_MAX_COUNTED: Final = 2.0**53
# Beyond any time and any memory.
_MAX_MEASURED: Final = 1e14
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

# How much of the file is in use; then for each value: length of its key, key, value and time.
_HEADER: Final = struct.Struct("<q")
_LENGTH: Final = struct.Struct("<q")
_VALUE: Final = struct.Struct("<dd")
_KEY: Final = msgspec.json.Decoder(tuple[str, str, dict[str, str], str])


class KeptValue(NamedTuple):
    """One number of a file.

    Attributes
    ----------
    family : str
        The metric's name; ``name`` may have an ending such as ``_total``.
    at : float
        Seconds since 1970, for gauges of which the newest value counts.
    """

    family: str
    name: str
    labels: Mapping[str, str]
    help_text: str
    value: float
    at: float


class FileName(NamedTuple):
    """What a file's name tells: ``<type>_<process>@<host>_<mark>.db``."""

    kind: str
    pid: str
    host: str


def bucket_name(metric: str) -> str:
    """The name of a histogram's counts up to each bound."""
    return metric + _BUCKET


def is_bucket_name(name: str) -> bool:
    """Whether a name is that of such counts."""
    return name.endswith(_BUCKET)


def name_of(path: Path) -> FileName:
    """What a file's name tells.

    Raises
    ------
    ValueError
        When it is none of ours.

    Examples
    --------
    >>> name_of(Path("gauge_liveall_17@web-1_a1b2.db"))
    FileName(kind='gauge_liveall', pid='17', host='web-1')
    """
    for kind in TYPES:
        if path.stem.startswith(f"{kind}_"):
            pid, _, host = path.stem.removeprefix(f"{kind}_").rpartition("_")[0].partition("@")
            if pid and host:
                return FileName(kind, pid, host)
    raise ValueError("no file of metrics has this name")


def values_in(path: Path) -> list[KeptValue]:
    """Every value of a file, each as it can be used.

    Raises
    ------
    OSError
    ValueError
        When it is damaged, or its name is none of ours.
    """
    kind = name_of(path).kind
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("larger than metrics ever are")
    try:
        values = list(_decoded(path.read_bytes()))
    except (struct.error, RecursionError) as error:
        raise ValueError(str(error)) from None
    for value in values:
        _check(value, kind)
    return values


def write_values(path: Path, values: Sequence[KeptValue]) -> None:
    """A file of nobody: what processes that have ended left.

    Raises
    ------
    OSError
    """
    content = bytearray(_HEADER.pack(0))
    for value in values:
        key = _key(value.family, value.name, value.labels, value.help_text)
        content += _LENGTH.pack(len(key)) + key + _VALUE.pack(value.value, value.at)
    _HEADER.pack_into(content, 0, len(content))
    os.close(_replace(path, content))


def is_of_the_living(path: Path) -> bool:
    """Whether the process that writes a file lives."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


class ValueFile:
    """The values of this process of one type. Not safe to share: see :class:`FileValues`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # All of it; what is on the disk may lag behind.
        self._content = bytearray(_HEADER.pack(_HEADER.size))
        self._places: list[int] = []
        self._handle: int | None = None
        self._due_s = 0.0
        self._is_whole = False
        self._is_said = False

    def add(self, key: bytes) -> int:
        """Make room for a value, 0 at first; returns its place."""
        start = len(self._content)
        self._content += _LENGTH.pack(len(key)) + key + _VALUE.pack(0.0, 0.0)
        _HEADER.pack_into(self._content, 0, len(self._content))
        # The entry first: a reader believes the header.
        self._write(start, len(self._content))
        self._write(0, _HEADER.size)
        self._places.append(len(self._content) - _VALUE.size)
        return self._places[-1]

    def get(self, place: int) -> float:
        """A value."""
        found: float = _VALUE.unpack_from(self._content, place)[0]
        return found

    def set(self, place: int, value: float, at: float) -> None:
        """Change a value."""
        _VALUE.pack_into(self._content, place, value, at)
        self._write(place, place + _VALUE.size)

    def begin_anew(self, path: Path) -> None:
        """In a process made by a fork: what was counted before is the parent's."""
        if self._handle is not None:
            os.close(self._handle)
        self._path, self._handle = path, None
        self._due_s, self._is_whole = 0.0, False
        for place in self._places:
            _VALUE.pack_into(self._content, place, 0.0, 0.0)

    def _write(self, start: int, end: int) -> None:
        now_s = time.monotonic()
        try:
            if now_s >= self._due_s:
                self._due_s = now_s + RETRY_SECONDS
                self._catch_up()
            if self._is_whole and self._handle is not None:
                _put(self._handle, self._content[start:end], start)
        except OSError as error:
            self._is_whole = False
            self._due_s = now_s + RETRY_SECONDS
            if not self._is_said:
                self._is_said = True
                log.warning("metrics stay in memory: %s: %s", self._path.name, error.strerror)

    def _catch_up(self) -> None:
        """Write all of it where the file is missing, was removed, cut off, or lags behind."""
        before = self._handle
        if before is None or os.fstat(before).st_nlink == 0:
            self._handle = _replace(self._path, self._content)
            if before is not None:
                os.close(before)
        elif not self._is_whole or os.fstat(before).st_size < len(self._content):
            # The header last: a reader believes it.
            _put(before, self._content[_HEADER.size :], _HEADER.size)
            _put(before, self._content[: _HEADER.size], 0)
        self._is_whole = True
        if self._is_said:
            self._is_said = False
            log.warning("metrics are written again: %s", self._path.name)


class FileValues:
    """Everything that this process measures, for prometheus_client's metrics. Safe to share.

    Parameters
    ----------
    directory : Path
        Of the role.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, ValueFile] = {}
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Name this process; once more in one that a fork has made."""
        self.lock = threading.Lock()
        self.host = socket.gethostname().replace("_", "-").replace("/", "-")[:60] or "here"
        self._owner = f"{os.getpid()}@{self.host}_{secrets.token_hex(4)}"
        for kind, file in self._files.items():
            file.begin_anew(self._path(kind))

    def file(self, kind: str) -> ValueFile:
        """The file of a type."""
        if kind not in self._files:
            self._files[kind] = ValueFile(self._path(kind))
        return self._files[kind]

    def _path(self, kind: str) -> Path:
        return self._directory / f"{kind}_{self._owner}{SUFFIX}"

    def value_class(self) -> type:
        """A class of values as prometheus_client makes them (its ``values`` module)."""
        owner = self

        class FileValue:
            """One number of this process."""

            _multiprocess = True

            def __init__(  # noqa: PLR0917 - as prometheus_client calls it
                self,
                typ: str,
                metric_name: str,
                name: str,
                labelnames: Sequence[str],
                labelvalues: Sequence[str],
                help_text: str,
                multiprocess_mode: str = "",
                **_options: Any,
            ) -> None:
                labels = dict(zip(labelnames, labelvalues, strict=True))
                kind = f"{typ}_{multiprocess_mode}" if multiprocess_mode else typ
                with owner.lock:
                    self._file = owner.file(kind)
                    self._place = self._file.add(_key(metric_name, name, labels, help_text))

            def inc(self, amount: float) -> None:
                """Add to it."""
                with owner.lock:
                    self._file.set(self._place, self._file.get(self._place) + amount, 0.0)

            def set(self, value: float, timestamp: float | None = None) -> None:
                """Change it."""
                with owner.lock:
                    self._file.set(self._place, value, timestamp or 0.0)

            def get(self) -> float:
                """What it is."""
                with owner.lock:
                    return self._file.get(self._place)

            def set_exemplar(self, _exemplar: object) -> None:
                """Exemplars are not kept."""

            def get_exemplar(self) -> None:
                """Exemplars are not kept."""

        return FileValue


def _key(family: str, name: str, labels: Mapping[str, str], help_text: str) -> bytes:
    return orjson.dumps([family, name, dict(labels), help_text], option=orjson.OPT_SORT_KEYS)


def _put(handle: int, content: bytes | bytearray, place: int) -> None:
    if os.pwrite(handle, content, place) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _replace(path: Path, content: bytes | bytearray) -> int:
    """Put a file in place at once, locked by the handle that is returned."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Without the ending that readers look for.
    new = path.with_name(f"{TEMPORARY_PREFIX}{path.stem}")
    handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _put(handle, content, 0)
        new.replace(path)
    except OSError:
        os.close(handle)
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    return handle


def _decoded(content: bytes) -> Iterator[KeptValue]:
    [used] = _HEADER.unpack_from(content, 0)
    if not _HEADER.size <= used <= len(content):
        raise ValueError("cut off")
    place = _HEADER.size
    while place < used:
        [length] = _LENGTH.unpack_from(content, place)
        place += _LENGTH.size
        if not 0 < length <= used - place:
            raise ValueError("a key ends behind the file")
        family, name, labels, help_text = _KEY.decode(content[place : place + length])
        place += length
        value, at = _VALUE.unpack_from(content, place)
        place += _VALUE.size
        yield KeptValue(family, name, labels, help_text, value, at)


def _check(value: KeptValue, kind: str) -> None:
    """See what a flipped byte makes of a value here, where the file is known that it is in."""
    if not all(map(_NAME.fullmatch, (value.family, value.name, *value.labels))):
        raise ValueError("a name that no metric has")
    if kind in {COUNTER, HISTOGRAM} and not 0 <= value.value < _MAX_COUNTED:
        raise ValueError("a number that nothing was counted to")
    if math.isfinite(value.value) and abs(value.value) > _MAX_MEASURED:
        raise ValueError("a number beyond all that is measured")
    is_bucket = kind == HISTOGRAM and is_bucket_name(value.name)
    if is_bucket and not float(value.labels.get("le", "nan")) > -math.inf:
        raise ValueError("a bucket without a bound")
