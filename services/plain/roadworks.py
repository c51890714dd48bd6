"""How much roadworks disturb the traffic: the names of the levels."""

from __future__ import annotations

from typing import Final, Literal, get_args

RoadworkLevel = Literal["avoid", "difficult", "limited", "unknown", "night", "none"]
# From the worst. What nobody has told may disturb; works at night and without effect do less.
ROADWORK_LEVELS: Final[tuple[RoadworkLevel, ...]] = get_args(RoadworkLevel)
