"""Where the worker gets its replies: the live feed, or another that speaks as it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.base.http import FetchLimits, fetch
from services.base.settings import Settings
from services.city.city import City
from services.traffic.snapshot import Source


def roadworks_address(settings: Settings, city: City) -> str:
    """Where the list of roadworks is asked for; "" where none is.

    That of the city goes with its own feed of traffic: another one may be of another place.
    """
    if settings.roadworks_url is not None:
        return settings.roadworks_url
    return (city.roadworks_url or "") if settings.feed_url is None else ""


class Feed(Protocol):
    """A source of replies in the JSON of the Rennes API."""

    @property
    def source(self) -> Source:
        """What its snapshots are called."""
        ...

    def reply(self, at: datetime) -> bytes:
        """The reply at an aware time.

        Raises
        ------
        FeedError
        """
        ...


@dataclass(frozen=True)
class LiveFeed:
    """The open-data feed of Rennes Métropole (licence ODbL)."""

    url: str
    limits: FetchLimits | None = None
    source: Source = "live"

    def reply(self, at: datetime) -> bytes:  # noqa: ARG002 - the live feed knows the time
        """The reply as it is now, whatever the time asked for."""
        return fetch(self.url, self.limits)
