"""How the places that rules name fare now: the worker tells the watch, which has no numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

FILE: Final = Path("places") / "current.json"

PlaceState = Literal["known", "unknown", "closed", "gone", "several"]
"""``unknown``: too little is measured; ``closed``: it cannot be driven; ``gone``: the network has
no such place any more, or never had; ``several``: more than one place is called so."""


@dataclass(frozen=True)
class PlaceNow:
    """A place and its traffic.

    Attributes
    ----------
    place : str
        As the rule names it: ``corridor:KEY``, ``troncon:KEY or words``, ``zone:NAME``.
    words : mapping
        What people call it, by language; empty where it is not there.
    key : str
        Its key in addresses of Tendances; empty where it is not there.
    time_s : float or None
        Seconds to drive it now; None of a zone, and where too little is known.
    usual_s : float or None
        The same as it usually is at this hour.
    over_usual : float or None
        Time more than usual, as a share of the usual: 0.3 is 30 % more; of a zone on average.
    congestion : float or None
        Time more than in free flow, as a share of that.
    """

    place: str
    state: PlaceState
    words: Mapping[str, str]
    key: str = field(default="", kw_only=True)
    time_s: float | None = None
    usual_s: float | None = None
    over_usual: float | None = None
    congestion: float | None = None


@dataclass(frozen=True)
class PlacesNow:
    """All of them, of one snapshot.

    Attributes
    ----------
    source : {"live", "demo", "archive"}
    observed_at : str
        ISO 8601, UTC.
    """

    source: Literal["live", "demo", "archive"]
    observed_at: str
    places: Sequence[PlaceNow]

    @property
    def observed(self) -> datetime:
        """When it was observed, aware."""
        return datetime.fromisoformat(self.observed_at)
