"""The lines of the journal around a moment."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from services.base.journal import FILE_NAME
from services.base.journal.lines import moment_of_line

BEFORE_SECONDS: Final = 60.0
MAX_LINES: Final = 40
# Some thousand lines: what happened long before is not looked for.
_READ_BYTES: Final = 300_000


def journal_around(data_dir: Path, start: datetime, end: datetime) -> list[str]:
    """The last lines from a minute before a time until another one; empty when unreadable.

    Parameters
    ----------
    start, end : datetime
        Aware.
    """
    try:
        with (data_dir / FILE_NAME).open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _READ_BYTES))
            # At nothing but what ends a line of the journal: messages may hold other separators.
            lines = stream.read().decode("utf-8", "replace").removesuffix("\n").split("\n")
    except OSError:
        return []
    first, last = start.timestamp() - BEFORE_SECONDS, end.timestamp() + 1
    kept, inside = [], False
    for line in lines:
        at = moment_of_line(line)
        # A line without a time belongs to the one before: a traceback.
        inside = inside if at is None else first <= at <= last
        if inside:
            kept.append(line)
    return kept[-MAX_LINES:]
