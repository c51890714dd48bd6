"""The demo feed: a schematic, simulated Rennes for when the live feed is not there."""

from __future__ import annotations

from services.feeds.demo.feed import DEFAULT_SEED, DemoFeed, period_start
from services.feeds.demo.network import (
    MAX_SEGMENTS,
    MIN_SEGMENTS,
    NOMINAL_SEGMENTS,
    DemoNetwork,
)
from services.feeds.demo.traffic import DemoObservations

__all__ = [
    "DEFAULT_SEED",
    "MAX_SEGMENTS",
    "MIN_SEGMENTS",
    "NOMINAL_SEGMENTS",
    "DemoFeed",
    "DemoNetwork",
    "DemoObservations",
    "period_start",
]
