"""Unusual events of a snapshot: following them, against looking at one segment after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from benchmarks.demo_traffic import demo_feed
from benchmarks.rows import Options, Row, Spread, Target, spread, times_less
from benchmarks.timing import time_runs
from services.city.rennes import RENNES
from services.observe.feeds.reply import CheckedReply, check_reply
from services.traffic.events import Followed, follow_events
from services.traffic.usual import UsualRatios, compare
from services.traffic.usual_hour import UsualHour, hour_start

FOLLOW_TARGET: Final = Target(20, "at most")

# A Tuesday evening on which hundreds of segments are slower than this usual has it.
RUSH: Final = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
_RATIOS: Final = (0.7, 0.75, 0.8, 0.9, 1.0)
STEP: Final = timedelta(minutes=3)


def measure(options: Options) -> Iterator[Row]:
    """Yield one row: what a snapshot takes that has more events than any hour."""
    first, second = _checked(RUSH), _checked(RUSH + STEP)
    usual = usual_of(first)
    network = first.network
    known, _ = follow_events(None, network, first.snapshot, usual)
    runs = options.repeat(31, 7)

    def follow() -> Followed:
        return follow_events(known, network, second.snapshot, usual)[0]

    def look_at_each() -> None:
        ratio = second.snapshot.columns["speed_kmh"] / first.network.speed_limit_kmh
        for segment in range(len(first.network)):
            compare(ratio[segment], UsualRatios(*_RATIOS, observations=100), single=True)

    here, plain = _time(follow, runs), _time(look_at_each, options.repeat(5, 1))
    yield Row(
        f"unusual events of a snapshot, {len(first.network):,} segments, "
        f"{len(known.events)} slow places",
        here,
        plain,
        "comparing one segment after the other",
        times_less(here, plain),
        FOLLOW_TARGET,
    )


def _checked(at: datetime) -> CheckedReply:
    return check_reply(demo_feed().reply(at), city=RENNES, source="demo", received_at=at)


def usual_of(checked: CheckedReply) -> UsualHour:
    """What is usual of every segment at that hour: the same for all."""

    def ratios(size: int) -> UsualRatios:
        columns = [np.full(size, ratio, np.float32) for ratio in _RATIOS]
        return UsualRatios(*columns, observations=np.full(size, 100, np.uint32))

    network, snapshot = checked.network, checked.snapshot
    return UsualHour(
        source=snapshot.source,
        network_version=network.version,
        start=hour_start(snapshot.observed_at),
        segments=ratios(len(network)),
        zones=ratios(len(network.city.zones)),
    )


def _time(action: Callable[[], object], runs: int) -> Spread:
    return spread(time_runs(action, runs), "ms", 1e3)
