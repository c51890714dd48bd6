"""What a zone will be in one hour of the week, and what such a forecast rests on.

One rule for whatever is told of times to come, on the map, in cards, in the strip of hours and by
the API. What has a basis, a model that knows the place or observations of it, is told: its
likeliest status, with its probability. It is told firmly, in bold, when that status is at least as
likely as all the others together; else it leans that way ("plutôt dense"), in plain weight.
Nothing is told of what has no basis: "Incertain", or a dash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from services.plain.statuses import ZONE_STATUSES, ZoneStatus

# Of the likeliest status, in whole percent as it is told: at least as likely as all the others
# together.
FIRM_PROBABILITY: Final = 0.5
_PERCENT_DECIMALS: Final = 2

QUANTILES: Final = {"p10": 0.10, "p50": 0.50, "p90": 0.90}
"""Of speed ratios to come, as forecasts of every kind tell them: names and shares below."""

Origin = Literal["initial", "average", "observed"]
"""A model that learned from simulated traffic; what was observed at that hour, shown instead of
one; a model that learned from observed traffic."""


@dataclass(frozen=True)
class Basis:
    """What some forecasts rest on.

    Attributes
    ----------
    observed_share : float
        Weight of what was observed ÷ weight of all they rest on, 0 to 1.
    trained_days : int
        Days that the model learned from.
    """

    origin: Origin
    observed_share: float
    trained_days: int


class StatusShares:
    """What follows from ``shares``, the probabilities in the order of ``ZONE_STATUSES``."""

    shares: tuple[float, ...]

    @property
    def status(self) -> ZoneStatus:
        """The likeliest status; the better one of two that are equally likely."""
        return ZONE_STATUSES[self.shares.index(max(self.shares))]

    @property
    def is_firm(self) -> bool:
        """Whether the likeliest status is at least as likely as all the others together."""
        return round(max(self.shares), _PERCENT_DECIMALS) >= FIRM_PROBABILITY

    @property
    def probabilities(self) -> dict[ZoneStatus, float]:
        """Probability of each status, by name."""
        return dict(zip(ZONE_STATUSES, self.shares, strict=True))


@dataclass(frozen=True)
class Forecast(StatusShares):
    """What a zone will be in one hour of the week.

    Attributes
    ----------
    zone : str
    day : int
        0 for Monday to 6 for Sunday.
    hour : int
        0 to 23, local time; the hour that begins then.
    shares : tuple of float
        Probabilities in the order of ``ZONE_STATUSES``; their sum is 1.
    """

    zone: str
    day: int
    hour: int
    shares: tuple[float, ...]
