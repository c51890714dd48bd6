"""What a zone will be in one hour of the week."""

from __future__ import annotations

from dataclasses import dataclass

from services.plain.statuses import ZONE_STATUSES, ZoneStatus


class StatusShares:
    """What follows from ``shares``, the probabilities in the order of ``ZONE_STATUSES``."""

    shares: tuple[float, ...]

    @property
    def status(self) -> ZoneStatus:
        """The likeliest status; the better one of two that are equally likely."""
        return ZONE_STATUSES[self.shares.index(max(self.shares))]

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
