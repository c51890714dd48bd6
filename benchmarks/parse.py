"""From the bytes of a reply to a checked snapshot, against one small DataFrame per record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.baselines import plain_parse
from benchmarks.demo_traffic import demo_feed
from benchmarks.rows import (
    REAL_REPLY,
    SEGMENTS,
    Options,
    Row,
    Spread,
    Target,
    share,
    spread,
    times_less,
)
from benchmarks.timing import time_runs
from services.city.rennes import RENNES
from services.observe.feeds.reply import CheckedReply, check_reply
from services.traffic.snapshot import Source

TARGET: Final = Target(40, "at least", "ratio")
LINEAR_TARGET: Final = Target(1.5, "at most", "ratio")
LARGE_SIZES: Final = (30_000, 100_000)
_PLAIN: Final = "one DataFrame per record, unchecked"


@dataclass(frozen=True)
class Sample:
    """A reply to parse, and what was accepted before it."""

    body: bytes
    source: Source
    received_at: datetime
    before: CheckedReply | None

    def parse(self, before: CheckedReply | None) -> CheckedReply:
        """Check the reply, with or without an earlier one."""
        return check_reply(
            self.body,
            city=RENNES,
            source=self.source,
            received_at=self.received_at,
            known_network=None if before is None else before.network,
            previous=None if before is None else before.snapshot,
        )

    def parse_next(self) -> CheckedReply:
        """As the worker does from its second round on."""
        return self.parse(self.before)

    def parse_first(self) -> CheckedReply:
        """As on the first round: the network is built as well."""
        return self.parse(None)


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows of parsing."""
    feed, now = demo_feed(SEGMENTS), datetime.now(UTC)
    yield Row(
        f"simulated reply of {SEGMENTS:,} segments",
        _milliseconds(lambda: feed.reply(now), options.repeat(9, 3)),
    )
    demo = _demo_sample(SEGMENTS)
    yield from _against_plain("demo reply", demo, options)
    if REAL_REPLY.exists():
        yield from _against_plain("real reply of 2024-08-26", _real_sample(), options)
    per_segment = _per_segment(demo, SEGMENTS, options.repeat(9, 3))
    for segments in LARGE_SIZES:
        large = _per_segment(_demo_sample(segments), segments, options.repeat(5, 2))
        yield Row(
            f"reply → snapshot, per segment of {segments:,}",
            large,
            per_segment,
            f"per segment of {SEGMENTS:,}",
            share(large, per_segment),
            LINEAR_TARGET,
        )


def _against_plain(name: str, sample: Sample, options: Options) -> Iterator[Row]:
    plain = _milliseconds(lambda: plain_parse(sample.body), options.repeat(3, 1))
    following = _milliseconds(sample.parse_next, options.repeat(21, 5))
    segments = len(sample.parse_next().network)
    yield Row(
        f"{name}, {segments:,} segments → checked snapshot",
        following,
        plain,
        _PLAIN,
        times_less(following, plain),
        TARGET,
        "its network known, as from the second reply on",
    )
    first = _milliseconds(sample.parse_first, options.repeat(21, 5))
    yield Row(
        f"{name}, the first: network built too", first, plain, _PLAIN, times_less(first, plain)
    )


def _milliseconds(action: Callable[[], object], runs: int) -> Spread:
    return spread(time_runs(action, runs), "ms", 1e3)


def _per_segment(sample: Sample, segments: int, runs: int) -> Spread:
    return spread(time_runs(sample.parse_next, runs), "µs", 1e6 / segments)


def _demo_sample(segments: int) -> Sample:
    feed, now = demo_feed(segments), datetime.now(UTC)
    earlier = now - timedelta(minutes=3)
    before = check_reply(feed.reply(earlier), city=RENNES, source="demo", received_at=earlier)
    return Sample(feed.reply(now), "demo", now, before)


def _real_sample() -> Sample:
    alone = Sample(REAL_REPLY.read_bytes(), "live", datetime.now(UTC), None)
    return Sample(alone.body, alone.source, alone.received_at, alone.parse_first())
