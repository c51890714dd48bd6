"""Whether a data directory can be used: made, writable, of this version and city, still there."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.base.errors import ConfigurationError, StorageError
from services.base.files import FileStamp, read_if_present, stamp_of, write_atomically

log = logging.getLogger(__name__)

LAYOUT_VERSION: Final = "1"
_LAYOUT_FILE: Final = "layout-version"
_CITY_FILE: Final = "city"
_CHECK_FILE: Final = "write-check"
_LOOK_SECONDS: Final = 2.0


def prepare_data_directory(data_dir: Path, city: str) -> None:
    """Make a data directory and check that this version can use it for a city.

    Raises
    ------
    ConfigurationError
        When it cannot be written, was laid out by another version, or is of another city.
    """
    try:
        layout = _marked(data_dir / _LAYOUT_FILE, LAYOUT_VERSION)
        if layout != LAYOUT_VERSION:
            raise ConfigurationError(
                f"TRAFFIC_DATA_DIR: {data_dir} has layout {layout[:20]!r}, this version reads "
                f"{LAYOUT_VERSION!r}; choose an empty directory or move this one away"
            )
        _marked(data_dir / _CITY_FILE, city)
        check_city(data_dir, city)
        write_atomically(data_dir / _CHECK_FILE, b"")
        (data_dir / _CHECK_FILE).unlink(missing_ok=True)
    except (OSError, StorageError) as error:
        raise ConfigurationError(f"TRAFFIC_DATA_DIR: {data_dir} cannot be used: {error}") from None


def check_city(data_dir: Path, city: str) -> None:
    """Check that a data directory is of no other city: what commands do that only read from it.

    Raises
    ------
    ConfigurationError
        When it is, or cannot be read.
    """
    try:
        found = read_if_present(data_dir / _CITY_FILE)
    except StorageError as error:
        raise ConfigurationError(f"TRAFFIC_DATA_DIR: {data_dir} cannot be used: {error}") from None
    of = city if found is None else _text(found)
    if of != city:
        raise ConfigurationError(
            f"TRAFFIC_DATA_DIR: {data_dir} is of {of[:40]!r}, this installation is of "
            f"{city!r}; choose an empty directory or move this one away"
        )


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
    mark = data_dir / _LAYOUT_FILE
    threading.Thread(target=_look, args=(mark, stamp_of(mark), react), daemon=True).start()


def _marked(mark: Path, content: str) -> str:
    """What a mark says; it is made where there is none."""
    found = read_if_present(mark)
    if found is None:
        _mark(mark, content)
        found = read_if_present(mark) or b""
    return _text(found)


def _text(mark: bytes) -> str:
    return mark.decode(errors="replace").strip()


def _mark(mark: Path, content: str) -> None:
    """Write a mark once, whichever roles start together."""
    new = mark.with_name(f".{mark.name}-{secrets.token_hex(8)}")
    write_atomically(new, content.encode())
    try:
        mark.hardlink_to(new)
    except FileExistsError:
        log.debug("another role was faster")
    except OSError:
        # Not every file system has links; there the last one wins.
        new.replace(mark)
    finally:
        new.unlink(missing_ok=True)


def _look(mark: Path, known: FileStamp | None, react: Callable[[], bool]) -> None:
    pause = threading.Event()
    while not pause.wait(_LOOK_SECONDS):
        if stamp_of(mark) != known:
            if react():
                return
            known = stamp_of(mark)
