"""A first visit on a phone: what it loads, and when what is read first is there on a slow line.

Line and processor are those of Lighthouse's mobile preset: 1.6 Mbit/s, a round trip of 150 ms, a
processor four times slower; nothing is cached.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Error, Page, Request, ViewportSize

from benchmarks.browser import chromium, first_line
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import HOST
from benchmarks.rows import NotMeasured, Options, Row, Target, exactly, spread
from benchmarks.servers import APPLICATION, Server, gunicorn, workplace

VISIT_TARGET: Final = Target(900, "at most")
TEXT_TARGET: Final = Target(60, "at most")
WORDS_TARGET: Final = Target(4, "at most")
MAP_TARGET: Final = Target(10, "at most")
SHIFT_TARGET: Final = Target(0.05, "at most", "worst run")
_FEED_PERIOD: Final = timedelta(minutes=3)
_TEXT_PAGES: Final = ("/confidentialite", "/accessibilite", "/licences")
_SLOW_LINE: Final = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
_TIMES_SLOWER: Final = 4
_PHONE: Final = ViewportSize(width=390, height=844)
_PROBE: Final = Path(__file__).with_name("first_visit.js")
_PATIENCE_MS: Final = 90_000


@dataclass(frozen=True)
class _Visit:
    """Kilobytes and requests of a visit; seconds from the navigation on; what moved."""

    kilobytes: float
    requests: int
    tiles_s: float
    largest_s: float
    roads_s: float
    shift: float


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows; no tiles of the backdrop are fetched.

    Raises
    ------
    NotMeasured
        When there is no Chromium, or a page fails.
    """
    try:
        with workplace() as place, chromium() as browser, gunicorn(APPLICATION, place) as server:
            Publisher(place, checked_replies(1, _FEED_PERIOD))
            # What is compressed once for all is there by then.
            _visit(browser, server)
            visits = [_visit(browser, server) for _ in range(options.repeat(5, 1))]
            largest_text = max(_text_kilobytes(browser, server, path) for path in _TEXT_PAGES)
    except Error as error:
        raise NotMeasured(first_line(error)) from error
    yield from _size_rows(visits, largest_text)
    yield from _time_rows(visits)


def _size_rows(visits: list[_Visit], largest_text_kilobytes: float) -> Iterator[Row]:
    requests = max(visit.requests for visit in visits)
    yield Row(
        "first visit, all that it loads",
        spread([visit.kilobytes for visit in visits], "kB"),
        target=VISIT_TARGET,
        note=f"{requests} requests, with their headers, the roads among them; the most is of a "
        "process that only just started, whose files are not as small as they get",
    )
    yield Row(
        "a page of text, all that it loads",
        exactly(largest_text_kilobytes, "kB"),
        target=TEXT_TARGET,
        note="the largest of them",
    )


def _time_rows(visits: list[_Visit]) -> Iterator[Row]:
    told = (
        f"{_PHONE['width']} × {_PHONE['height']}, 1.6 Mbit/s, 150 ms, a processor "
        f"{_TIMES_SLOWER} times slower"
    )
    for name, seconds, target, more in (
        ("words of the tiles painted", [visit.tiles_s for visit in visits], WORDS_TARGET, ""),
        ("largest contentful paint", [visit.largest_s for visit in visits], WORDS_TARGET, ""),
        ("roads painted", [visit.roads_s for visit in visits], MAP_TARGET, ", drawn in software"),
    ):
        figure = spread(seconds, "s")
        yield Row(f"first visit → {name}", figure, target=target, note=f"{told}{more}")
    yield Row(
        "first visit, cumulative layout shift",
        spread([visit.shift for visit in visits], ""),
        target=SHIFT_TARGET,
        note=told,
    )


def _visit(browser: Browser, server: Server) -> _Visit:
    with _watched(browser) as (page, loaded):
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", _SLOW_LINE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": _TIMES_SLOWER})
        page.goto(f"http://{HOST}:{server.port}/", wait_until="commit")
        page.wait_for_function("() => window.firstVisit.isSettled()")
        seen: dict[str, Any] = page.evaluate("() => window.firstVisit.seen")
        sizes = answer_sizes(loaded)
    return _Visit(
        kilobytes=sum(sizes) / 1e3,
        requests=len(sizes),
        tiles_s=seen["tiles"] / 1e3,
        largest_s=seen["largest"] / 1e3,
        roads_s=seen["roads"] / 1e3,
        shift=seen["shift"],
    )


def _text_kilobytes(browser: Browser, server: Server, path: str) -> float:
    with _watched(browser) as (page, loaded):
        page.goto(f"http://{HOST}:{server.port}{path}", wait_until="networkidle")
        return sum(answer_sizes(loaded)) / 1e3


@contextlib.contextmanager
def _watched(browser: Browser) -> Iterator[tuple[Page, list[Request]]]:
    """A page with an empty cache, and the requests of it and of its workers that ended."""
    loaded: list[Request] = []
    context = browser.new_context(viewport=_PHONE, is_mobile=True, has_touch=True, locale="fr-FR")
    try:
        context.set_default_timeout(_PATIENCE_MS)
        context.add_init_script(path=_PROBE)
        context.on("requestfinished", lambda request: loaded.append(request))  # noqa: PLW0108 - Playwright marks it
        yield context.new_page(), loaded
    finally:
        context.close()


def answer_sizes(loaded: list[Request]) -> list[int]:
    """Bytes of each answer, headers included; what is made in the page itself has none."""
    sizes = [
        request.sizes() for request in list(loaded) if request.url.startswith(f"http://{HOST}")
    ]
    return [size["responseHeadersSize"] + size["responseBodySize"] for size in sizes]
