"""The history: every snapshot kept as Parquet, and what is usual learnt from it.

What the other rooms use is named here; ``python -m services.history --help``
tells the commands. Where files lie: ``services.history.layout``.
"""

from __future__ import annotations

from services.history.reading import files
from services.history.recording import append_snapshot, write_day
from services.history.rows import COLUMNS, Observations

__all__ = [
    "COLUMNS",
    "Observations",
    "append_snapshot",
    "files",
    "write_day",
]
