"""Old days go: the newest ones of each source are kept, as many as the setting says.

Days are counted, not dates: a running worker keeps the last 400 dates, and an
archive of years ago that someone imports is not removed the night after. It is
the first to go once there are more than that.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import date
from pathlib import Path
from typing import Final

from services.errors import StorageError
from services.history import layout
from services.snapshot import Source

log = logging.getLogger(__name__)

# Only what the history itself writes; a directory with anything else in it stays.
_OWN_FILES: Final = ("*.parquet", "*.parquet.unreadable*", f"{layout.TEMPORARY_PREFIX}*")


def expired_days(data_dir: Path, source: Source, keep_days: int | None) -> list[date]:
    """The days beyond the newest ones, in order; none when all are kept."""
    found = layout.days(data_dir, source)
    if keep_days is None:
        return []
    return found[: max(0, len(found) - keep_days)]


def remove_days(data_dir: Path, source: Source, days: list[date]) -> None:
    """Remove days; the caller holds ``layout.exclusive`` and has forgotten them before.

    Raises
    ------
    StorageError
        When one cannot be removed.
    """
    for day in days:
        directory = layout.partition(data_dir, source, day)
        try:
            for pattern in _OWN_FILES:
                for path in directory.glob(pattern):
                    path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                directory.rmdir()
        except OSError as error:
            raise StorageError(f"cannot remove {directory}: {error.strerror}") from error
    if days:
        log.info(
            "history: %d old days of source %s removed, the last one %s",
            len(days),
            source,
            days[-1],
        )
