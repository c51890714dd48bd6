"""The way of the traffic at 30,000 and 100,000 segments, each figure beside that of 2,859.

Copies of the real network, a little beside it, are the larger ones. Each step is a process of its
own, so that its memory is its own; times are those of the processor, for they tell more on a busy
machine than a clock does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
from playwright.sync_api import Error

from benchmarks.browser import (
    NAMES,
    changes_ms,
    chromium,
    current_text,
    first_line,
    heap_bytes,
    open_page,
    probed_page,
)
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.events import STEP
from benchmarks.first_visit import answer_sizes
from benchmarks.http_client import Connection, get_request
from benchmarks.refreshes import RefreshingPage, current_news, news_in
from benchmarks.rows import (
    ROOT,
    SEGMENTS,
    NotMeasured,
    Options,
    Row,
    Target,
    exactly,
    spread,
    times_less,
)
from benchmarks.servers import APPLICATION, Server, gunicorn, workplace
from benchmarks.size_steps import STEPS, Found
from benchmarks.start import web_processes

_LARGE_SIZES: Final = (30_000, 100_000)
_REFRESHES: Final = 50
_PAN_SECONDS: Final = 5
_CLOSER_LEVELS: Final = 2
_PATIENCE_SECONDS: Final = 30
# A minute of a processor that is its own.
_START_LIMIT_SECONDS: Final = 600.0
_POLL_SECONDS: Final = 0.05
_MB: Final = 1e6
_PAINTED: Final = "browser: navigation → roads painted"
_FRAMES: Final = "browser: frames a second while panning"
TARGETS: Final = {_PAINTED: Target(30, "at most"), _FRAMES: Target(5, "at least")}


def measure(options: Options) -> Iterator[Row]:
    """Yield every figure of the real size, then those of the larger ones beside them."""
    known: dict[str, Found] = {}
    for segments in (SEGMENTS, *_LARGE_SIZES[: options.repeat(2, 1)]):
        for found in [*_steps(segments), *_served(segments)]:
            here = exactly(found.value, found.unit)
            figure = f"{segments:,} segments: {found.figure}"
            before = known.setdefault(found.figure, found)
            if segments == SEGMENTS:
                yield Row(figure, here, target=TARGETS.get(found.figure))
                continue
            baseline = exactly(before.value, before.unit)
            ratio = times_less(here, baseline) if found.value else None
            target = TARGETS.get(found.figure)
            yield Row(figure, here, baseline, f"{SEGMENTS:,} segments", ratio, target)


def _steps(segments: int) -> Iterator[Found]:
    with workplace() as data_dir:
        for step in STEPS:
            command = [
                sys.executable,
                "-m",
                "benchmarks.size_steps",
                step,
                str(data_dir),
                str(segments),
            ]
            ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            yield from (Found(*found) for found in json.loads(ended.stdout))


def _served(segments: int) -> Iterator[Found]:
    """What a process that serves takes, and what a browser makes of it."""
    replies = checked_replies(2, STEP, segments)
    with workplace() as place:
        publisher = Publisher(place, replies)
        with gunicorn(APPLICATION, place, processes=1, limit_s=_START_LIMIT_SECONDS) as server:
            yield from _asked(server, publisher)
            publisher.publish_next()
            yield from _seen(server, publisher)
            [process] = web_processes(server)
            yield Found("memory of a process that serves (RSS)",
                        process.memory_info().rss / _MB, "MB")  # fmt: skip


def _asked(server: Server, publisher: Publisher) -> Iterator[Found]:
    [process] = web_processes(server)
    news = current_news(server.port)["snapshot"]
    yield Found("start to the first news, processor time", _cpu_s(process), "s")
    network = news["network"]
    for name, path in {
        "network, compressed": f"/network/{network}.geojson",
        "names of the roads, compressed": f"/network/{network}/names",
        "details of a snapshot, compressed": f"/snapshot/{news['version']}/details",
    }.items():
        started = _cpu_s(process)
        with Connection(server.port, _START_LIMIT_SECONDS) as line:
            answer = line.exchange(get_request(server.port, path))
        yield Found(name, len(answer.body) / 1e3, "kB")
        yield Found(f"{name}, processor time of the first", _cpu_s(process) - started, "s")
    with Connection(server.port) as line:
        pointer = line.exchange(get_request(server.port, "/live/current"))
        document = f"/live/{pointer.json()['snapshot']['document']}"
        news_document = line.exchange(get_request(server.port, document))
    yield Found("what is current, as a cache gives it", pointer.wire_bytes / 1e3, "kB")
    yield Found("news, as a cache gives it", news_document.wire_bytes / 1e3, "kB")
    page = RefreshingPage(server.port, is_stale=True)
    started = _cpu_s(process)
    with Connection(server.port) as line:
        for number in range(_REFRESHES):
            answer = line.exchange(page.ask(number))
            page.hear(answer)
        yield Found("a refresh with news", answer.wire_bytes / 1e3, "kB")
        taken_s = (_cpu_s(process) - started) / _REFRESHES
        yield Found("a refresh with news, processor time", taken_s * 1e3, "ms")
        started = _cpu_s(process)
        publisher.publish_next()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while news_in(line.exchange(page.ask(1)))["snapshot"]["version"] == news["version"]:
            if time.monotonic() > deadline:
                raise NotMeasured(f"no news within {_PATIENCE_SECONDS} s")
            time.sleep(_POLL_SECONDS)
    yield Found("the first refresh after a snapshot, processor time",
                (_cpu_s(process) - started) * 1e3, "ms")  # fmt: skip


def _seen(server: Server, publisher: Publisher) -> Iterator[Found]:
    texts = [current_text(server)]
    publisher.publish_next()
    texts.append(current_text(server))
    loaded = []
    try:
        with chromium() as browser, probed_page(browser) as page:
            page.context.on("requestfinished", lambda request: loaded.append(request))  # noqa: PLW0108 - Playwright marks it
            painted_ms = open_page(page, server, texts)
            yield Found(_PAINTED, painted_ms / 1e3, "s")
            yield Found("browser: all that it loads", sum(answer_sizes(loaded)) / 1e3, "kB")
            # The first of the two is shown when changes begin.
            publisher.publish_next()
            page.evaluate("([place, names]) => window.trafficProbe.ask(place, names)", [0, NAMES])
            painted = spread(changes_ms(page, "refresh"), "ms")
            yield Found("browser: refresh → painted", painted.value, "ms")
            for name, levels in {"": 0, ", closer": _CLOSER_LEVELS}.items():
                frames = page.evaluate(f"() => window.trafficProbe.pan({_PAN_SECONDS}, {levels})")
                yield Found(f"{_FRAMES}{name}", float(frames), "/s")
            session = page.context.new_cdp_session(page)
            yield Found("browser: JavaScript heap", heap_bytes(session) / _MB, "MB")
    except Error as error:
        raise NotMeasured(first_line(error)) from error


def _cpu_s(process: psutil.Process) -> float:
    """Processor time of all threads, to the nanosecond: the kernel's sums count hundredths."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads) / 1e9
