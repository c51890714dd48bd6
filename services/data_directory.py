"""Whether a data directory can be used: made, writable, and laid out by this version."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.errors import ConfigurationError, StorageError
from services.files import read_if_present, write_atomically

LAYOUT_VERSION: Final = "1"
_LAYOUT_FILE: Final = "layout-version"
_CHECK_FILE: Final = "write-check"


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


def _check_layout(data_dir: Path, found: str) -> None:
    if found != LAYOUT_VERSION:
        raise ConfigurationError(
            f"TRAFFIC_DATA_DIR: {data_dir} has layout {found[:20]!r}, this version reads "
            f"{LAYOUT_VERSION!r}; choose an empty directory or move this one away"
        )
