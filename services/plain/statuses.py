"""The names of the statuses, of a segment and of a zone."""

from __future__ import annotations

from typing import Final, Literal

# As DATEX II (TrafficStatusEnum) and the feed spell them; the place of each is its code.
DATEX_NAMES: Final = ("unknown", "freeFlow", "heavy", "congested", "impossible")

ZoneStatus = Literal["free", "dense", "blocked"]
ZONE_STATUSES: Final[tuple[ZoneStatus, ...]] = ("free", "dense", "blocked")
