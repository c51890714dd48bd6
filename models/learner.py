"""The learner: the worker's companion that has TensorFlow. ``python -m models.learner``.

It writes forecasts and models into the data directory and nothing else. The worker starts
it, ends it and starts it again; when the worker is gone, the system ends it. On a host of its own
(``--alone``) it is a role as others are, publishes what it writes, and chooses the models.
It may be killed at any moment: every file appears by atomic rename.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from types import FrameType
from typing import Final, NoReturn

from apscheduler.schedulers.background import BackgroundScheduler

from models.catalogue import roots_of
from models.night import LONGEST_NIGHT_SECONDS, challenge_at_night
from models.nowcast.issuer import NowcastIssuer
from models.nowcast.kind import NOWCAST
from models.training_command import quieten_tensorflow
from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import end_with_data_directory, prepare_data_directory
from services.base.errors import TrafficError
from services.base.journal import start_journal
from services.base.settings import Settings, load_settings
from services.city.chosen import CITY
from services.city.city import City
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.learn.setting_aside import set_aside_what_is_worse
from services.metrics.shared_directory import metric_registry, share_metrics
from services.metrics.work import WorkMetrics
from services.operations.database import open_operations
from services.replication.parts import LEARNT
from services.roles.sole import sole_of_all_hosts
from services.roles.storage import publishing
from services.roles.turns import Turns

log = logging.getLogger(__name__)

# Beside the worker's own: pages first, then the feed, then learning.
NICENESS: Final = 5
# A look at one file's time: a new snapshot waits for its nowcast a second on average.
NOWCAST_PERIOD_SECONDS: Final = 2.0
# Works at one hour of the night only; a look at the clock each hour finds it once.
CHALLENGE_PERIOD_SECONDS: Final = 3_600.0
HEARTBEAT_PERIOD_SECONDS: Final = 15.0
# What takes longer hangs, and the learner is started again. The first forecast imports TensorFlow,
# on a busy machine for a minute; a challenge of each kind is ended in its time (`models.night`).
LONGEST_NOWCAST_SECONDS: Final = 300.0
LONGEST_CHALLENGE_SECONDS: Final = LONGEST_NIGHT_SECONDS + 600.0
# As often as the worker scores, which sets models aside where the learner is its companion.
SET_ASIDE_PERIOD_SECONDS: Final = 3_600.0
LONGEST_SET_ASIDE_SECONDS: Final = 600.0


@dataclass(frozen=True)
class Job:
    """Something the learner does again and again.

    Attributes
    ----------
    run : callable
        What it raises is journalled; the next turn comes all the same.
    """

    name: str
    period_seconds: float
    run: Callable[[], None]


def make_jobs(city: City, settings: Settings, turns: Turns) -> list[Job]:
    """Everything the learner does, each under watch."""
    roots = roots_of(settings.data_dir, NOWCAST, SHIPPED_ARTIFACTS)
    issuer = NowcastIssuer(city, settings.data_dir, list(roots))
    return [
        Job("nowcast", NOWCAST_PERIOD_SECONDS, turns.watched(issuer.run, LONGEST_NOWCAST_SECONDS)),
        Job(
            "challenge",
            CHALLENGE_PERIOD_SECONDS,
            turns.watched(lambda: challenge_at_night(city, settings), LONGEST_CHALLENGE_SECONDS),
        ),
    ]


def choosing(city: City, settings: Settings, turns: Turns) -> Job:
    """Setting aside what does worse than the average, by the scores that the worker keeps."""
    operations = open_operations(settings)

    def set_aside() -> None:
        set_aside_what_is_worse(city, settings.data_dir, SHIPPED_ARTIFACTS, operations, utc_now())

    work = turns.watched(set_aside, LONGEST_SET_ASIDE_SECONDS)
    return Job("choice", SET_ASIDE_PERIOD_SECONDS, work)


def heartbeat(metrics: WorkMetrics, turns: Turns) -> Job:
    """Saying that the learner is alive, unless a job hangs."""

    def beat() -> None:
        if not turns.is_hung():
            metrics.alive(utc_now())

    return Job("heartbeat", HEARTBEAT_PERIOD_SECONDS, beat)


def journalled(job: Job, metrics: WorkMetrics | None = None) -> Callable[[], None]:
    """A job that never raises: what goes wrong is told in the journal, and counted."""

    def count() -> None:
        if metrics is not None:
            metrics.failed(job.name)

    def run() -> None:
        try:
            job.run()
        except TrafficError as error:
            log.error("job %s: %s", job.name, error)
            count()
        except Exception:  # one job's fault must not end the others
            log.exception("job %s failed", job.name)
            count()

    return run


def make_scheduler(jobs: Sequence[Job], metrics: WorkMetrics | None = None) -> BackgroundScheduler:
    """A scheduler that runs each job by itself, first at once."""
    scheduler = BackgroundScheduler(
        # On a local clock, a job of every minute waits for an hour when summer time ends.
        timezone=UTC,
        daemon=True,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = utc_now()
    for job in jobs:
        scheduler.add_job(
            journalled(job, metrics),
            "interval",
            seconds=job.period_seconds,
            next_run_time=now,
            id=job.name,
        )
    return scheduler


def run(city: City, settings: Settings) -> NoReturn:
    """Work until a signal ends the process; a job under way is dropped."""
    work(city, settings, own_metrics(settings), Turns())


def own_metrics(settings: Settings) -> WorkMetrics:
    """Those of the one process of this directory, whichever host's is at work."""
    share_metrics(settings.data_dir, "learner")
    return WorkMetrics(metric_registry(), "learner")


def run_alone(city: City, settings: Settings) -> NoReturn:
    """The same on a host of its own, where its models and forecasts begin."""
    end_with_data_directory(settings.data_dir)
    metrics_of = cache(own_metrics)

    def standing_by() -> None:
        metrics_of(settings).alive(utc_now())

    # What is learnt is published to the end, and the lock given back.
    signal.signal(signal.SIGTERM, _stop)
    try:
        with sole_of_all_hosts(settings, "learner", standing_by=standing_by) as tenure:
            metrics, turns = metrics_of(settings), Turns()
            # What the last one published may take a while to come.
            metrics.alive(utc_now())
            with publishing(settings, metrics, tenure, LEARNT):
                work(city, settings, metrics, turns, choosing(city, settings, turns))
    except SystemExit:
        # Else a training under way would be waited for.
        os._exit(0)


def _stop(_signal_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def work(
    city: City, settings: Settings, metrics: WorkMetrics, turns: Turns, *more: Job
) -> NoReturn:
    """Do every job again and again."""
    jobs = [*make_jobs(city, settings, turns), *more, heartbeat(metrics, turns)]
    scheduler = make_scheduler(jobs, metrics)
    scheduler.start()
    log.info("learner started")
    while True:
        signal.pause()


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the learner; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.learner",
        description="Forecast the next hour after every snapshot in TRAFFIC_DATA_DIR, and "
        "challenge the models in use at night. The worker starts this by itself unless "
        "TRAFFIC_LEARNER is off or elsewhere. Settings come from the environment or .env "
        "(see README).",
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="on a host of its own, where no worker starts and ends it: publish what is learnt",
    )
    options = parser.parse_args(arguments)
    # Nothing has to be tidied up, and a Ctrl-C in the terminal is no error.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    quieten_tensorflow()
    settings = load_settings()
    prepare_data_directory(settings.data_dir, CITY.name)
    start_journal(settings)
    # A look that is still under way when the next one is due is no news.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    os.nice(NICENESS)
    if options.alone:
        run_alone(CITY, settings)
    run(CITY, settings)


if __name__ == "__main__":
    run_command(main)
