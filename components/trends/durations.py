"""Durations as the figures of a period bear them: nobody feels the seconds of a mean."""

from __future__ import annotations

from typing import Final

from services.base.texts import Texts, formats

_MINUTE_S: Final = 60
# Of less, half a minute matters, and sums of what is told should agree.
_SHORT_S: Final = 1_200.0


def whole_minutes(texts: Texts, seconds: float) -> str:
    """A duration in minutes; what is below twenty of them, in whole seconds."""
    written = formats(texts)
    step_s = _MINUTE_S if seconds >= _SHORT_S else 1
    rounded_s = round(seconds / step_s) * step_s
    return written.duration(rounded_s) if rounded_s else written.quantity(0, "s")
