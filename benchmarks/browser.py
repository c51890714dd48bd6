"""Chromium, headless and drawing in software: load, refresh, and memory after many refreshes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from playwright.sync_api import Browser, CDPSession, Error, Page, ViewportSize, sync_playwright

from benchmarks import baseline_servers
from benchmarks.baselines import whole_figure
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import HOST
from benchmarks.refreshes import current_news
from benchmarks.rows import NotMeasured, Options, Row, Target, exactly, share, spread
from benchmarks.servers import APPLICATION, Server, gunicorn, workplace
from components.page import NEWS_STORE_ID, WAKE_STORE_ID
from components.traffic_map import ROADS_SOURCE
from services.observe.feeds.reply import CheckedReply

LOAD_TARGET: Final = Target(4, "at most")
REFRESH_TARGET: Final = Target(1 / 3, "at most", "ratio")
# What a garbage collector leaves behind differs from one time to the next.
HEAP_TARGET: Final = Target(1.05, "at most", "ratio")
_FEED_PERIOD: Final = timedelta(minutes=3)
_CHROMIUM_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_CHROMIUM_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_VIEWPORT: Final = ViewportSize(width=1280, height=720)
_PROBE: Final = Path(__file__).with_name("probe.js")
NAMES: Final = {
    "store": NEWS_STORE_ID,
    "wake": WAKE_STORE_ID,
    "source": ROADS_SOURCE,
    "graph": baseline_servers.GRAPH_ID,
}
_PATIENCE_MS: Final = 60_000
_FEW_REFRESHES: Final = 20
_WARM_UP_CHANGES: Final = 2
_CHANGES_IN_TURN: Final = 6


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows of the browser; no tiles are fetched.

    Raises
    ------
    NotMeasured
        When there is no Chromium, or a page fails.
    """
    replies = checked_replies(2, _FEED_PERIOD)
    try:
        with (
            workplace() as place,
            chromium() as browser,
            gunicorn(APPLICATION, place) as ours,
            gunicorn(baseline_servers.WHOLE_FIGURE, place) as plain,
        ):
            publisher = Publisher(place, replies)
            news = [current_text(ours)]
            publisher.publish_next()
            news.append(current_text(ours))
            # Pages start with the first one.
            publisher.publish_next()
            yield _load_row(browser, ours, plain, options)
            yield _refresh_row(browser, ours, plain, replies=replies, news=news, options=options)
            yield _heap_row(browser, ours, publisher, news, options)
    except Error as error:
        raise NotMeasured(first_line(error)) from error


def chromium_path() -> str:
    """The browser that is installed.

    Raises
    ------
    NotMeasured
        Where there is none.
    """
    found = next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
    if found is None:
        raise NotMeasured("no Chromium: sh tests/browser/install_browser.sh installs it")
    return found


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, headless and drawing in software.

    Raises
    ------
    NotMeasured
        Where there is none.
    """
    found = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=list(_CHROMIUM_ARGUMENTS), timeout=_PATIENCE_MS
        )
        try:
            yield browser
        finally:
            browser.close()


def current_text(ours: Server) -> str:
    """The answer of a refresh, as a page is handed it."""
    return orjson.dumps(current_news(ours.port)).decode()


def _load_row(browser: Browser, ours: Server, plain: Server, options: Options) -> Row:
    here: list[float] = []
    baseline: list[float] = []
    for is_warm_up in [True, *[False] * options.repeat(7, 2)]:
        for server, times_ms in ((ours, here), (plain, baseline)):
            with probed_page(browser) as page:
                painted_ms = open_page(page, server)
            if not is_warm_up:
                times_ms.append(painted_ms)
    loaded, plainly = spread(here, "s", 1e-3), spread(baseline, "s", 1e-3)
    return Row(
        "navigation → roads painted",
        loaded,
        plainly,
        "nothing but a map, whole figure by callback",
        share(loaded, plainly),
        LOAD_TARGET,
        f"{_VIEWPORT['width']} × {_VIEWPORT['height']}, headless, drawn in software, nothing "
        "cached, no tiles",
    )


def _refresh_row(
    browser: Browser,
    ours: Server,
    plain: Server,
    *,
    replies: Sequence[CheckedReply],
    news: Sequence[str],
    options: Options,
) -> Row:
    """Refreshes of the dashboard and of a bare graph of the same size, in turn."""
    here: list[float] = []
    baseline: list[float] = []
    with probed_page(browser) as dashboard:
        open_page(dashboard, ours, news)
        view = dashboard.evaluate("() => window.trafficProbe.view()")
        size = ViewportSize(width=int(view["width"]), height=int(view["height"]))
        with probed_page(browser, size) as graph:
            open_page(graph, plain, [_figure_text(reply, view) for reply in replies])
            for _ in range(options.repeat(4, 1)):
                here += changes_ms(dashboard, "refresh")
                baseline += changes_ms(graph, "redraw")
    painted, redrawn = spread(here, "ms"), spread(baseline, "ms")
    return Row(
        "response of a refresh → painted",
        painted,
        redrawn,
        "whole figure redrawn, one trace per status",
        share(painted, redrawn),
        REFRESH_TARGET,
        f"snapshots {_FEED_PERIOD.seconds // 60} min apart: {_changed_share(replies):.0%} of the "
        "segments change; from the text of the response, through Dash, to the end of the last "
        "frame",
    )


def changes_ms(page: Page, name: str) -> list[float]:
    """Milliseconds that some changes took, to and fro."""
    page.bring_to_front()
    taken_ms: list[float] = [
        page.evaluate(
            f"([place, names]) => window.trafficProbe.{name}(place, names)", [number % 2, NAMES]
        )
        # The first of the two is shown when it begins.
        for number in range(1, 1 + _WARM_UP_CHANGES + _CHANGES_IN_TURN)
    ]
    return taken_ms[_WARM_UP_CHANGES:]


def _changed_share(replies: Sequence[CheckedReply]) -> float:
    before, after = (reply.snapshot.status_codes() for reply in replies)
    return float((before != after).mean())


def _figure_text(reply: CheckedReply, view: Mapping[str, Any]) -> str:
    figure = whole_figure(reply.network, reply.snapshot)
    figure.update_layout(map={"center": view["center"], "zoom": view["zoom"]})
    return str(figure.to_json())


def _heap_row(
    browser: Browser, ours: Server, publisher: Publisher, news: Sequence[str], options: Options
) -> Row:
    """Refreshes as the server answers them: Dash keeps what a page's own script hands it."""
    many = options.repeat(200, 60)
    with probed_page(browser) as page:
        open_page(page, ours, news)
        session = page.context.new_cdp_session(page)
        _refresh_often(page, publisher, _FEW_REFRESHES)
        few_bytes = heap_bytes(session)
        _refresh_often(page, publisher, many - _FEW_REFRESHES)
        many_bytes = heap_bytes(session)
    here, baseline = exactly(many_bytes / 1e6, "MB"), exactly(few_bytes / 1e6, "MB")
    return Row(
        f"JavaScript heap after {many} refreshes",
        here,
        baseline,
        f"after {_FEW_REFRESHES}",
        share(here, baseline),
        HEAP_TARGET,
    )


def _refresh_often(page: Page, publisher: Publisher, times: int) -> None:
    """Refresh to and fro; the first of the two snapshots is shown when it begins."""
    for number in range(1, times + 1):
        publisher.publish_next()
        page.evaluate(
            "([place, names]) => window.trafficProbe.ask(place, names)", [number % 2, NAMES]
        )


def heap_bytes(session: CDPSession) -> int:
    """What scripts hold of a page once what nothing refers to is gone."""
    session.send("HeapProfiler.collectGarbage")
    return int(session.send("Runtime.getHeapUsage")["usedSize"])


@contextlib.contextmanager
def probed_page(browser: Browser, viewport: ViewportSize = _VIEWPORT) -> Iterator[Page]:
    """A page with an empty cache, with the probe in it."""
    context = browser.new_context(viewport=viewport)
    try:
        context.set_default_timeout(_PATIENCE_MS)
        context.add_init_script(path=_PROBE)
        yield context.new_page()
    finally:
        context.close()


def open_page(page: Page, server: Server, texts: Sequence[str] = ()) -> float:
    """Open a server's page, leave it what it will change between, and give its painting's time.

    Returns
    -------
    float
        Milliseconds from the start of the navigation to the first frame with roads.
    """
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://{HOST}:{server.port}/", wait_until="commit")
    try:
        painted_ms = float(page.evaluate("() => window.trafficProbe.painted"))
    except Error as error:
        said = "; ".join(complaints) or "nothing"
        raise NotMeasured(f"{first_line(error)} (the page's errors: {said})") from error
    page.evaluate("texts => window.trafficProbe.keep(texts)", list(texts))
    return painted_ms


def first_line(error: Error) -> str:
    """What an error of the browser says."""
    # The rest is a stack, with paths of this machine.
    return f"Chromium: {error.message.splitlines()[0]}"
