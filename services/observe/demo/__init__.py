"""The demo feed: a schematic, simulated Rennes for when the live feed is not there."""

from __future__ import annotations

from services.observe.demo.feed import DEFAULT_SEED, DemoFeed
from services.observe.demo.segments import MAX_SEGMENTS, MIN_SEGMENTS, NOMINAL_SEGMENTS, DemoNetwork
from services.observe.demo.traffic import DemoObservations

__all__ = [
    "DEFAULT_SEED",
    "MAX_SEGMENTS",
    "MIN_SEGMENTS",
    "NOMINAL_SEGMENTS",
    "DemoFeed",
    "DemoNetwork",
    "DemoObservations",
]
