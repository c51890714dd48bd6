"""One round of observing: get a reply, check it, keep it, publish it.

Sources, in order: the live feed; the last live snapshot, as an archive; the
simulated feed. ``TRAFFIC_SOURCE`` narrows the choice.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from services import history
from services.clock import Clock
from services.errors import FeedError, FeedRefused, FeedUnreachable, StorageError
from services.feeds.reply import CheckedReply, check_reply
from services.feeds.sources import Feed
from services.history.usual_hour import read_usual_hour
from services.indicators import status_counts
from services.metrics import WorkMetrics, metric_registry
from services.metrics.work import FetchOutcome
from services.network import Network
from services.snapshot import Snapshot, Source
from services.store import Store, WorkerState
from services.usual_hour import UsualHour

log = logging.getLogger(__name__)

# A feed that fails for less than this is hardly worth a warning on the page:
# what it last said is still as fresh as it usually is (3 to 5 minutes behind).
ARCHIVE_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Accepted:
    """The last accepted reply of a source: what the next one is checked against."""

    network: Network | None = None
    snapshot: Snapshot | None = None


class Observer:
    """Observes once per call of :meth:`observe`; remembers what it needs in between.

    Parameters
    ----------
    store : Store
    live : Feed or None
        None when only the simulated feed is wanted.
    demo : Feed or None
        None when only the live feed is wanted.
    clock : Clock
    metrics : WorkMetrics, optional
        Told how each round went.
    """

    def __init__(
        self,
        store: Store,
        live: Feed | None,
        demo: Feed | None,
        clock: Clock,
        metrics: WorkMetrics | None = None,
    ) -> None:
        self._store = store
        self._live = live
        self._demo = demo
        self._clock = clock
        self._metrics = metrics or WorkMetrics(metric_registry(), "worker")
        self._accepted: dict[Source, Accepted] = {}
        self._live_not_before = clock()
        self._usual: UsualHour | None = None
        self._state = store.worker_state() or WorkerState("", None, 0, None)

    def observe(self) -> Snapshot | None:
        """One round. Never raises for a feed or a disk: both are journalled and retried next time.

        Returns
        -------
        Snapshot or None
            What is published after the round, None when there is nothing to show.
        """
        try:
            snapshot = self._round()
        except StorageError as error:
            log.error("nothing published: %s", error)
            self._note_failure(str(error))
            return None
        return snapshot

    def _round(self) -> Snapshot | None:
        if self._live is not None:
            return self._live_round(self._live)
        snapshot = self._demo_round()
        self._note_success()
        return snapshot

    def _live_round(self, live: Feed) -> Snapshot | None:
        if self._clock() < self._live_not_before:
            return self._fall_back()
        try:
            snapshot = self._accept(live)
        except FeedError as error:
            log.warning("live feed: %s", error)
            self._note_failure(str(error))
            self._heed_retry_after(error)
            return self._fall_back()
        self._note_success()
        return snapshot

    def _heed_retry_after(self, error: FeedError) -> None:
        pause_s = error.retry_after_s if isinstance(error, FeedUnreachable) else None
        if pause_s:
            self._live_not_before = self._clock() + timedelta(seconds=pause_s)
            log.warning("live feed: left alone until %s, as it asked", self._live_not_before)

    def _fall_back(self) -> Snapshot | None:
        """The last live snapshot, as an archive once it is old; without one, the simulated feed."""
        last = self._last_accepted("live").snapshot
        if last is None:
            return self._demo_round()
        if self._clock() - last.observed_at < ARCHIVE_AFTER:
            return last
        archive = last.with_source("archive")
        current = self._store.current_snapshot()
        if current is None or current.version != archive.version:
            log.warning("showing the last live snapshot, observed at %s", last.observed_at)
            self._store.publish(self._store.network(archive.network_version), archive)
        return archive

    def _demo_round(self) -> Snapshot | None:
        return None if self._demo is None else self._accept(self._demo)

    def _accept(self, feed: Feed) -> Snapshot:
        """Fetch, check, keep and publish one reply of a feed, and count how it went."""
        started = time.monotonic()
        outcome: FetchOutcome = "ok"
        try:
            return self._accept_reply(feed)
        except FeedError as error:
            outcome = "refused" if isinstance(error, FeedRefused) else "unreachable"
            raise
        finally:
            self._metrics.fetched(feed.source, outcome, time.monotonic() - started)

    def _accept_reply(self, feed: Feed) -> Snapshot:
        body = feed.reply(self._clock())
        last = self._last_accepted(feed.source)
        checked = check_reply(
            body,
            source=feed.source,
            received_at=self._clock(),
            known_network=last.network,
            previous=last.snapshot,
        )
        self._accepted[feed.source] = Accepted(checked.network, checked.snapshot)
        if last.snapshot is None or checked.snapshot.version != last.snapshot.version:
            self._journal(checked)
        self._look_up_usual(checked)
        self._keep(checked)
        self._store.publish(checked.network, checked.snapshot)
        counts = status_counts(checked.snapshot.status_codes())
        self._metrics.accepted(feed.source, checked.snapshot.observed_at, counts)
        return checked.snapshot

    def _keep(self, checked: CheckedReply) -> None:
        """History first, so that what is shown is also kept; a full disk must not hide the news."""
        try:
            history.append_snapshot(self._store.data_dir, checked.snapshot)
            self._metrics.history_written(checked.snapshot.source, self._clock())
        except StorageError as error:
            log.error("history not written: %s", error)

    def _look_up_usual(self, checked: CheckedReply) -> None:
        """Once an hour, what is usual at it, for the pages to compare with.

        Before the hour's first snapshot is kept, so that traffic is not compared with itself.
        """
        try:
            usual = self._usual or self._usual_before_start()
            if usual is None or not usual.tells_of(checked.snapshot):
                snapshot, network = checked.snapshot, checked.network
                usual = read_usual_hour(
                    self._store.data_dir, snapshot.source, network, snapshot.observed_at
                )
                self._store.write_usual_hour(usual)
            self._usual = usual
        except StorageError as error:
            log.error("the usual traffic was not looked up: %s", error)

    def _journal(self, checked: CheckedReply) -> None:
        snapshot = checked.snapshot
        log.info(
            "%s snapshot %s observed at %s: %d segments, network %s",
            snapshot.source,
            snapshot.version,
            snapshot.observed_at.isoformat(),
            len(checked.network),
            checked.network.version,
        )
        if snapshot.rejected_rows:
            log.warning("%d rows failed a check and show as unknown", snapshot.rejected_rows)

    def _last_accepted(self, source: Source) -> Accepted:
        if source not in self._accepted:
            self._accepted[source] = self._accepted_before_start(source)
        return self._accepted[source]

    def _accepted_before_start(self, source: Source) -> Accepted:
        """What an earlier worker left; a damaged file only means starting afresh."""
        try:
            if source == "live":
                snapshot = self._store.last_live_snapshot()
            else:
                snapshot = self._store.current_snapshot()
            if snapshot is None or snapshot.source != source:
                return Accepted()
            return Accepted(self._store.network(snapshot.network_version), snapshot)
        except StorageError as error:
            log.error("the last %s snapshot cannot be read: %s", source, error)
            return Accepted()

    def _usual_before_start(self) -> UsualHour | None:
        """What an earlier worker looked up; a damaged file only means looking it up again."""
        try:
            return self._store.usual_hour()
        except StorageError as error:
            log.error("the usual of this hour is looked up again: %s", error)
            return None

    def _note_success(self) -> None:
        now = self._clock().isoformat()
        self._write_state(WorkerState(now, now, 0, None))

    def _note_failure(self, reason: str) -> None:
        self._write_state(
            replace(
                self._state,
                last_attempt_at=self._clock().isoformat(),
                consecutive_failures=self._state.consecutive_failures + 1,
                last_error=reason,
            )
        )

    def _write_state(self, state: WorkerState) -> None:
        self._state = state
        try:
            self._store.write_worker_state(state)
        except StorageError as error:
            log.error("worker state not written: %s", error)
