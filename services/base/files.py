"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from services.base.errors import StorageError

log = logging.getLogger(__name__)

ASIDE_SUFFIX: Final = ".unreadable"
# By which databases were set aside before.
_FORMER_ASIDE_SUFFIX: Final = ".damaged"
# Whoever wants to know what damaged it, or to save what is left, has a month.
ASIDE_KEPT: Final = timedelta(days=30)
TEMPORARY_PREFIX: Final = ".writing-"
# A training is written into a directory, in minutes; a file is locked while it is written, but not
# yet at the moment that it is made.
_DIRECTORY_ABANDONED_AFTER_SECONDS: Final = 86_400.0
_FILE_ABANDONED_AFTER_SECONDS: Final = 60.0

FileStamp = tuple[int, int, int]
"""Device-independent mark of one version of a file: inode, size, modification time (ns)."""


def stamp_of(path: Path) -> FileStamp | None:
    """A mark that changes when a file is replaced; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file at once: a reader, or a process killed half-way, sees the old or the new.

    Parameters
    ----------
    path : Path
        Its directory is made if missing.
    mode : int
        Permissions; until they are set, only the owner can read.

    Raises
    ------
    StorageError
        When the disk is full, read-only or missing; the old file stays.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY_PREFIX)
        with os.fdopen(handle, "wb") as stream:
            _is_ours(stream.fileno())
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise StorageError(
            f"cannot write {path.name} in {path.parent}: {error.strerror}"
        ) from error


def write_under_both(path: Path, other: Path, content: bytes) -> None:
    """Replace two files by one content, each at once, the second after the first.

    Written once where the file system has links.

    Raises
    ------
    StorageError
        As :func:`write_atomically`; one or both of the old files stay.
    """
    write_atomically(path, content)
    link = other.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        link.hardlink_to(path)
        link.replace(other)
    except OSError:
        write_atomically(other, content)
    finally:
        with contextlib.suppress(OSError):
            link.unlink()


def remove_abandoned(root: Path) -> list[Path]:
    """Remove what writers that were killed left half-written below a directory; returns it.

    A lock goes with the process that holds it: what can be locked, a minute after it was made,
    is nobody's any more.
    """
    return [path for path in _called(root, _is_temporary) if _is_removed(path)]


def read_if_present(path: Path) -> bytes | None:
    """The content of a file, or None when there is none.

    Raises
    ------
    StorageError
        When the file is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error


def set_aside(path: Path, reason: object) -> None:
    """Rename a file that cannot be used, so that it hides no other, and journal it."""
    aside = _free_name(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return  # another reader was faster
    except OSError as error:
        log.error("%s is unreadable (%s) and cannot be renamed: %s", path, reason, error.strerror)
        return
    log.error("%s is unreadable and set aside as %s: %s", path, aside.name, reason)


def remove_set_aside(root: Path, now: datetime, keep: timedelta = ASIDE_KEPT) -> list[Path]:
    """Remove what was set aside below a directory longer ago than that; returns it."""
    oldest = (now - keep).timestamp()
    removed = []
    for path in _called(root, _is_aside):
        # Gone meanwhile, or not to be touched.
        with contextlib.suppress(OSError):
            # Renaming is what changed its status last.
            if path.stat().st_ctime < oldest:
                path.unlink()
                removed.append(path)
    return removed


def _called(root: Path, is_meant: Callable[[str], bool]) -> list[Path]:
    """What has such a name below a directory, as far as that can be read."""
    return [
        Path(place, name)
        for place, directories, files in os.walk(root)
        for name in (*directories, *files)
        if is_meant(name)
    ]


def _is_temporary(name: str) -> bool:
    return name.startswith(TEMPORARY_PREFIX)


def _is_aside(name: str) -> bool:
    return ASIDE_SUFFIX in name or f"{_FORMER_ASIDE_SUFFIX}-" in name


def _is_removed(path: Path) -> bool:
    try:
        is_directory = path.is_dir()
        age_s = time.time() - path.stat().st_mtime
        if age_s < (
            _DIRECTORY_ABANDONED_AFTER_SECONDS if is_directory else _FILE_ABANDONED_AFTER_SECONDS
        ):
            return False
        if is_directory:
            shutil.rmtree(path)
            return True
        with path.open("rb") as stream:
            if not _is_ours(stream.fileno()):
                return False
            path.unlink()
    except OSError:
        return False  # gone meanwhile, or not to be touched
    return True


def _is_ours(descriptor: int) -> bool:
    """Lock an open file; False where another process has, or the file system knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _free_name(path: Path) -> Path:
    aside = path.with_name(path.name + ASIDE_SUFFIX)
    count = 2
    while aside.exists():
        aside = path.with_name(f"{path.name}{ASIDE_SUFFIX}-{count}")
        count += 1
    return aside
