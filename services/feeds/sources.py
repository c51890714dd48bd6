"""Where the worker gets its replies: the live feed, or the simulated one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import requests

from services.feeds.http import FetchLimits, fetch, make_session
from services.snapshot import Source


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
    session: requests.Session
    limits: FetchLimits
    source: Source = "live"

    def reply(self, at: datetime) -> bytes:  # noqa: ARG002 - the live feed knows the time
        """The reply as it is now, whatever the time asked for."""
        return fetch(self.session, self.url, self.limits)


@dataclass(frozen=True)
class SimulatedFeed:
    """A feed whose replies are computed."""

    simulate: Callable[[datetime], bytes]
    source: Source = "demo"

    def reply(self, at: datetime) -> bytes:
        """The simulated reply at an aware time."""
        return self.simulate(at)


def live_feed(url: str, limits: FetchLimits | None = None) -> LiveFeed:
    """The live feed at an address, with a session of its own."""
    limits = limits or FetchLimits()
    return LiveFeed(url, make_session(limits), limits)
