"""Roadworks in turn: ask for the list once an hour, check it, keep the last good one.

Of the source that the page shows: none of a simulation beside live traffic, and the other way
round none that are real beside a simulation.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from services.base.clock import Clock
from services.base.errors import FeedUnreachable, StorageError
from services.city.city import City
from services.metrics.shared_directory import metric_registry
from services.metrics.work import FetchOutcome, WorkMetrics
from services.observe.feeds.roadworks import CheckedRoadworks, check_roadworks
from services.observe.feeds.sources import Feed
from services.observe.observer import journal_error
from services.operations.database import Operations
from services.plain.roadworks import ROADWORK_LEVELS
from services.traffic.past_roadworks import keep_list
from services.traffic.roadworks import RoadworksList
from services.traffic.snapshot import Source, feed_of
from services.traffic.store import Store

log = logging.getLogger(__name__)

# Roadworks are announced days ahead.
ROADWORKS_PERIOD: Final = timedelta(hours=1)
# After one that failed, and as often as a server may ask for at least.
RETRY_AFTER: Final = timedelta(minutes=10)


class RoadworksObserver:
    """Keeps the list of the source that is shown; :meth:`observe` does what is due.

    Parameters
    ----------
    store : Store
    feeds : mapping of Source to Feed
        Where lists come from; of a source without one there are none.
    clock : Clock
    metrics : WorkMetrics, optional
    city : City
        Whose roadworks are believed.
    operations : Operations, optional
        Where it is kept what lists told when.
    """

    def __init__(
        self,
        store: Store,
        feeds: Mapping[Source, Feed],
        clock: Clock,
        metrics: WorkMetrics | None = None,
        *,
        city: City,
        operations: Operations | None = None,
    ) -> None:
        self._store = store
        self._operations = operations
        self._feeds = feeds
        self._clock = clock
        self._metrics = metrics or WorkMetrics(metric_registry(), "worker")
        self._city = city
        self._due: dict[Source, datetime] = {}

    def observe(self) -> None:
        """Ask for the list of what is shown where that is due. Never raises: it is tried again."""
        try:
            source = self._shown_source()
            feed = None if source is None else self._feeds.get(source)
            if feed is not None and self._is_due(feed.source):
                self._due[feed.source] = self._clock() + self._pause_after(feed)
        except Exception as error:  # nothing of this may end the worker's job
            journal_error("roadworks not asked for", error)

    def _shown_source(self) -> Source | None:
        if not self._feeds:
            return None
        snapshot = self._store.current_snapshot()
        return None if snapshot is None else feed_of(snapshot.source)

    def _is_due(self, source: Source) -> bool:
        if source not in self._due:
            kept = self._store.roadworks(source)
            if kept is not None:
                self._note_kept(kept)
            self._due[source] = (
                self._clock() if kept is None else kept.received_at + ROADWORKS_PERIOD
            )
        # A clock that was set back must not leave a list as it is for years.
        return not self._clock() < self._due[source] <= self._clock() + ROADWORKS_PERIOD

    def _pause_after(self, feed: Feed) -> timedelta:
        """Ask for a list and keep it; gives how long until the next one is due."""
        outcome: FetchOutcome = "unreachable"
        try:
            body = feed.reply(self._clock())
            outcome = "refused"
            checked = check_roadworks(
                body, city=self._city, source=feed.source, received_at=self._clock()
            )
            outcome = "ok"
            self._keep(checked)
        except Exception as error:  # strangers send what nobody foresaw
            journal_error("roadworks", error)
            asked_s = error.retry_after_s if isinstance(error, FeedUnreachable) else None
            asked = timedelta(seconds=min(asked_s or 0.0, ROADWORKS_PERIOD.total_seconds()))
            return max(RETRY_AFTER, asked)
        finally:
            self._metrics.roadworks_fetched(feed.source, outcome)
        return ROADWORKS_PERIOD

    def _keep(self, checked: CheckedRoadworks) -> None:
        told = checked.told
        self._store.write_roadworks(told)
        self._note_kept(told)
        self._keep_past(told)
        log.info("%s roadworks %s: %d sites", told.source, told.version, len(told.roadworks))
        if checked.problems:
            problems = ", ".join(f"{name} {count}" for name, count in checked.problems.items())
            log.warning("records on roadworks that failed a check and are left out: %s", problems)

    def _keep_past(self, told: RoadworksList) -> None:
        """A database that is away must not hide the list: the next one tells the same."""
        if self._operations is None:
            return
        try:
            keep_list(self._operations, told)
        except StorageError as error:
            log.error("what roadworks there were is not kept: %s", error)

    def _note_kept(self, told: RoadworksList) -> None:
        counts = Counter(
            measure.level for roadwork in told.roadworks for measure in roadwork.measures
        )
        levels: dict[str, int] = {level: counts[level] for level in ROADWORK_LEVELS}
        self._metrics.roadworks_kept(told.source, told.received_at, levels)
