"""The trends role: answers questions to the archive. ``python -m services.roles.trends``.

It listens at a socket in the data directory and reads the history, of which it writes nothing. Its
child processes compute, under limits of time and memory, and are there while somebody asks.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from types import FrameType
from typing import Final

from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import end_with_data_directory, prepare_data_directory
from services.base.journal import start_journal
from services.base.settings import Settings, load_settings
from services.city.chosen import CITY
from services.metrics.shared_directory import metric_registry, share_metrics
from services.metrics.trends import TrendsMetrics
from services.operations.database import open_operations
from services.roles.sole import sole
from services.trends.child import Answers
from services.trends.counts import Costs, Counts, read_counts
from services.trends.data_version import data_version
from services.trends.messages import Question, socket_path
from services.trends.pool import Pool
from services.trends.server import TrendsServer

log = logging.getLogger(__name__)

# Refreshes, the feed and pictures first.
NICENESS: Final = 10
HEARTBEAT_SECONDS: Final = 15.0


def costs_of(settings: Settings) -> Costs:
    """What the settings say of traffic and its worth; each wrong line of the file is told.

    Raises
    ------
    ConfigurationError
        When the file cannot be read.
    """
    counts = Counts({})
    if settings.counts_file is not None:
        counts = read_counts(settings.counts_file)
    for problem in counts.wrong:
        log.warning("%s, %s", settings.counts_file, problem)
    return Costs(counts.vehicles, settings.vehicle_hour_euros, settings.vehicle_hour_source)


def open_answers(settings: Settings, costs: Costs) -> Answers:
    """What answers in a child process."""
    start_journal(settings)
    # DuckDB and what the views need: a second, and memory that this role itself does not need.
    from services.trends.answering import ArchiveAnswers  # noqa: PLC0415

    operations = open_operations(settings, read_only=True)
    return ArchiveAnswers(CITY, settings.data_dir, utc_now, operations, costs)


def version_now(settings: Settings, question: Question, days: tuple[date, date] | None) -> str:
    """A mark of the data that a question is answered from."""
    return data_version(CITY, settings.data_dir, question, days, utc_now())


def run(settings: Settings) -> None:
    """Answer until a signal asks to stop.

    Raises
    ------
    ConfigurationError
        When the data directory, the socket or the file of daily traffic cannot be used.
    """
    costs = costs_of(settings)
    prepare_data_directory(settings.data_dir, CITY.name)
    end_with_data_directory(settings.data_dir)
    with sole(settings.data_dir, "trends"):
        share_metrics(settings.data_dir, "trends")
        metrics = TrendsMetrics(metric_registry())
        pool = Pool(
            partial(open_answers, settings, costs),
            seconds=settings.trends_seconds,
            memory_bytes=settings.trends_memory_mb * 2**20,
            ended=metrics.ended,
        )
        server = TrendsServer(socket_path(settings.data_dir), pool, partial(version_now, settings))
        threading.Thread(target=server.serve, daemon=True).start()
        log.info("trends started")
        while True:
            # Where a question hangs beyond every limit, or nobody finds the socket any more, there
            # is no sign of life, and all starts again.
            if server.is_reachable() and not pool.is_hung():
                metrics.alive(utc_now(), pool.queued(), pool.resident_bytes())
            time.sleep(HEARTBEAT_SECONDS)


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trends role; returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.roles.trends",
        description="Answer the questions that pages ask of the history. Settings come from the "
        "environment or .env (see README).",
    ).parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    settings = load_settings()
    start_journal(settings)
    os.nice(max(0, NICENESS - os.nice(0)))
    run(settings)
    return 0


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    log.info("trends stopped by %s", signal.Signals(signal_number).name)
    logging.shutdown()
    # What is computed is dropped: the children end with their parent.
    os._exit(0)


if __name__ == "__main__":
    run_command(main)
