"""Whether a data directory can be used: made, writable, laid out by this version, still there."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.errors import ConfigurationError, StorageError
from services.files import read_if_present, stamp_of, write_atomically

log = logging.getLogger(__name__)

LAYOUT_VERSION: Final = "1"
_LAYOUT_FILE: Final = "layout-version"
_CHECK_FILE: Final = "write-check"
_LOOK_SECONDS: Final = 2.0


def prepare_data_directory(data_dir: Path) -> None:
    """Make a data directory and check that this version can use it.

    Raises
    ------
    ConfigurationError
        When it cannot be written, or was laid out by another version.
    """
    try:
        found = read_if_present(data_dir / _LAYOUT_FILE)
        if found is None:
            write_atomically(data_dir / _LAYOUT_FILE, LAYOUT_VERSION.encode())
        write_atomically(data_dir / _CHECK_FILE, b"")
        (data_dir / _CHECK_FILE).unlink(missing_ok=True)
    except (OSError, StorageError) as error:
        raise ConfigurationError(f"TRAFFIC_DATA_DIR: {data_dir} cannot be used: {error}") from None
    if found is not None:
        _check_layout(data_dir, found.decode(errors="replace").strip())


def end_with_data_directory(data_dir: Path) -> None:
    """Ask this process to end, by SIGTERM, when its data directory is deleted or replaced.

    Locks, sockets, databases and measures would lie in files that nobody else finds. Whoever
    keeps the process running starts it again, and it makes anew what it needs.
    """

    def end() -> bool:
        log.error("the data directory is another one: this process ends, to be started again")
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    when_replaced(data_dir, end)


def when_replaced(data_dir: Path, react: Callable[[], bool]) -> None:
    """Have something done, in a thread of its own, each time that a data directory is replaced.

    Parameters
    ----------
    data_dir : Path
        Prepared.
    react : callable
        Returns whether that was all.
    """
    threading.Thread(target=_look, args=(data_dir / _LAYOUT_FILE, react), daemon=True).start()


def _look(mark: Path, react: Callable[[], bool]) -> None:
    pause = threading.Event()
    # Roles that start together may write it one after the other.
    pause.wait(_LOOK_SECONDS)
    known = stamp_of(mark)
    while not pause.wait(_LOOK_SECONDS):
        if stamp_of(mark) != known:
            if react():
                return
            known = stamp_of(mark)


def _check_layout(data_dir: Path, found: str) -> None:
    if found != LAYOUT_VERSION:
        raise ConfigurationError(
            f"TRAFFIC_DATA_DIR: {data_dir} has layout {found[:20]!r}, this version reads "
            f"{LAYOUT_VERSION!r}; choose an empty directory or move this one away"
        )
