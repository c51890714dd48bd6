"""A SQLite file beside its log: which one it is, whether it is sound, and out of the way if not."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from services.base.files import ASIDE_SUFFIX

# The database, its write-ahead log and the index of that.
FILE_SUFFIXES: Final = ("", "-wal", "-shm")
# Of an error: the low byte is its kind, the rest its particulars.
PRIMARY_CODE_MASK: Final = 0xFF


def file_id(path: Path) -> tuple[int, int] | None:
    """Which file is there now, whatever its name; None for none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_damage(error: BaseException | None) -> bool:
    """Whether an error of SQLite's driver says that the file's contents are not sound."""
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE_MASK
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def move_aside(path: Path, seen: tuple[int, int] | None) -> str | None:
    """Rename a file with its log, out of the way of a new one, unless another process was faster.

    Parameters
    ----------
    seen : tuple of int, optional
        Which file it was, by its ``file_id``, that was found to be damaged.

    Returns
    -------
    str or None
        Its new name; None when another file is there by now.

    Raises
    ------
    OSError
    """
    if file_id(path) != seen:
        return None
    aside = f"{path.name}{ASIDE_SUFFIX}-{int(time.time())}"
    # Its log first: a new file must not take it for its own.
    for suffix in reversed(FILE_SUFFIXES):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(path.with_name(aside + suffix))
    return aside
