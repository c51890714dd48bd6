from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)

from app import create_app
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot, Source
from services.traffic.store import Store
from tests.browser.serving import ServerThread
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for, write_forecasts
from tests.ports import HOST
from tests.waiting import PATIENCE_SECONDS

BROWSER_TEST = [pytest.mark.browser]
DESKTOP = (1280, 800)
# Where the map is not looked at: fewer pixels to draw in software.
COMPACT = (640, 480)
PHONE = (390, 844)
# The map is drawn in software, pixel by pixel: a quarter of them for a layout that is the same.
PIXELS_PER_CSS_PIXEL = 0.5
# Software rendering on a busy machine; a condition that holds is seen at once.
PATIENCE_MS = PATIENCE_SECONDS * 1000

_SCRIPT = "text/javascript"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # The map needs WebGL; the rest of a page costs half without a graphics card that is simulated.
    "--disable-gpu-compositing",
    # Two pages that the browser loads for its own window. In place of what Playwright turns off,
    # which concerns other hosts, other systems and what only a visible window shows.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    # A page finds what another one of its context had compiled.
    "--process-per-site",
    # No other host exists.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# Options that hold for a page; all others are those of a context of its own.
_OF_A_PAGE = {"bypass_csp", "color_scheme", "reduced_motion", "forced_colors"}
# What the tests see of the map: through the page's own handle, by the public API of MapLibre.
_MAP = "trafficRennes.mapHandle?.(document.querySelector('#map .js-plotly-plot'))"

# Asks for news, as a tab does that comes back, and waits until they are there. While another
# request has the server read them, it still answers with the ones before.
REFRESH = """async (version) => {
    for (let waits = 0; trafficRennes.page.snapshot.version !== version; waits += 1) {
        if (waits % 50 === 0) dash_clientside.set_props("wake", { data: `${version} ${waits}` });
        await new Promise((resolve) => setTimeout(resolve, 4));
    }
}"""


@dataclass
class Clock:
    """A clock that a test sets; it goes on from there."""

    start: datetime
    set_at: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self.set_at)

    def set(self, moment: datetime) -> None:
        self.start, self.set_at = moment, time.monotonic()


class LiveApp:
    """The application in a thread, with a data directory that the test writes to."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self.clock = Clock(OBSERVED_AT + timedelta(minutes=4))
        self.store = Store(RENNES, data_dir)
        self.store.prepare()
        self.network = make_network()
        self.port = 0
        defaults = {"monitor_level": "off", "refresh_seconds": 1, "tiles_url": "none"}
        self.settings = load_settings(data_dir=data_dir, **(defaults | settings))
        self._server: ServerThread | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def start(self) -> None:
        self._server = ServerThread(create_app(self.settings, self.clock).server, self.port)
        self.port = self._server.port

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def publish(
        self,
        statuses: Any = None,
        *,
        network: Network | None = None,
        source: Source = "live",
        observed_at: datetime = OBSERVED_AT,
    ) -> Snapshot:
        self.network = network or self.network
        snapshot = make_snapshot_for(self.network, statuses, source=source, observed_at=observed_at)
        self.store.publish(self.network, snapshot)
        return snapshot


@dataclass
class Visit:
    """A page in a browser that reaches no host but this one, and what happened in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)

    def js(self, expression: str, argument: Any = None) -> Any:
        return self.page.evaluate(expression, argument)

    def map(self, expression: str) -> Any:
        """Evaluate an expression of ``map``, or None while it is not there or loads a style."""
        return self.js(
            f"""() => {{
                const map = window.trafficRennes && {_MAP};
                if (!map) return null;
                try {{
                    return {expression};
                }} catch (error) {{
                    if (error.message.includes("not done loading")) return null;
                    throw error;
                }}
            }}"""
        )

    def go_back_to(self, app: LiveApp, **published: Any) -> Snapshot:
        """Show a snapshot older than the one before: taken only after one of another source."""
        self.js(REFRESH, app.publish(source="archive").version)
        snapshot = app.publish(**published)
        self.js(REFRESH, snapshot.version)
        return snapshot

    def status_on_map(self, segment: int) -> int | None:
        status: int | None = self.map(
            f"map.getFeatureState({{source: 'roads', id: {segment}}}).status"
        )
        return status

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait for a condition; its value once it holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            self.page.wait_for_timeout(25)
        raise AssertionError(f"never came true: {what}; errors: {self.errors}")

    def until_painted(self, snapshot: Snapshot) -> None:
        """Wait until the map shows a snapshot."""
        codes = snapshot.status_codes()
        last = len(codes) - 1
        self.until(
            lambda: (
                (self.status_on_map(0), self.status_on_map(last)) == (codes[0], codes[-1])
                and self.map("map.loaded()")
            ),
            f"snapshot {snapshot.version} on the map",
        )

    def point_of(self, network: Network, segment: int) -> tuple[float, float]:
        """Where on the page the middle of a segment is drawn."""
        line = network.geometry[segment][0]
        middle = len(line) // 2
        x, y = self.map(
            f"""(([from, to]) => {{
                const box = map.getCanvas().getBoundingClientRect();
                // Drawn to the right of its line.
                const length = Math.hypot(to.x - from.x, to.y - from.y);
                const right = [-(to.y - from.y) / length, (to.x - from.x) / length];
                return [
                    box.x + (from.x + to.x) / 2 + 2 * right[0],
                    box.y + (from.y + to.y) / 2 + 2 * right[1],
                ];
            }})({line[middle - 1 : middle + 1]}.map((place) => map.project(place)))"""
        )
        return x, y


def chromium_path() -> str:
    """Of the browser that is installed."""
    return next(filter(None, map(shutil.which, _CHROMIUM_NAMES)))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS)
        )
        yield browser
        browser.close()


@dataclass(frozen=True)
class WarmContext:
    """A context, and the session of the page that keeps its process."""

    is_phone: bool
    context: BrowserContext
    keeper: CDPSession


class WarmContexts:
    """Contexts that one test after another uses: what the first page compiled, the next ones find.

    That is a fifth of what a visit costs. Each is as fresh as one of its own: nothing that a page
    has stored, and no file, stays.
    """

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._free: dict[bool, WarmContext] = {}

    def take(self, *, is_phone: bool) -> WarmContext:
        """One that no other visit has; it is to be given back."""
        return self._free.pop(is_phone, None) or self._make(is_phone)

    def give_back(self, warm: WarmContext, origins: Iterable[str]) -> None:
        for page in warm.context.pages[1:]:
            page.close()
        if warm.is_phone in self._free:
            warm.context.close()
            return
        warm.context.clear_cookies()
        warm.keeper.send("Network.clearBrowserCache")
        for origin in origins:
            given = {"origin": origin, "storageTypes": "all"}
            warm.keeper.send("Storage.clearDataForOrigin", given)
        self._free[warm.is_phone] = warm

    def _make(self, is_phone: bool) -> WarmContext:
        context = new_context(self._chromium, is_phone=is_phone)
        # Its process lasts as long as there is a page of the host.
        keeper = context.new_page()
        keeper.route("**", lambda route: route.fulfill(body=""))
        keeper.goto(f"http://{HOST}/")
        return WarmContext(is_phone, context, context.new_cdp_session(keeper))


@pytest.fixture(scope="session")
def warm_contexts(chromium: Browser) -> WarmContexts:
    return WarmContexts(chromium)


@pytest.fixture(scope="session")
def used_ports() -> list[int]:
    """Ports of applications that are over: what is compiled is known by its address."""
    return []


@pytest.fixture
def start_app(tmp_path: Path, used_ports: list[int]) -> Iterator[Callable[..., LiveApp]]:
    """Start applications, each with settings of its own; the forecasts are made up."""
    with running_apps(tmp_path, used_ports) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared_app(
    tmp_path_factory: pytest.TempPathFactory, used_ports: list[int]
) -> Iterator[Callable[..., LiveApp]]:
    """The same for a whole module."""
    with running_apps(tmp_path_factory.mktemp("app"), used_ports) as start:
        yield start


@pytest.fixture
def visit(chromium: Browser, warm_contexts: WarmContexts) -> Iterator[Callable[..., Visit]]:
    """Open pages; each test ends with the assurance that nothing came from elsewhere."""
    with opened_pages(chromium, warm_contexts) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def visit_shared(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """The same for a whole module: loading the map takes most of a test's time."""
    with opened_pages(chromium) as open_page:
        yield open_page


@pytest.fixture
def live_app(start_app: Callable[..., LiveApp]) -> LiveApp:
    """An application with one snapshot of a small network."""
    app = start_app()
    app.publish()
    return app


@contextmanager
def running_apps(
    folder: Path, used_ports: list[int] | None = None
) -> Iterator[Callable[..., LiveApp]]:
    apps: list[LiveApp] = []
    ports = [] if used_ports is None else used_ports

    def start(*, forecasts: bool = True, **settings: Any) -> LiveApp:
        data_dir = folder / f"data-{len(apps)}"
        app = LiveApp(data_dir, **settings)
        app.port = ports.pop() if ports else 0
        if forecasts:
            write_forecasts(data_dir)
        apps.append(app)
        app.start()
        return app

    yield start
    for app in apps:
        app.stop()
        ports.append(app.port)


def new_context(chromium: Browser, *, is_phone: bool, **options: Any) -> BrowserContext:
    context = chromium.new_context(
        is_mobile=is_phone,
        has_touch=is_phone,
        device_scale_factor=PIXELS_PER_CSS_PIXEL,
        locale="fr-FR",
        # Far from Rennes: the page must not care.
        timezone_id="America/New_York",
        **options,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


@contextmanager
def opened_pages(
    chromium: Browser, warm: WarmContexts | None = None
) -> Iterator[Callable[..., Visit]]:
    contexts: list[BrowserContext] = []
    taken: list[WarmContext] = []
    visits: list[Visit] = []

    def new_page(is_phone: bool, is_counted: bool, options: dict[str, Any]) -> Page:
        if warm is None or is_counted or set(options) - _OF_A_PAGE:
            contexts.append(new_context(chromium, is_phone=is_phone, **options))
            return contexts[-1].new_page()
        taken.append(warm.take(is_phone=is_phone))
        page = taken[-1].context.new_page()
        if options.pop("bypass_csp", False):
            page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
        if options:
            page.emulate_media(**options)
        return page

    def open_page(
        url: str,
        size: tuple[int, int] = DESKTOP,
        *,
        script: str = "",
        after: Mapping[str, str] | None = None,
        fail_once: str = "",
        is_counted: bool = False,
        **options: Any,
    ) -> Visit:
        """A page at an address; of one that is counted, nothing else is in its process."""
        result = Visit(new_page(size[0] < 600, is_counted, options))
        visits.append(result)
        result.page.set_viewport_size({"width": size[0], "height": size[1]})
        _watch(result.page, result)
        _change(result.page, script, after or {}, fail_once)
        result.page.goto(url)
        # Until then the document's own page is shown, which answers nothing.
        expect(result.page.locator("#first-paint")).to_have_count(0)
        return result

    yield open_page
    for context in contexts:
        context.close()
    origins = {origin for item in visits for origin in item.origins}
    for one in taken:
        assert warm is not None
        warm.give_back(one, origins)
    assert [url for item in visits for url in item.elsewhere] == []


def _change(page: Page, script: str, after: Mapping[str, str], fail_once: str) -> None:
    """Change what the page gets to run and from the server."""
    if script:
        page.add_init_script(script)
    for pattern, more in after.items():
        page.route(pattern, _with(more))
    if fail_once:
        page.route(fail_once, lambda route: route.abort(), times=1)


def _with(more: str) -> Callable[[Route], None]:
    """A script as the server has it, and more behind it."""

    def answer(route: Route) -> None:
        route.fulfill(body=f"{route.fetch().text()}\n{more}", content_type=_SCRIPT)

    return answer


def _watch(page: Page, visit: Visit) -> None:
    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.hostname == "127.0.0.1":
            visit.requests.append(address.path.lstrip("/"))
            visit.origins.add(f"{address.scheme}://{address.netloc}")
        elif address.scheme.startswith("http"):
            visit.elsewhere.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on(
        "console",
        lambda message: visit.errors.append(message.text) if message.type == "error" else None,
    )


Problem = tuple[str, list[Any]]
# Not asked for by axe itself: of WCAG 2.2, and one that is called experimental.
_MORE_RULES = ("target-size", "label-content-name-mismatch")
_OF_COLOUR = ("color-contrast", "link-in-text-block")


def serious_problems(page: Page, *selectors: str) -> list[Problem]:
    """What axe finds on a page, or in some parts of it, that keeps people out."""
    context = {"include": [[selector] for selector in selectors]} if selectors else None
    return [
        (item["id"], item["targets"])
        for item in violations(page, context=context)
        if item["impact"] in ("serious", "critical")
    ]


def held_by(page: Visit) -> tuple[int, tuple[int, int]]:
    """Bytes of the heap once it has been swept, and how many nodes and listeners there are."""
    session = page.page.context.new_cdp_session(page.page)
    session.send("Performance.enable")
    # What the first sweep finalises, only the second one frees.
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.collectGarbage")
    used_bytes = session.send("Runtime.getHeapUsage")["usedSize"]
    metrics = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    counts = {item["name"]: item["value"] for item in metrics}
    return used_bytes, (counts["Nodes"], counts["JSEventListeners"])


def axe_problems(page: Page) -> list[Problem]:
    """All that axe finds on a page, of what WCAG 2.2 AA asks and of good practice."""
    more = {name: {"enabled": True} for name in _MORE_RULES}
    return [(item["id"], item["targets"]) for item in violations(page, {"rules": more})]


def axe_problems_of_colour(page: Page, *selectors: str) -> list[Problem]:
    """Those of its rules that look at colours, half of its work; in some parts of it on request."""
    rules = {"runOnly": list(_OF_COLOUR)}
    context = {"include": [[selector] for selector in selectors]} if selectors else None
    return [(item["id"], item["targets"]) for item in violations(page, rules, context)]


def axe_problems_of_words(page: Page) -> list[Problem]:
    """All but those of colours and sizes, which are the same in every language."""
    rules = {"label-content-name-mismatch": {"enabled": True}}
    rules |= {name: {"enabled": False} for name in _OF_COLOUR}
    return [(item["id"], item["targets"]) for item in violations(page, {"rules": rules})]


def violations(
    page: Page, options: dict[str, Any] | None = None, context: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What axe finds wrong; to hand out all that it looked at takes longer than to look."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        """async ([context, options]) => {
            const { violations } = await axe.run(context ?? document, options);
            return violations.map(({ id, impact, nodes }) => (
                { id, impact, html: nodes[0].html, targets: nodes.map(({ target }) => target) }
            ));
        }""",
        [context, {"resultTypes": ["violations"]} | (options or {})],
    )
    return found
