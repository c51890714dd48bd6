"""The watch role, ``python -m services.roles.watch``: evaluates rules, tells people of incidents.

A process of its own, so that it also notices a worker or a web role that died. It
needs neither pandas nor numpy. A file lock makes a second one stand by.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import FrameType
from typing import Final

from services.base.clock import Clock, utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import end_with_data_directory, prepare_data_directory
from services.base.errors import ConfigurationError
from services.base.journal import start_journal
from services.base.settings import Settings, load_settings
from services.base.texts import load_texts
from services.city.chosen import CITY
from services.metrics.samples import Sample, read_samples
from services.metrics.shared_directory import metric_registry, roles_off, share_metrics
from services.metrics.work import WorkMetrics
from services.operations.database import open_operations
from services.operations.tables import OutgoingMessage
from services.roles.sole import sole, sole_of_all_hosts
from services.roles.traffic_watch import TrafficDuty, takes_part
from services.watch.messages import Change, Message, message_of
from services.watch.outbox import Outbox, checked_channels, send_by_apprise
from services.watch.overview import OverviewWriter
from services.watch.probe import refreshes_pages, serves_pages
from services.watch.reports import check_reports, reports_of
from services.watch.rules import Rule, rules_of
from services.watch.traffic_rules import check_traffic_rules
from services.watch.watcher import Watcher

log = logging.getLogger(__name__)

DELIVERY_PERIOD_SECONDS: Final = 5.0
# What is under way when the watch is asked to end.
LAST_WORDS_SECONDS: Final = 2.0
PAGE_PATH: Final = "/exploitation/"
PROBES: Final[Mapping[str, Callable[[str], bool]]] = {
    "health": serves_pages,
    "refresh": refreshes_pages,
}


def channels_of(settings: Settings) -> list[str]:
    """The addresses of those who are told.

    Raises
    ------
    ConfigurationError
    """
    urls = settings.notify_urls
    return [] if urls is None else checked_channels(urls.get_secret_value())


def page_url(settings: Settings) -> str:
    """Where people find the incidents."""
    base = str(settings.public_url or settings.url)
    return base.rstrip("/") + PAGE_PATH


class Watch:
    """Everything that the role does, one round at a time.

    Parameters
    ----------
    monotonic : callable
        Seconds; tests hand in their own.
    """

    def __init__(
        self,
        settings: Settings,
        outbox: Outbox,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._rules = rules_of(settings)
        self._outbox = outbox
        self._watcher = Watcher(
            self._rules,
            open_operations(settings),
            settings.data_dir,
            clock,
            monotonic,
            city=CITY,
            roles_off=roles_off(settings),
            host=settings.host_name,
        )
        self._overview = OverviewWriter(settings.data_dir)
        self._metrics = WorkMetrics(metric_registry(), "watch")

    @property
    def period_seconds(self) -> float:
        """From one round to the next."""
        return self._rules.evaluation_seconds

    def round(self) -> None:
        """Evaluate the rules, write what is known, leave messages. Never raises."""
        now = self._clock()
        self._metrics.alive(now)
        with _survived("the rules could not be evaluated"):
            changes = self._watcher.evaluate(self._samples())
            messages = self._messages(changes, now) if changes else []
            if not self._watcher.save(messages):
                self._outbox.keep(messages)
        with _survived("the overview could not be written"):
            self._overview.write(self._watcher.states(), self._watcher.recent(), now)

    def probe(self) -> None:
        """Ask for pages as a visitor's browser does, and note whether they answered well.

        A host that serves none asks nobody, unless it is told whom.
        """
        if self._settings.web_url is None and "web" not in self._settings.roles:
            return
        url = str(self._settings.web_url or self._settings.url).rstrip("/")
        for name, ask in PROBES.items():
            self._metrics.probed(name, succeeded=ask(url))

    def _samples(self) -> list[Sample] | None:
        try:
            return read_samples(self._settings.data_dir, roles_off=roles_off(self._settings))
        except Exception:  # as above
            log.exception("the metrics could not be read")
            return None

    def _messages(self, changes: Sequence[Change[Rule]], now: datetime) -> list[OutgoingMessage]:
        language = self._settings.notify_language
        message = message_of(changes, language, page_url(self._settings), CITY)
        return self._outbox.for_channels(message, now)


def run(settings: Settings, stopping: threading.Event) -> None:
    """Watch until asked to stop.

    Raises
    ------
    ConfigurationError
        When the rules, a channel or the data directory cannot be used.
    """
    prepare_data_directory(settings.data_dir, CITY.name)
    end_with_data_directory(settings.data_dir)
    outbox = Outbox(
        open_operations(settings), channels_of(settings), send_by_apprise, settings.host_name
    )
    rules_of(settings)
    duty = make_duty(settings)
    with _alone(settings, stopping):
        share_metrics(settings.data_dir, "watch")
        watch = Watch(settings, outbox)
        log.info("watch started: %d rules", len(rules_of(settings).rule))
        # Each by itself: a channel or a page that answers late must not hold up the rules.
        beside: dict[Callable[[], object], float] = {
            lambda: outbox.deliver(utc_now()): DELIVERY_PERIOD_SECONDS,
            watch.probe: watch.period_seconds,
        }
        if duty is not None:
            beside[lambda: duty.run(stopping)] = watch.period_seconds
            beside[duty.deliver] = DELIVERY_PERIOD_SECONDS
        threads = [
            threading.Thread(target=_again_and_again, args=(work, period_s, stopping), daemon=True)
            for work, period_s in beside.items()
        ]
        for thread in threads:
            thread.start()
        _again_and_again(watch.round, watch.period_seconds, stopping)
        until = time.monotonic() + LAST_WORDS_SECONDS
        for thread in threads:
            # A lock that is given back lets another host go on at once.
            thread.join(max(until - time.monotonic(), 0.0))


def make_duty(settings: Settings) -> TrafficDuty | None:
    """The part for the traffic, where this host's watch takes part in it.

    Raises
    ------
    ConfigurationError
        When the rules, the reports or an address in them cannot be used.
    """
    check_traffic_rules(settings, CITY)
    check_reports(settings, CITY)
    if not takes_part(settings):
        return None
    also = reports_of(settings, CITY).all_addresses()
    return TrafficDuty(settings, channels_of(settings), also, send_by_apprise)


def _alone(settings: Settings, stopping: threading.Event) -> AbstractContextManager[object]:
    """Be the only one: of this host where it has a name, else of all that share a database.

    Metrics lie with their host. Without names the incidents of two would be taken for one.
    """
    if settings.host_name:
        return sole(settings.data_dir, "watch", stopping)
    return sole_of_all_hosts(settings, "watch", stopping)


def send_test_message(settings: Settings) -> bool:
    """Send a message to every channel now; whether all took it.

    Raises
    ------
    ConfigurationError
        When there is no channel.
    """
    channels = channels_of(settings)
    if not channels:
        raise ConfigurationError("TRAFFIC_NOTIFY_URLS: there is no channel to test")
    texts = load_texts(settings.notify_language)["message"]
    message = Message(texts["test_title"], texts["test_body"])
    taken = [send_by_apprise(channel, message) for channel in channels]
    return all(taken)


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the watch; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.roles.watch",
        description="Evaluate the rules of alerts.toml on the metrics in TRAFFIC_DATA_DIR, keep "
        "incidents and tell TRAFFIC_NOTIFY_URLS. Settings come from the environment or .env "
        "(see README).",
    )
    parser.add_argument(
        "--test-notification", action="store_true", help="send a message to every channel and exit"
    )
    options = parser.parse_args(arguments)
    stopping = threading.Event()

    def stop(signal_number: int, _frame: FrameType | None) -> None:
        log.info("watch stopped by %s", signal.Signals(signal_number).name)
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    settings = load_settings()
    start_journal(settings)
    if options.test_notification:
        return 0 if send_test_message(settings) else 1
    run(settings, stopping)
    return 0


def _again_and_again(
    work: Callable[[], object], period_seconds: float, stopping: threading.Event
) -> None:
    """Do some work now and then; whatever it meets, it is done again."""
    while not stopping.is_set():
        with _survived("a part of the watch failed"):
            work()
        stopping.wait(period_seconds)


@contextlib.contextmanager
def _survived(failure: str) -> Iterator[None]:
    """One part's fault must not end the watch, nor cost what the other parts do."""
    try:
        yield
    except Exception:
        log.exception(failure)


if __name__ == "__main__":
    run_command(main)
