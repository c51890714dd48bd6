"""A training beside a running service gives way to it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

# Behind the learner (5), which forecasts the next hour with what is left of the processor.
NICENESS: Final = 15
# Should memory run out, this one is ended and not the learner, the worker or the pages (0).
OUT_OF_MEMORY_SCORE: Final = 800
_SCORE_FILE: Final = Path("/proc/self/oom_score_adj")


def give_way() -> None:
    """Give way to everything else from now on."""
    os.nice(max(0, NICENESS - os.nice(0)))
    try:
        _SCORE_FILE.write_text(str(OUT_OF_MEMORY_SCORE), encoding="ascii")
    except OSError as error:
        log.info("no say in who is ended should memory run out: %s", error)
