"""What happened at a place in a period, as marks that figures carry."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

MarkKind = Literal[
    "event", "roadwork", "public_holiday", "school_holiday", "model", "no_data", "damaged"
]
MARK_KINDS: Final[tuple[MarkKind, ...]] = get_args(MarkKind)


class Mark(msgspec.Struct, frozen=True):
    """Something that happened, or that was so, from a time until another one.

    Parameters
    ----------
    kind : MarkKind
        An unusual event, a roadwork, a holiday, another model in use, days without data or whose
        data cannot be read.
    start, end : datetime
        Aware, UTC: the end is that of the last day of what has whole days, and the same as the
        start of what happened at once. What lasts longer than the period is not cut to it, but for
        holidays and days without data.
    what : str
        Of a roadwork where it was, in the publisher's words; of an event its likely cause, in the
        same words; of a model its version; else "".
    where : tuple
        Of an event its road, as ``services.traffic.stretch_wording.stretch_parts`` has it.
    detail : str
        Of a roadwork a level of ``services.plain.roadworks``; of a model its kind.
    delay_s : float or None
        Of an event: seconds more than usual that driving through it took at its worst.
    segments : tuple of int
        Of events and roadworks those of the place that it was on, in the network's order.
    lasts : bool
        Whether it is not over.
    key : str
        Of an event or a roadwork: names it.
    """

    kind: MarkKind
    start: datetime
    end: datetime
    what: str = ""
    where: tuple[str | int, ...] = ()
    detail: str = ""
    delay_s: float | None = None
    segments: tuple[int, ...] = ()
    lasts: bool = False
    key: str = ""
