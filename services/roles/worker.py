"""The worker role: the only writer. ``python -m services.worker``.

It observes once per feed period, whoever watches; once an hour it looks after the
history and scores the forecasts of the hours gone by. A file lock in the data
directory makes a second worker stand by until the first one is gone.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from types import FrameType
from typing import Final

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.blocking import BlockingScheduler

from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import end_with_data_directory
from services.base.errors import ConfigurationError, ForecastUnavailable, StorageError
from services.base.files import remove_abandoned
from services.base.journal import start_journal
from services.base.journal.retention import prune_journal
from services.base.memory import give_back_memory, take_little_memory
from services.base.settings import Settings, load_settings
from services.city.chosen import CITY
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.forecast.day_keeper import DayKeeper
from services.forecast.week_forecasts import CachedWeekForecasts
from services.forecast.zone_forecasts import CachedForecasts
from services.history.by_day import DayMap
from services.history.upkeep import keep_up
from services.learn.job import score_forecasts
from services.learn.quality_metrics import quality_metrics
from services.metrics.samples import heartbeat_of
from services.metrics.shared_directory import metric_registry, share_metrics
from services.metrics.work import WorkMetrics
from services.observe.demo import DemoFeed, DemoRoadworks
from services.observe.event_keeper import EventKeeper
from services.observe.feeds.roadworks import ROADWORKS_LIMITS
from services.observe.feeds.sources import Feed, LiveFeed, roadworks_address
from services.observe.observer import Observer
from services.observe.place_keeper import PlaceKeeper
from services.observe.roadworks import RoadworksObserver
from services.operations.cameras import prune_readings
from services.operations.database import Operations, open_operations
from services.operations.events import prune_events
from services.operations.incidents import prune_incidents
from services.operations.log_in_failures import prune_log_in_failures
from services.operations.report_mailings import prune_mailings
from services.operations.roadworks import prune_roadworks
from services.replication.parts import OBSERVED, PARTS, Part
from services.roles.processes import LEARNER, Child, Supervisor, module_command
from services.roles.report_maker import REPORTS_PERIOD, ReportMaker
from services.roles.sole import sole_of_all_hosts
from services.roles.storage import publishing
from services.roles.turns import Turns
from services.traffic.place_values import words_of
from services.traffic.snapshot import Snapshot, Source
from services.traffic.store import Store
from services.watch.reports import Reports, reports_of
from services.watch.traffic_rules import places_named
from services.web.latest import LatestTraffic
from services.web.monitoring.retention import prune_measures
from services.web.trends_client import TrendsClient, shown_now

log = logging.getLogger(__name__)

# Where both roles share two cores, pages come first.
NICENESS: Final = 5
# The news does not wait longer for whoever else writes into the database.
EVENTS_PATIENCE_SECONDS: Final = 1.0
# How often it is asked whether a list of roadworks is due; the first one when there is a snapshot.
ROADWORKS_LOOK_PERIOD: Final = timedelta(seconds=30)
ROADWORKS_DELAY: Final = timedelta(seconds=5)
# The archive's process starts after the first round.
REPORTS_DELAY: Final = timedelta(seconds=60)
UPKEEP_PERIOD: Final = timedelta(hours=1)
# The first page must not wait for yesterday to be compacted.
UPKEEP_DELAY: Final = timedelta(seconds=30)
SCORING_PERIOD: Final = timedelta(hours=1)
# After the first upkeep, whose usual week the forecasts are compared with.
SCORING_DELAY: Final = timedelta(seconds=90)
# Nor for TensorFlow to be imported, which takes a core for seconds.
LEARNER_DELAY_SECONDS: Final = 15.0
HEARTBEAT_PERIOD: Final = timedelta(seconds=15)
# What takes longer hangs, and the worker is started again. A fetch ends after a minute; the first
# upkeep after an import of years folds each of their days.
LONGEST_ROUND_SECONDS: Final = 600.0
LONGEST_HOURLY_JOB_SECONDS: Final = 6 * 3_600.0
# Long enough to compare a winter with the one before.
INCIDENTS_KEPT: Final = timedelta(days=730)
# Twice as long as they count; looked after once an hour.
LOG_IN_FAILURES_KEPT: Final = timedelta(hours=1)


def make_observer(settings: Settings, store: Store, metrics: WorkMetrics | None = None) -> Observer:
    """The observer that the settings ask for."""
    live = None if settings.source == "demo" else LiveFeed(str(settings.feed_url or CITY.feed_url))
    demo = None if settings.source == "live" else DemoFeed()
    operations = open_operations(settings, patience_seconds=EVENTS_PATIENCE_SECONDS)
    events = EventKeeper(store, operations)
    return Observer(store, live, demo, utc_now, metrics, city=CITY, events=events)


def make_day_keeper(settings: Settings) -> DayKeeper:
    """What keeps today's curve."""
    week = CachedWeekForecasts(settings.data_dir, SHIPPED_ARTIFACTS)
    return DayKeeper(CITY, Store(CITY, settings.data_dir, heals=True), week, utc_now)


def make_place_keeper(settings: Settings) -> PlaceKeeper:
    """What tells the watch of the places that rules name.

    A mistake in their file, which ends the start of the others, does not stop the observing.
    """
    try:
        places = places_named(settings, CITY)
    except ConfigurationError as error:
        log.error("the rules on the traffic are left out: %s", error)
        places = {}
    return PlaceKeeper(Store(CITY, settings.data_dir, heals=True), places)


def make_report_maker(settings: Settings, operations: Operations) -> ReportMaker:
    """What makes the reports that are due; a mistake in their file does not stop the observing."""
    try:
        reports = reports_of(settings, CITY)
    except ConfigurationError as error:
        log.error("the reports are left out: %s", error)
        reports = Reports()
    traffic = LatestTraffic(Store(CITY, settings.data_dir))

    def words(place: str) -> tuple[Mapping[str, str], bool] | None:
        view = traffic.view()
        if view is None:
            return None
        return words_of(view.network, place), view.snapshot.source == "demo"

    return ReportMaker(
        settings,
        CITY,
        reports,
        operations,
        archive=TrendsClient(settings.data_dir, partial(shown_now, settings, traffic)),
        words_of=words,
        clock=utc_now,
    )


def make_roadworks_observer(
    settings: Settings, store: Store, metrics: WorkMetrics | None = None
) -> RoadworksObserver:
    """The observer of roadworks that the settings ask for."""
    feeds: dict[Source, Feed] = {}
    address = roadworks_address(settings, CITY)
    if address and settings.source != "demo":
        feeds["live"] = LiveFeed(address, ROADWORKS_LIMITS)
    if settings.source != "live" and settings.roadworks_url != "":
        feeds["demo"] = DemoRoadworks()
    operations = open_operations(settings)
    return RoadworksObserver(store, feeds, utc_now, metrics, city=CITY, operations=operations)


def make_scheduler(
    settings: Settings, observer: Observer, metrics: WorkMetrics
) -> BlockingScheduler:
    """The worker's jobs: observing, looking after the history, scoring, being seen alive."""
    scheduler = BlockingScheduler(
        # On a local clock, a job of every minute waits for an hour when summer time ends.
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = utc_now()
    turns = Turns()
    # One for all runs: whatever speaks to a database anew compiles every statement anew, and
    # SQLAlchemy keeps those of each.
    operations = open_operations(settings)
    forecasts = CachedForecasts(CITY, settings.data_dir, SHIPPED_ARTIFACTS)
    after = make_day_keeper(settings), make_place_keeper(settings)
    observe = turns.watched(partial(observe_once, observer, *after), LONGEST_ROUND_SECONDS)
    look_after = turns.watched(look_after_history, LONGEST_HOURLY_JOB_SECONDS)
    roadworks = make_roadworks_observer(
        settings, Store(CITY, settings.data_dir, heals=True), metrics
    )
    follow_roadworks = turns.watched(roadworks.observe, LONGEST_ROUND_SECONDS)
    report = turns.watched(make_report_maker(settings, operations).look, LONGEST_ROUND_SECONDS)
    score = turns.watched(score_past_forecasts, LONGEST_HOURLY_JOB_SECONDS)

    def add(
        name: str, work: Callable[..., object], *args: object, every: timedelta, first: datetime
    ) -> None:
        seconds = every.total_seconds()
        scheduler.add_job(
            work, "interval", args=args, seconds=seconds, next_run_time=first, id=name
        )

    period = timedelta(seconds=settings.feed_period_seconds)
    upkeep, scoring = now + UPKEEP_DELAY, now + SCORING_DELAY
    add("observe", observe, every=period, first=now)
    add("roadworks", follow_roadworks, every=ROADWORKS_LOOK_PERIOD, first=now + ROADWORKS_DELAY)
    add("upkeep", look_after, settings, operations, every=UPKEEP_PERIOD, first=upkeep)
    add("scoring", score, settings, operations, metrics, every=SCORING_PERIOD, first=scoring)
    add("reports", report, every=REPORTS_PERIOD, first=now + REPORTS_DELAY)
    add("heartbeat", show_life, metrics, forecasts, turns, every=HEARTBEAT_PERIOD, first=now)
    scheduler.add_listener(lambda event: metrics.failed(str(event.job_id)), EVENT_JOB_ERROR)
    return scheduler


def observe_once(observer: Observer, day: DayKeeper, places: PlaceKeeper) -> Snapshot | None:
    """One round, after which the day's curve and the places of rules are of what is shown."""
    shown = observer.observe()
    places.follow(shown)
    day.follow(shown)
    return shown


def learner_child(settings: Settings) -> Child:
    """The worker's companion, which has TensorFlow."""
    return Child(
        module_command(LEARNER),
        wait=lambda stopping: stopping.wait(LEARNER_DELAY_SECONDS),
        pulse=partial(heartbeat_of, settings.data_dir, "learner"),
    )


def own_parts(settings: Settings) -> Sequence[Part]:
    """What this host publishes: all but what the learner writes, where that is elsewhere."""
    return OBSERVED if settings.learner == "elsewhere" else PARTS


def look_after_history(settings: Settings, operations: Operations) -> None:
    """Compact finished days, drop what is old, bring the usual week up to date."""
    now = utc_now()
    map_days = DayMap(settings.dask_scheduler)
    keep_up(CITY, settings.data_dir, now, settings.history_retention_days, map_days=map_days)
    prune_journal(settings.data_dir, now, settings.journal_retention_days)
    try:
        prune_incidents(operations, now, INCIDENTS_KEPT)
        prune_mailings(operations, now, INCIDENTS_KEPT)
        prune_log_in_failures(operations, now, LOG_IN_FAILURES_KEPT)
        history_kept = timedelta(days=settings.history_retention_days)
        prune_readings(operations, now, history_kept)
        prune_events(operations, now, history_kept)
        prune_roadworks(operations, now, history_kept)
    except StorageError as error:
        log.error("old incidents, readings, events, roadworks, log-ins not removed: %s", error)
    # Last: it may raise, so that its failure counts.
    prune_measures(settings, now)
    give_back_memory()


def show_life(metrics: WorkMetrics, forecasts: CachedForecasts, turns: Turns) -> None:
    """Say that the worker is alive unless a job hangs, and whether the forecasts can be read."""
    if not turns.is_hung():
        metrics.alive(utc_now())
    try:
        forecasts.table()
    except ForecastUnavailable:
        metrics.forecasts_present("zones", are_there=False)
    else:
        metrics.forecasts_present("zones", are_there=True)


def score_past_forecasts(settings: Settings, operations: Operations, metrics: WorkMetrics) -> None:
    """Evaluate what was forecast for the hours gone by, measure the drift, and publish both."""
    now = utc_now()
    score_forecasts(
        CITY,
        settings.data_dir,
        SHIPPED_ARTIFACTS,
        operations,
        now,
        # Whoever publishes the models says which are set aside.
        sets_aside=settings.learner != "elsewhere",
        map_days=DayMap(settings.dask_scheduler),
    )
    source: Source = "demo" if settings.source == "demo" else "live"
    metrics.quality(quality_metrics(CITY, operations, source, now))
    give_back_memory()


def own_metrics(settings: Settings) -> WorkMetrics:
    """Those of the one process of this directory, whichever host's is at work."""
    share_metrics(settings.data_dir, "worker")
    return WorkMetrics(metric_registry(), "worker")


def run(settings: Settings) -> None:
    """Work until a signal asks to stop.

    Raises
    ------
    ConfigurationError
        When the data directory cannot be used.
    """
    take_little_memory()
    store = Store(CITY, settings.data_dir, heals=True)
    store.prepare()
    end_with_data_directory(settings.data_dir)
    metrics_of = cache(own_metrics)

    def standing_by() -> None:
        metrics_of(settings).alive(utc_now())

    with (
        sole_of_all_hosts(settings, "worker", standing_by=standing_by) as tenure,
        Supervisor([learner_child(settings)] if settings.learner is True else []),
    ):
        remove_abandoned(settings.data_dir)
        metrics = metrics_of(settings)
        # What the last one published may take a while to come.
        metrics.alive(utc_now())
        # First of all: on an empty disk what the last worker knew is brought here.
        with publishing(settings, metrics, tenure, own_parts(settings)):
            scheduler = make_scheduler(settings, make_observer(settings, store, metrics), metrics)
            log.info(
                "worker started: source %s, every %d s",
                settings.source,
                settings.feed_period_seconds,
            )
            try:
                scheduler.start()
            finally:
                # Nobody else begins before the last job has ended.
                scheduler.shutdown()


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.worker",
        description="Fetch the traffic feed once per period and publish checked snapshots "
        "into TRAFFIC_DATA_DIR. Settings come from the environment or .env (see README).",
    )
    parser.add_argument("--once", action="store_true", help="observe once and exit")
    options = parser.parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    settings = load_settings()
    start_journal(settings)
    os.nice(NICENESS)
    if options.once:
        return _observe_once(settings)
    run(settings)
    return 0


def _observe_once(settings: Settings) -> int:
    store = Store(CITY, settings.data_dir, heals=True)
    store.prepare()
    with sole_of_all_hosts(settings, "worker"):
        after = make_day_keeper(settings), make_place_keeper(settings)
        shown = observe_once(make_observer(settings, store), *after)
        return 0 if shown is not None else 1


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    log.info("worker stopped by %s", signal.Signals(signal_number).name)
    raise SystemExit(0)


if __name__ == "__main__":
    run_command(main)
