"""Where the demo feed has roadworks and when, and what they slow: the same for traffic and list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.observe.demo import noise
from services.observe.demo.demand import LocalTime
from services.observe.demo.network import DemoNetwork

# One site begins in each slot of so many days, and lasts 17 days on average: eight or nine at a
# time, of which three or four slow the traffic.
_SLOT_DAYS: Final = 2
_MIN_DAYS: Final = 3
_MAX_DAYS: Final = 45
# How far a site and its queue reach back along the road.
_SITE_M: Final = 150.0
_QUEUE_M: Final = 500.0
_NIGHT_HOURS: Final = (21, 6)


@dataclass(frozen=True)
class Plan:
    """What is done at a site.

    Parameters
    ----------
    share : float
        Of all sites.
    kind, level : str
        As the feed words them.
    delay : float
        Free-flow travel times added at the site; less behind it.
    is_closed : bool
    is_at_night : bool
        Whether traffic is slowed by night alone.
    """

    share: float
    kind: str
    level: str | None
    delay: float = 0.0
    is_closed: bool = False
    is_at_night: bool = False


_PLANS: Final = (
    Plan(0.10, "Circulation interdite", "Secteur à éviter", is_closed=True),
    Plan(0.20, "Circulation alternée", "Circulation difficile", delay=1.2),
    Plan(0.25, "Rétrécissement temporaire de largeur de voie", "Impact limité", delay=0.35),
    Plan(0.10, "Voie de circulation neutralisée", None, delay=0.5),
    Plan(0.10, "Circulation alternée", "Travaux de nuit", delay=0.8, is_at_night=True),
    Plan(0.25, "Interdiction de stationnement", "Impact nul"),
)


@dataclass(frozen=True)
class Site:
    """A roadwork.

    Parameters
    ----------
    number : int
        Of its slot.
    first_day, last_day : int
        Local days since 1970, both included.
    segments : tuple of int
        Indices into the network, in the direction of travel.
    plan : Plan
    """

    number: int
    first_day: int
    last_day: int
    segments: tuple[int, ...]
    plan: Plan


class SiteAtWork(NamedTuple):
    """A site, and at which of some instants it closes or slows roads, as indices."""

    site: Site
    rows: NDArray[np.int64]


def sites_within(network: DemoNetwork, seed: int, first_day: int, last_day: int) -> list[Site]:
    """Return the sites of which a day lies within some local days, in order of their slots."""
    places = np.cumsum(network.length_m, dtype=np.float64)
    found = []
    for slot in range((first_day - _MAX_DAYS) // _SLOT_DAYS, last_day // _SLOT_DAYS + 1):
        where, when, how_long, what = noise.uniforms(seed, noise.Purpose.ROADWORK, slot, 4).tolist()
        begins = slot * _SLOT_DAYS + int(when * _SLOT_DAYS)
        ends = begins + _MIN_DAYS + int((_MAX_DAYS - _MIN_DAYS) * how_long * how_long) - 1
        if begins <= last_day and ends >= first_day:
            head = int(np.searchsorted(places, where * places[-1], side="right"))
            segments = _segments_at(network, min(head, len(network) - 1))
            found.append(Site(slot, begins, ends, segments, _plan(what)))
    return found


def sites_at(network: DemoNetwork, seed: int, local: LocalTime) -> list[SiteAtWork]:
    """Return the sites that close or slow roads at any of the given instants."""
    sites = sites_within(network, seed, int(local.day.min()), int(local.day.max()))
    is_night = (local.hour >= _NIGHT_HOURS[0]) | (local.hour < _NIGHT_HOURS[1])
    found = []
    for site in sites:
        is_on = (local.day >= site.first_day) & (local.day <= site.last_day)
        if site.plan.is_at_night:
            is_on &= is_night
        if is_on.any() and (site.plan.is_closed or site.plan.delay):
            found.append(SiteAtWork(site, np.flatnonzero(is_on)))
    return found


def delay_at_site(
    site: Site, network: DemoNetwork
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Say which segments a site slows, and by how many free-flow travel times each."""
    head = site.segments[-1]
    upstream_m = network.position_m[head] - network.position_m
    same_road = network.corridor == network.corridor[head]
    columns = np.flatnonzero(same_road & (upstream_m >= 0) & (upstream_m <= _QUEUE_M))
    share = np.where(np.isin(columns, site.segments), 1.0, 1.0 - upstream_m[columns] / _QUEUE_M)
    return columns, (site.plan.delay * share).astype(np.float32)


def _segments_at(network: DemoNetwork, head: int) -> tuple[int, ...]:
    """A segment and those just before it on its road, in the direction of travel."""
    behind_m = network.position_m[head] - network.position_m
    same_road = network.corridor == network.corridor[head]
    found = np.flatnonzero(same_road & (behind_m >= 0) & (behind_m <= _SITE_M))
    return tuple(found[np.argsort(network.position_m[found], kind="stable")].tolist())


def _plan(lot: float) -> Plan:
    shares = np.cumsum([plan.share for plan in _PLANS])
    return _PLANS[min(int(np.searchsorted(shares, lot, side="right")), len(_PLANS) - 1)]
