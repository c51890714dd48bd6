"""Rotated files of the journal go once they are too old."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from services.base.journal import FILE_NAME
from services.base.journal.lines import moment_of_line

log = logging.getLogger(__name__)

_ROTATED: Final = re.compile(re.escape(FILE_NAME) + r"\.\d+")


def prune_journal(data_dir: Path, now: datetime, keep_days: int) -> list[str]:
    """Remove rotated files whose first line is too old; returns their names.

    Parameters
    ----------
    now : datetime
        Aware.
    """
    oldest = (now - timedelta(days=keep_days)).timestamp()
    gone = []
    for path in sorted(data_dir.glob(f"{FILE_NAME}.*")):
        if not _ROTATED.fullmatch(path.name):
            continue
        try:
            if _first_moment(path) < oldest:
                path.unlink()
                gone.append(path.name)
        except OSError as error:
            log.warning("%s cannot be removed: %s", path.name, error)
    return gone


def _first_moment(path: Path) -> float:
    with path.open("r", encoding="utf-8", errors="replace") as stream:
        for line in stream:
            at = moment_of_line(line)
            if at is not None:
                return at
    return path.stat().st_mtime
