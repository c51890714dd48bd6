"""One round of observing: get a reply, check it, keep it, publish it.

Sources, in order: the live feed; the last live snapshot, as an archive; the
simulated feed. ``TRAFFIC_SOURCE`` narrows the choice.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.base.clock import Clock
from services.base.errors import FeedError, FeedUnreachable, StorageError, TrafficError
from services.base.files import FileStamp, stamp_of
from services.base.privacy import without_personal_data
from services.city.city import City
from services.history import writer
from services.history.rollups import SEGMENTS, path_of
from services.history.typical import read_usual_hour
from services.metrics.shared_directory import metric_registry
from services.metrics.work import FetchOutcome, WorkMetrics
from services.observe.event_keeper import EventKeeper
from services.observe.feeds.reply import CheckedReply, check_reply
from services.observe.feeds.sources import Feed
from services.traffic.indicators import status_counts
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot, Source
from services.traffic.store import Store, WorkerState
from services.traffic.usual_hour import UsualHour

log = logging.getLogger(__name__)

# A feed that fails for less than this is hardly worth a warning on the page:
# what it last said is still as fresh as it usually is (3 to 5 minutes behind).
ARCHIVE_AFTER: Final = timedelta(minutes=10)
# A server that asks for more than this is asked again all the same: its clock may be wrong.
MAX_PAUSE: Final = timedelta(hours=1)
# A network changes about once a year, and a publisher may need another go. One that changes with
# every reply would have every browser fetch a megabyte each time, and a file kept for each.
NETWORK_CHANGES_A_DAY: Final = 3
# What a stranger sent is told no further than this.
_REASON_CHARACTERS: Final = 300


class Accepted(NamedTuple):
    """The last accepted reply of a source: what the next one is checked against."""

    network: Network | None = None
    snapshot: Snapshot | None = None


class Observer:
    """Observes once per call of :meth:`observe`; remembers what it needs in between.

    Parameters
    ----------
    live : Feed or None
        None when only the simulated feed is wanted.
    demo : Feed or None
        None when only the live feed is wanted.
    metrics : WorkMetrics, optional
        Told how each round went.
    city : City
        That the feeds are of.
    events : EventKeeper, optional
        Follows what is unusual.
    """

    def __init__(
        self,
        store: Store,
        live: Feed | None,
        demo: Feed | None,
        clock: Clock,
        metrics: WorkMetrics | None = None,
        *,
        city: City,
        events: EventKeeper | None = None,
    ) -> None:
        self._store = store
        self._events = events
        self._city = city
        self._live = live
        self._demo = demo
        self._clock = clock
        self._metrics = metrics or WorkMetrics(metric_registry(), "worker")
        self._accepted: dict[Source, Accepted] = {}
        self._network_changes: list[datetime] = []
        self._live_pause: tuple[datetime, datetime] | None = None
        self._usual: UsualHour | None = None
        self._rollups: FileStamp | None = None
        self._state = store.worker_state() or WorkerState("", None, 0, None)

    def observe(self) -> Snapshot | None:
        """One round. Never raises, whatever went wrong: it is journalled, counted and tried again.

        Returns
        -------
        Snapshot or None
            What is published after the round, None when there is nothing to show.
        """
        try:
            return self._round()
        except Exception as error:  # the next round comes whatever this one met
            self._note_failure("nothing published", error)
            return None

    def _round(self) -> Snapshot | None:
        if self._live is not None:
            return self._live_round(self._live)
        snapshot = self._demo_round()
        self._note_success()
        return snapshot

    def _live_round(self, live: Feed) -> Snapshot | None:
        if self._is_left_alone():
            return self._fall_back()
        try:
            snapshot = self._accept(live)
        except StorageError:
            raise
        except Exception as error:  # strangers send what nobody foresaw
            self._note_failure("live feed", error, feed_fails=True)
            self._heed_retry_after(error)
            try:
                return self._fall_back()
            except Exception as other:  # counted above already
                journal_error("nothing to show instead", other)
                return None
        self._note_success()
        return snapshot

    def _is_left_alone(self) -> bool:
        """Whether the live feed has asked for a pause that lasts; a clock that jumps ends it."""
        return self._live_pause is not None and (
            self._live_pause[0] <= self._clock() < self._live_pause[1]
        )

    def _heed_retry_after(self, error: Exception) -> None:
        pause_s = error.retry_after_s if isinstance(error, FeedUnreachable) else None
        if pause_s:
            now = self._clock()
            until = now + min(timedelta(seconds=pause_s), MAX_PAUSE)
            self._live_pause = now, until
            log.warning("live feed: left alone until %s, as it asked", until)

    def _fall_back(self) -> Snapshot | None:
        """The last live snapshot, as an archive once it is old; without one, the simulated feed."""
        network, last = self._last_accepted("live")
        if network is None or last is None:
            return self._demo_round()
        # One observed at a time that is yet to come tells of a wrong clock, not of the present.
        if abs(self._clock() - last.observed_at) < ARCHIVE_AFTER:
            return last
        archive = last.with_source("archive")
        if not self._is_published(archive):
            log.warning("showing the last live snapshot, observed at %s", last.observed_at)
            self._store.publish(network, archive)
        return archive

    def _is_published(self, snapshot: Snapshot) -> bool:
        """Whether pages can show it already; what cannot be read is published again."""
        try:
            current = self._store.current_snapshot()
        except StorageError as error:
            journal_error("what is published cannot be read", error)
            return False
        return current is not None and current.version == snapshot.version

    def _demo_round(self) -> Snapshot | None:
        return None if self._demo is None else self._accept(self._demo)

    def _accept(self, feed: Feed) -> Snapshot:
        """Fetch, check, keep and publish one reply of a feed, and count how it went."""
        started = time.monotonic()
        outcome: FetchOutcome = "unreachable"
        try:
            body = feed.reply(self._clock())
            outcome = "refused"
            checked = self._checked(body, feed.source)
            outcome = "ok"
            self._publish(checked)
        finally:
            self._metrics.fetched(feed.source, outcome, time.monotonic() - started)
        return checked.snapshot

    def _checked(self, body: bytes, source: Source) -> CheckedReply:
        last = self._last_accepted(source)
        return check_reply(
            body,
            city=self._city,
            source=source,
            received_at=self._clock(),
            known_network=last.network,
            # What is simulated follows the clock, wherever that jumps.
            previous=last.snapshot if source == "live" else None,
            may_change=self._recent_changes() < NETWORK_CHANGES_A_DAY,
        )

    def _recent_changes(self) -> int:
        """How often the network has changed within a day."""
        now = self._clock()
        self._network_changes = [
            at for at in self._network_changes if abs(now - at) < timedelta(days=1)
        ]
        return len(self._network_changes)

    def _publish(self, checked: CheckedReply) -> None:
        snapshot = checked.snapshot
        network, last = self._last_accepted(snapshot.source)
        if last is None or snapshot.version != last.version:
            self._journal(checked)
        if network is not None and network.version != checked.network.version:
            self._note_network_change()
        self._look_up_usual(checked)
        self._follow_events(checked)
        self._keep(checked)
        self._store.publish(checked.network, snapshot)
        self._accepted[snapshot.source] = Accepted(checked.network, snapshot)
        counts = status_counts(snapshot.status_codes())
        self._metrics.accepted(snapshot.source, snapshot.observed_at, counts)

    def _note_network_change(self) -> None:
        self._network_changes.append(self._clock())
        if len(self._network_changes) >= NETWORK_CHANGES_A_DAY:
            log.warning(
                "the network changed %d times within a day: it stays as it is until %s",
                len(self._network_changes),
                self._network_changes[0] + timedelta(days=1),
            )

    def _keep(self, checked: CheckedReply) -> None:
        """History first, so that what is shown is also kept; a full disk must not hide the news."""
        with _going_on("history not written"):
            writer.append_snapshot(self._store.data_dir, checked.snapshot)
            self._metrics.history_written(checked.snapshot.source, self._clock())

    def _look_up_usual(self, checked: CheckedReply) -> None:
        """Once an hour, what is usual at it, for the pages to compare with.

        Before the hour's first snapshot is kept, so that traffic is not compared with itself.
        While nothing is known of the hour, again once the history's roll-ups are others: after an
        import the usual is there with the next snapshot.
        """
        with _going_on("the usual traffic was not looked up"):
            snapshot, data_dir = checked.snapshot, self._store.data_dir
            rollups = stamp_of(path_of(data_dir, snapshot.source, SEGMENTS))
            usual = self._usual or self._usual_before_start()
            if (
                usual is None
                or not usual.tells_of(snapshot)
                or (rollups != self._rollups and not usual.segments.is_known().any())
            ):
                usual = read_usual_hour(
                    data_dir, snapshot.source, checked.network, snapshot.observed_at
                )
                self._store.write_usual_hour(usual)
            self._usual, self._rollups = usual, rollups

    def _follow_events(self, checked: CheckedReply) -> None:
        """Before it is published, so that pages find the events of the snapshot they show."""
        if self._events is not None and self._usual is not None:
            with _going_on("unusual events not followed"):
                self._events.follow(checked.network, checked.snapshot, self._usual)

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
        if checked.problems:
            log.warning(
                "%d rows failed a check and show as unknown: %s",
                snapshot.rejected_rows,
                ", ".join(f"{field} {count}" for field, count in checked.problems.most_common()),
            )

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
            return Accepted(self._store.network_of(snapshot), snapshot)
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

    def _note_failure(self, what: str, error: Exception, *, feed_fails: bool = False) -> None:
        reason = journal_error(what, error)
        self._write_state(
            replace(
                self._state,
                last_attempt_at=self._clock().isoformat(),
                consecutive_failures=self._state.consecutive_failures + 1,
                last_error=reason,
                feed_fails=feed_fails,
            )
        )

    def _write_state(self, state: WorkerState) -> None:
        self._state = state
        with _going_on("worker state not written"):
            self._store.write_worker_state(state)


@contextlib.contextmanager
def _going_on(failure: str) -> Iterator[None]:
    """Journal an error of something that must not hide the news."""
    try:
        yield
    except Exception as error:  # nothing else is worth a round
        journal_error(failure, error)


def journal_error(what: str, error: Exception) -> str:
    """One line for what was foreseen, else with its traceback; returns the reason, for people."""
    reason = without_personal_data(str(error))[:_REASON_CHARACTERS]
    if isinstance(error, TrafficError):
        level = logging.WARNING if isinstance(error, FeedError) else logging.ERROR
        log.log(level, "%s: %s", what, reason)
    else:
        reason = f"{type(error).__name__}: {reason}"
        log.error("%s: %s", what, reason, exc_info=error)
    return reason
