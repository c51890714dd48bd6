"""Old days go: the newest ones of each source are kept, as many as the setting says.

Days are counted, not dates: a running worker keeps the last 400 dates, and an
archive of years ago that someone imports is not removed the night after. It is
the first to go once there are more than that. A network goes with the last day
that refers to it.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from services.base.errors import StorageError
from services.base.files import ASIDE_SUFFIX, TEMPORARY_PREFIX
from services.city.city import City
from services.history import day_files, layout
from services.traffic.snapshot import Source
from services.traffic.store import Store

log = logging.getLogger(__name__)

# Only what the history itself writes; a directory with anything else in it stays.
_OWN_FILES: Final = ("*.parquet", f"*.parquet{ASIDE_SUFFIX}*", f"{TEMPORARY_PREFIX}*")
# Longer than an import takes from writing a network to writing the rows that refer to it.
_NETWORKS_KEPT_AT_LEAST: Final = timedelta(days=1)


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


def remove_unused_networks(city: City, data_dir: Path, now: datetime) -> list[Path]:
    """Remove the networks that neither a day nor a published snapshot refers to; returns them.

    Those that were damaged and set aside go as well, all of them a day after they were written.
    The caller holds ``layout.exclusive``.

    Parameters
    ----------
    now : datetime
        Aware.

    Raises
    ------
    StorageError
        When it cannot be told what is in use, or a network cannot be removed. A damaged snapshot
        is set aside: nothing can be shown of it.
    """
    store = Store(city, data_dir, heals=True)
    used = _versions_in_use(store)
    youngest = (now - _NETWORKS_KEPT_AT_LEAST).timestamp()
    gone = []
    try:
        for path in store.network_files():
            if path.stem not in used and path.stat().st_ctime < youngest:
                path.unlink()
                gone.append(path)
    except OSError as error:
        raise StorageError(f"cannot remove a network: {error}") from error
    if gone:
        log.info("%d networks that nothing refers to were removed", len(gone))
    return gone


def _versions_in_use(store: Store) -> set[str]:
    published = (store.current_snapshot(), store.last_live_snapshot())
    used = {snapshot.network_version for snapshot in published if snapshot is not None}
    for source in layout.sources(store.data_dir):
        for day in layout.days(store.data_dir, source):
            used |= day_files.network_versions(store.data_dir, source, day)
    return used
