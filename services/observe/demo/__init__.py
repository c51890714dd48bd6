"""The demo feed: simulated traffic on the roads of Rennes, for when the live feed is not there."""

from __future__ import annotations

from services.observe.demo.feed import DEFAULT_SEED, DemoFeed
from services.observe.demo.incidents import InjectedEvent
from services.observe.demo.network import MAX_SEGMENTS, DemoNetwork
from services.observe.demo.roadworks import DemoRoadworks
from services.observe.demo.traffic import DemoObservations

__all__ = [
    "DEFAULT_SEED",
    "MAX_SEGMENTS",
    "DemoFeed",
    "DemoNetwork",
    "DemoObservations",
    "DemoRoadworks",
    "InjectedEvent",
]
