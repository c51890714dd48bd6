"""Traffic to measure with: replies of the demo feed, and snapshots published one after another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from benchmarks.rows import REAL_REPLY, SEGMENTS
from services.city.rennes import RENNES
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import CheckedReply, check_reply
from services.traffic.snapshot import make_snapshot
from services.traffic.store import Store


@lru_cache(maxsize=1)
def demo_feed(segments: int = SEGMENTS) -> DemoFeed:
    """A demo feed of that size; the last one is kept, as it takes seconds to make a large one."""
    return DemoFeed(segments=segments)


def checked_replies(count: int, step: timedelta, segments: int = SEGMENTS) -> list[CheckedReply]:
    """Replies of the demo feed, checked, the last one observed now."""
    feed, now = demo_feed(segments), datetime.now(UTC)
    replies: list[CheckedReply] = []
    for ago in range(count - 1, -1, -1):
        at = now - ago * step
        replies.append(
            check_reply(
                feed.reply(at),
                city=RENNES,
                source="demo",
                received_at=now,
                known_network=replies[-1].network if replies else None,
            )
        )
    return replies


def real_reply() -> CheckedReply | None:
    """The real reply, checked, where it is there."""
    if not REAL_REPLY.exists():
        return None
    return check_reply(
        REAL_REPLY.read_bytes(), city=RENNES, source="live", received_at=datetime.now(UTC)
    )


class Publisher:
    """Publishes some checked replies in turn, round and round.

    Parameters
    ----------
    data_dir : Path
        Prepared if it is not; the first reply is published at once.
    replies : sequence of CheckedReply
    """

    def __init__(self, data_dir: Path, replies: Sequence[CheckedReply]) -> None:
        self._store = Store(RENNES, data_dir)
        self._store.prepare()
        self._replies = replies
        self._place = -1
        self._observed_at = replies[0].snapshot.observed_at
        self.publish_next()

    def publish_next(self) -> None:
        """Make the next reply the current one, not observed before the last: no page takes such."""
        self._place = (self._place + 1) % len(self._replies)
        checked = self._replies[self._place]
        told = checked.snapshot
        self._observed_at = max(self._observed_at, told.observed_at)
        snapshot = make_snapshot(
            network_version=told.network_version,
            observed_at=self._observed_at,
            received_at=told.received_at,
            source=told.source,
            columns=told.columns,
            rejected_rows=told.rejected_rows,
        )
        self._store.publish(checked.network, snapshot)
