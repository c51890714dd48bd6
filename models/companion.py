"""A training beside a running service: it gives way, and does not outlive who started it."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

# Behind the learner (5), which forecasts the next hour with what is left of the processor.
NICENESS: Final = 15
# Should memory run out, this one is ended and not the learner, the worker or the pages (0).
OUT_OF_MEMORY_SCORE: Final = 800
_PARENT_CHECK_SECONDS: Final = 1.0
_SCORE_FILE: Final = Path("/proc/self/oom_score_adj")


def attend(parent: int) -> None:
    """Give way to everything else from now on, and end when a process is gone.

    Parameters
    ----------
    parent : int
        The id of the process that started this one.
    """
    os.nice(max(0, NICENESS - os.nice(0)))
    try:
        _SCORE_FILE.write_text(str(OUT_OF_MEMORY_SCORE), encoding="ascii")
    except OSError as error:
        log.info("no say in who is ended should memory run out: %s", error)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    # Every file appears by atomic rename: nothing has to be tidied up.
    os._exit(1)
