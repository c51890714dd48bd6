"""Server time of a refresh and of the choice of an hour, one at a time, monitoring at level 1."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import baseline_servers
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import Connection
from benchmarks.prediction import champion_dir
from benchmarks.refreshes import Asker, HourChooser, PlainPage, RefreshingPage
from benchmarks.rows import NotMeasured, Options, Row, Spread, Target, times_less
from benchmarks.servers import APPLICATION, gunicorn, workplace

REFRESH_TARGET: Final = Target(5, "at most")
CHOICE_TARGET: Final = Target(10, "at most")
MONITOR_LEVEL: Final = "1"
# The feed changes every 3 minutes: this is many times as often, so that the 99th
# percentile of refreshes is that of the first one after a change.
REQUESTS_PER_SNAPSHOT: Final = 50
_ROUNDS: Final = 4
_SNAPSHOTS: Final = 20
_WARM_UP_REQUESTS: Final = 20

Rounds = list[list[float]]
"""Seconds of each request, by round."""


def measure(options: Options) -> Iterator[Row]:
    """Yield median and 99th percentile of each kind of request.

    Requests are sent over one connection; their times are those of a client on the
    same machine, so they hold more than the server's own.
    """
    with workplace() as data_dir:
        publisher = Publisher(data_dir, checked_replies(_SNAPSHOTS, timedelta(minutes=3)))
        yield from _refresh_rows(data_dir, publisher, options)
        try:
            yield from _choice_rows(data_dir, publisher, options)
        except NotMeasured as reason:
            yield Row("choice of an hour", None, note=str(reason))


def _refresh_rows(data_dir: Path, publisher: Publisher, options: Options) -> Iterator[Row]:
    with gunicorn(baseline_servers.WHOLE_FIGURE, data_dir) as server:
        page = PlainPage(server.port, baseline_servers.TICKS)
        plain = [_round_s(server.port, page, options.repeat(100, 20), publisher)]
    with gunicorn(APPLICATION, data_dir, monitor_level=MONITOR_LEVEL) as server:
        for name, is_stale in (("every answer with news", True), ("1 of 50 with news", False)):
            page_here = RefreshingPage(server.port, is_stale=is_stale)
            here = _rounds_s(server.port, page_here, options, publisher)
            yield from _rows(
                f"refresh, {name}", here, plain, "new whole figure, unmonitored", REFRESH_TARGET
            )


def _choice_rows(data_dir: Path, publisher: Publisher, options: Options) -> Iterator[Row]:
    champion_dir()
    with gunicorn(baseline_servers.PREDICTION, data_dir, processes=1) as server:
        page = PlainPage(server.port, baseline_servers.HOUR)
        plain = [_round_s(server.port, page, options.repeat(100, 20), publisher)]
    with gunicorn(APPLICATION, data_dir, monitor_level=MONITOR_LEVEL) as server:
        here = _rounds_s(server.port, HourChooser(server.port), options, publisher)
    yield from _rows("choice of an hour", here, plain, "model.predict, unmonitored", CHOICE_TARGET)


def _rows(name: str, here: Rounds, plain: Rounds, plain_is: str, target: Target) -> Iterator[Row]:
    requests = sum(map(len, here))
    for percent, label in ((50, "median"), (99, "p99")):
        figure, baseline = _percentile(here, percent), _percentile(plain, percent)
        yield Row(
            f"{name}, {label} of {requests:,}",
            figure,
            baseline,
            plain_is,
            times_less(figure, baseline),
            target if percent == 99 else None,
        )


def _percentile(rounds: Rounds, percent: int) -> Spread:
    """A percentile of all times, in milliseconds, between the least and most of the rounds."""
    whole, *each = (
        1e3 * float(np.percentile(times, percent)) for times in (list(chain(*rounds)), *rounds)
    )
    return Spread(whole, min(each), max(each), "ms")


def _rounds_s(port: int, asker: Asker, options: Options, publisher: Publisher) -> Rounds:
    per_round = options.repeat(500, 100)
    return [_round_s(port, asker, per_round, publisher) for _ in range(_ROUNDS)]


def _round_s(port: int, asker: Asker, requests: int, publisher: Publisher) -> list[float]:
    times_s: list[float] = []
    with Connection(port) as line:
        for number in range(-_WARM_UP_REQUESTS, requests):
            if number >= 0 and number % REQUESTS_PER_SNAPSHOT == 0:
                publisher.publish_next()
            request = asker.ask(number)
            started = time.perf_counter()
            answer = line.exchange(request)
            taken_s = time.perf_counter() - started
            asker.hear(answer)
            if number >= 0:
                times_s.append(taken_s)
    return times_s
