"""Takes the pictures in ``docs/screenshots/``: pages, screens, colours and states, in few bytes.

``python -m tests.browser.screenshots [--all] [FOLDER]``: those that are kept, or every page on
every screen, in every language and colours, to be looked at. Traffic is simulated, on the real
roads.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from services.base.command_line import run_command, tells_errors
from services.base.settings import load_settings
from services.base.texts import languages
from services.city.rennes import RENNES
from services.history.by_core import all_cores
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import CheckedReply, check_reply
from services.observe.simulated_past import WEEKS, make_past, past_times
from services.operations.database import open_operations
from services.plain.trends.asking import Done, Outcome, Query, view_of
from services.traffic.day_curve import DayCurve, Forecast, Level, Spread
from services.traffic.snapshot import Source
from services.trends.answering import ArchiveAnswers
from services.trends.archive import unreported
from services.trends.messages import Question
from services.web.trends_client import TrendsClient
from tests.browser.conftest import CHROMIUM_ARGUMENTS, PATIENCE_MS, LiveApp, chromium_path
from tests.browser.test_exploitation import PASSWORD, add_incident
from tests.factories import make_day_curve

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES: Final = 4_000_000
QUALITY: Final = 50

# A Monday morning, in the rush.
AT: Final = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
# Of that day, in the city.
MIDNIGHT: Final = datetime(2026, 11, 29, 23, tzinfo=UTC)
WIDTHS: Final = {320: 640, 390: 844, 768: 1024, 1024: 768, 1440: 900, 1920: 1080}
# A small phone at 400 %.
ENLARGED: Final = (320, 256)
PATHS: Final = {
    "carte": "",
    "qualite": "qualite",
    "camera": "camera",
    "confidentialite": "confidentialite",
    "exploitation": "exploitation/",
}
# Views of Tendances: what their addresses ask. A corridor stands for itself.
VIEWS: Final = {
    "courbe": "lieu=zone:rocade",
    "semaine": "lieu=zone:rocade",
    "calendrier": "lieu=zone:rocade",
    "scan": "lieu={corridor}&jour=2026-11-24",
    "trajet": "lieu={corridor}&jour=2026-11-30",
    "fiabilite": "lieu={corridor}",
    "bouchons": "",
    "avant-apres": "lieu={corridor}&du=2026-10-06&au=2026-11-01&du2=2026-11-02&au2=2026-11-29",
    "cout": "lieu={corridor}",
    "rapport": "lieu={corridor}",
    "relecture": "jour=2026-11-24&t=08:00",
}
# Long enough for a whole figure and what is said of it.
VIEW_SIZES: Final = ((390, 1400), (1440, 1200))
COLOURS: Final[dict[str, dict[str, Any]]] = {
    "clair": {"color_scheme": "light"},
    "sombre": {"color_scheme": "dark"},
    "couleurs-imposees": {"forced_colors": "active"},
}
NO_WEBGL: Final = """
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (type, ...rest) {
        return type.startsWith("webgl") ? null : getContext.call(this, type, ...rest);
    };
"""


@dataclass(frozen=True)
class Shot:
    """A picture.

    Attributes
    ----------
    page : str
        Of :data:`PATHS`.
    size : pair of int
        CSS pixels.
    colours : str
        Of :data:`COLOURS`.
    state : str
        What is the matter: a key of :data:`STATES`, or "" for nothing.
    """

    page: str
    size: tuple[int, int]
    language: str = "fr"
    colours: str = "clair"
    state: str = ""

    @property
    def name(self) -> str:
        """Of its file."""
        parts = [self.page, self.state, f"{self.size[0]}x{self.size[1]}"]
        parts += [self.language] if self.language != "fr" else []
        parts += [self.colours] if self.colours != "clair" else []
        return "-".join(filter(None, parts)) + ".webp"


class Stage:
    """The application as a state has it, published anew for each picture."""

    def __init__(self, app: LiveApp, empty: LiveApp, past: LiveApp) -> None:
        self.app = app
        # Nothing was ever published there.
        self.empty = empty
        # It has a history, and nothing else happens to it.
        self.past = past
        feed = DemoFeed()
        self._replies: dict[Source, CheckedReply] = {
            source: check_reply(
                feed.reply(AT), city=RENNES, source=source, received_at=AT + timedelta(minutes=4)
            )
            for source in ("demo", "live", "archive")
        }

    def set(self, source: Source, *, age: timedelta = timedelta(minutes=4)) -> None:
        """Show traffic of that source and age."""
        checked = self._replies[source]
        self.app.clock.set(AT + age)
        self.app.store.publish(checked.network, checked.snapshot)
        if source != "archive":
            self.app.store.write_day(morning(source))

    def show_past(self) -> None:
        """Show the last moment of the history."""
        checked = self._replies["demo"]
        self.past.store.publish(checked.network, checked.snapshot)
        reference = self.past.store.reference("demo")
        corridors = checked.network.with_reference(reference).corridors
        self.corridor = f"corridor:{corridors[0].way.key}"


def morning(source: Source) -> DayCurve:
    """A curve of the day as it usually is on a Monday, until now."""
    hours = (*[0.05] * 6, 0.2, 0.6, 0.85, 0.5, *[0.3] * 5, 0.45, 0.7, 0.9, 0.6, 0.3, *[0.1] * 4)
    past = int((AT - MIDNIGHT) / timedelta(minutes=15))
    return make_day_curve(
        source=source,
        day=MIDNIGHT.date() + timedelta(days=1),
        start=MIDNIGHT,
        observed=tuple(1.1 * hours[at // 4] if at < past else None for at in range(96)),
        latest=Level(AT, 0.91),
        usual=tuple(Spread(0.7 * level, level, 1.3 * level) for level in hours),
        forecast=tuple(
            Forecast(0.8 * level, 1.05 * level, 1.4 * level, is_band_observed=True)
            for level in hours
        ),
    )


def make_history(data_dir: Path) -> None:
    """Eight weeks up to the moment of the pictures."""
    operations = open_operations(load_settings(data_dir=data_dir))
    told: set[str] = set()

    def report(what: str, _done: int, _of: int) -> None:
        if what not in told:
            sys.stdout.write(f"{what}\n")
        told.add(what)

    with all_cores() as cores:
        times = past_times(WEEKS, AT)
        make_past(DemoFeed(), data_dir, operations, times, cores=cores, report=report)


def answering(data_dir: Path) -> Callable[..., Outcome[Any]]:
    """Answers to what the page asks, at the moment of the pictures and in this process."""
    operations = open_operations(load_settings(data_dir=data_dir), read_only=True)
    answers = ArchiveAnswers(RENNES, data_dir, lambda: AT, operations)

    def ask(_client: TrendsClient, query: Query[Any], _wait_s: float = 0, _asker: str = "") -> Any:
        document = msgspec.msgpack.encode(query)
        return Done(answers(Question(view_of(type(query)), document, "demo"), unreported))

    return ask


def painted(page: Page) -> None:
    """Wait until the roads of the map are there, and what flies has arrived."""
    page.wait_for_function(
        """() => {
            const { driver, snapshot, forecast } = trafficRennes.page;
            return driver && snapshot && (!forecast || forecast.state === "ready")
                && driver.map.loaded() && !driver.map.isMoving();
        }"""
    )
    # Letters are drawn a moment later.
    page.evaluate("() => new Promise((drawn) => requestIdleCallback(drawn, { timeout: 2000 }))")


def no_map(page: Page) -> None:
    expect(page.locator("#map-unavailable")).to_be_visible()


def server_gone(page: Page) -> None:
    painted(page)
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()


def loading(page: Page) -> None:
    expect(page.locator("body")).to_be_visible()


def zone(page: Page) -> None:
    painted(page)
    expect(page.locator("#panel-place")).to_be_visible()


def table(page: Page) -> None:
    painted(page)
    page.locator('a[href="#all-stretches-summary"]').press("Enter")
    expect(page.locator("#stretch-rows tr").first).to_be_visible()


@dataclass(frozen=True)
class State:
    """How a page comes to a state: the data, a script that comes first, and what to wait for."""

    source: Source | None = "demo"
    age: timedelta = timedelta(minutes=4)
    script: str = ""
    held: str = ""
    query: str = ""
    ready: Callable[[Page], None] = painted


STATES: Final = {
    "": State(),
    "18h": State(query="t=2026-11-30T18"),
    "rocade": State(query="zone=rocade", ready=zone),
    "tableau": State(ready=table),
    "vide": State(
        source=None, ready=lambda page: expect(page.locator("#freshness")).to_be_visible()
    ),
    "chargement": State(held="**/_dash-layout", ready=loading),
    "en-retard": State(source="live", age=timedelta(minutes=25)),
    "ancien": State(source="archive", age=timedelta(days=800)),
    "serveur-parti": State(source="live", ready=server_gone),
    "sans-webgl": State(script=NO_WEBGL, ready=no_map),
}


def drawn(page: Page) -> None:
    """Wait until a view of Tendances is there with all its figures."""
    expect(page.locator("#trends-exports")).to_be_visible()
    # The day that is played, and the roads and names of its map.
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        """() => [...document.querySelectorAll("#trends-result .js-plotly-plot")]
            .map((graph) => graph._fullLayout?.map?._subplot?.map)
            .every((map) => !map || (map.loaded() && map.getStyle().layers.length > 2))"""
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll("#trends-result .dash-graph")].every(
            (graph) => graph.querySelector(".main-svg, canvas"))"""
    )
    page.evaluate("() => new Promise((drawn) => requestIdleCallback(drawn, { timeout: 2000 }))")


PHONE, DESK = (390, 844), (1440, 900)
KEPT: Final = (
    *(Shot("carte", size) for size in WIDTHS.items()),
    Shot("carte", ENLARGED),
    *(Shot("carte", size, colours=name) for size in (PHONE, DESK) for name in list(COLOURS)[1:]),
    *(Shot("carte", size, "en") for size in (PHONE, DESK)),
    *(Shot("carte", size, state=name) for size in (PHONE, DESK) for name in STATES if name),
    *(Shot(page, size) for page in list(PATHS)[1:] for size in ((320, 640), PHONE, DESK)),
    *(Shot(page, DESK, "en", "sombre") for page in list(PATHS)[1:]),
    *(Shot(page, PHONE, "en", "couleurs-imposees") for page in list(PATHS)[1:]),
    *(Shot(f"tendances-{view}", size) for view in VIEWS for size in VIEW_SIZES),
    Shot("tendances-courbe", VIEW_SIZES[1], "en", "sombre"),
    Shot("tendances-scan", VIEW_SIZES[1], "en", "sombre"),
)


def every() -> Iterator[Shot]:
    """Every page on every screen, in every language and colours; every state on every screen."""
    screens = [*WIDTHS.items(), ENLARGED]
    for page, size, language, colours in product(PATHS, screens, languages(), COLOURS):
        yield Shot(page, size, language, colours)
    for state, size in product(filter(None, STATES), screens):
        yield Shot("carte", size, state=state)
    for view, size, language, colours in product(VIEWS, VIEW_SIZES, languages(), COLOURS):
        yield Shot(f"tendances-{view}", size, language, colours)


def take(browser: Browser, stage: Stage, shot: Shot) -> bytes:
    """One picture, as WebP."""
    if shot.page.startswith("tendances-"):
        return take_view(browser, stage, shot)
    state = STATES[shot.state]
    app = stage.app if state.source else stage.empty
    if state.source:
        stage.set(state.source, age=state.age)
    with opened(browser, shot, state) as page:
        query = "&".join(filter(None, (f"lang={shot.language}", state.query)))
        address = f"{app.url}{PATHS[shot.page]}?{query}"
        page.goto(address)
        if page.locator("#password").count():
            page.fill("#name", "admin")
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            expect(page.locator("#password")).to_have_count(0)
            page.goto(address)
        if shot.page == "carte":
            state.ready(page)
        else:
            # Until then there are two: the document's own page is still there.
            expect(page.locator("#first-paint")).to_have_count(0)
            expect(page.locator("main h1")).to_be_visible()
        return small(page.screenshot())


def take_view(browser: Browser, stage: Stage, shot: Shot) -> bytes:
    """A picture of a view of Tendances."""
    view = shot.page.removeprefix("tendances-")
    asked = VIEWS[view].format(corridor=stage.corridor)
    with opened(browser, shot, STATES[""]) as page:
        page.goto(f"{stage.past.url}tendances/?vue={view}&{asked}&lang={shot.language}")
        drawn(page)
        return small(page.screenshot())


@contextmanager
def opened(browser: Browser, shot: Shot, state: State) -> Iterator[Page]:
    """A page that is not loaded yet."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="fr-FR" if shot.language == "fr" else "en-GB",
        reduced_motion="reduce",
        **COLOURS[shot.colours],
    )
    context.set_default_timeout(PATIENCE_MS)
    if state.script:
        context.add_init_script(state.script)
    if state.held:
        # Never answered: the page goes on loading.
        context.route(state.held, lambda _route: None)
    yield context.new_page()
    context.unroute_all(behavior="ignoreErrors")
    context.close()


def small(png: bytes) -> bytes:
    """A picture in few bytes."""
    written = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").save(written, "WEBP", quality=QUALITY, method=6)
    return written.getvalue()


@tells_errors
def main() -> int:
    """Take the pictures; 1 where those that are kept are too large."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--all", action="store_true", help="every combination, to be looked at")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options = parser.parse_args()
    shots = list(every()) if options.all else KEPT
    options.folder.mkdir(parents=True, exist_ok=True)
    for before in options.folder.glob("*.webp"):
        before.unlink()
    with (
        tempfile.TemporaryDirectory() as data_dir,
        ExitStack() as ends,
        sync_playwright() as playwright,
    ):
        expect.set_options(timeout=PATIENCE_MS)
        app = LiveApp(Path(data_dir, "app"), monitor_level="0", dashboard_password=PASSWORD)
        empty = LiveApp(Path(data_dir, "empty"))
        past = LiveApp(Path(data_dir, "past"), source="demo")
        make_history(past.settings.data_dir)
        for one in (app, empty, past):
            one.start()
            ends.callback(one.stop)
            one.clock.set(AT)
        stage = Stage(app, empty, past)
        stage.show_past()
        add_incident(app, "first")
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS)
        )
        with patch.object(TrendsClient, "ask", answering(past.settings.data_dir)):
            for place, shot in enumerate(shots, start=1):
                (options.folder / shot.name).write_bytes(take(browser, stage, shot))
                sys.stdout.write(f"{place}/{len(shots)} {shot.name}\n")
        browser.close()
    total = sum(path.stat().st_size for path in options.folder.glob("*.webp"))
    sys.stdout.write(f"{total / 1e6:.2f} MB in {options.folder}\n")
    return int(not options.all and total > MOST_BYTES)


if __name__ == "__main__":
    run_command(main)
