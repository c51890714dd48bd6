"""Answers kept for who asks the same again, within a bound of memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from services.plain.trends.asking import Failed
from services.trends.messages import Answered, Question

# Whoever asked before something was written gets what was computed: what takes longer than the
# time between two writings would else never be answered.
FRESH_SECONDS: Final = 5.0
# What exceeded a limit would do so again; in a minute the machine may be less busy.
FAILURE_SECONDS: Final = 60.0
# What a place among the others takes, besides what was asked and what came of it.
_OVERHEAD_BYTES: Final = 1_024


@dataclass(frozen=True)
class _Kept:
    outcome: Answered | Failed
    version: str
    fresh_until_s: float
    until_s: float
    size: int


class KeptAnswers:
    """The last answers, those asked for longest ago going first. Not safe to share.

    Parameters
    ----------
    max_bytes : int
        Of all together; the newest is kept whatever its size.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Question, _Kept] = OrderedDict()
        self.size = 0

    def find(self, question: Question, version: str) -> Answered | Failed | None:
        """What is known of a question, of this version of the data or quite new."""
        kept = self._kept.get(question)
        now_s = time.monotonic()
        if kept is None or now_s > kept.until_s:
            return None
        if kept.version != version and now_s > kept.fresh_until_s:
            return None
        self._kept.move_to_end(question)
        return kept.outcome

    def keep(self, question: Question, version: str, outcome: Answered | Failed) -> None:
        """Keep what came of a question."""
        self._drop(question)
        now_s = time.monotonic()
        size = _OVERHEAD_BYTES + len(question.query)
        if isinstance(outcome, Answered):
            lasts_s, size = math.inf, size + len(outcome.answer)
        else:
            size += len(outcome.detail)
            # What broke may be mended, and is tried again at once.
            lasts_s = FRESH_SECONDS if outcome.reason == "failed" else FAILURE_SECONDS
        self._kept[question] = _Kept(outcome, version, now_s + FRESH_SECONDS, now_s + lasts_s, size)
        self.size += size
        while self.size > self._max_bytes and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, question: Question) -> None:
        kept = self._kept.pop(question, None)
        if kept is not None:
            self.size -= kept.size
