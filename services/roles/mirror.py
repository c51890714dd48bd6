"""The mirror: the data directory follows the object storage. ``python -m services.roles.mirror``.

Started with the roles of a machine where ``TRAFFIC_STORAGE_URL`` is set. Where this machine's own
worker is the one that publishes, there is nothing to follow, until it is no more.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Final

from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import end_with_data_directory, prepare_data_directory
from services.base.errors import ConfigurationError
from services.base.journal import start_journal
from services.base.settings import Settings, load_settings
from services.city.chosen import CITY
from services.metrics.shared_directory import metric_registry, share_metrics
from services.metrics.work import WorkMetrics
from services.roles.storage import following

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 15.0


def run(settings: Settings, stopping: threading.Event, *, with_history: bool) -> None:
    """Follow until asked to stop.

    Raises
    ------
    ConfigurationError
        When no storage is set, or the data directory cannot be used.
    """
    if settings.storage_url is None:
        raise ConfigurationError("TRAFFIC_STORAGE_URL: there is nothing to follow without it")
    prepare_data_directory(settings.data_dir, CITY.name)
    end_with_data_directory(settings.data_dir)
    share_metrics(settings.data_dir, "mirror")
    metrics = WorkMetrics(metric_registry(), "mirror")
    with following(settings, metrics, with_history=with_history):
        log.info("mirror started")
        while not stopping.is_set():
            metrics.alive(utc_now())
            stopping.wait(HEARTBEAT_SECONDS)


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mirror; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.roles.mirror",
        description="Keep TRAFFIC_DATA_DIR as another machine's worker publishes it into "
        "TRAFFIC_STORAGE_URL. Settings come from the environment or .env (see README).",
    )
    parser.add_argument(
        "--with-history",
        action="store_true",
        help="the history too, which a worker needs that stands by",
    )
    options = parser.parse_args(arguments)
    stopping = threading.Event()

    def stop(signal_number: int, _frame: FrameType | None) -> None:
        log.info("mirror stopped by %s", signal.Signals(signal_number).name)
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    settings = load_settings()
    start_journal(settings)
    run(settings, stopping, with_history=options.with_history)
    return 0


if __name__ == "__main__":
    run_command(main)
