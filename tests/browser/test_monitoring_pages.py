"""The monitoring in Chromium: every page shows its content, and nothing comes from elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from services.city.rennes import RENNES
from services.web.monitoring import graphs
from tests.browser.conftest import PATIENCE_MS, violations
from tests.browser.serving import ServerThread
from tests.log_in import send_log_in
from tests.ports import HOST
from tests.services.web.monitoring.app import (
    PASSWORD,
    USERNAME,
    build_server,
    call_back,
    database_of,
    eventually,
    measured,
    rows,
    settings_in,
)
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.browser,
    # The package's own query for its grouped profiler.
    pytest.mark.filterwarnings("ignore:Column-expression-level unary distinct"),
]

DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
CALLBACK = "/_dash-update-component"

PLANTED = "{{constructor.constructor('alert(1)')()}}<img src=x onerror=alert(2)>"

# AngularJS has started, all its links are bound, and every answer is there.
ALIVE = (
    "window.angular?.element(document.body).injector()?.get('$http').pendingRequests.length === 0"
)

TURN_TO = """name => {
    const injector = angular.element(document.body).injector();
    injector.get("$location").path("/" + name);
    injector.get("$rootScope").$apply();
}"""

# What each page must show of the requests that were made before.
PAGES = {
    "overview": CALLBACK,
    "hourly_load": "Requêtes par heure",
    "exception_overview": "ValueError",
    "multi_version": "Requêtes par version",
    "daily_utilization": "Requêtes par jour",
    "api_performance": "Temps de réponse",
    "configuration": "Europe/Paris",
    "database_management": "Mo",
    "custom_graph/1": "Âge du relevé, en secondes",
}
# Of one endpoint.
SLOW_ONLY = {"profiler", "grouped-profiler", "outliers"}
ENDPOINT_PAGES = {
    "hourly_load": "Requêtes par heure de /_dash",
    "version_user": "answer.children",
    "versions": "Temps par version de /_dash",
    "users": "answer.children",
    "profiler": "Ligne de code",
    "grouped-profiler": "Où passe le temps",
    "exceptions": "Aucune.",
    "outliers": "Mémoire utilisée",
    "status_code_distribution": "Aucune.",
}
PLOTS = {
    "hourly_load", "multi_version", "daily_utilization", "api_performance", "version_user",
    "versions", "users", "status_code_distribution", "custom_graph",
}  # fmt: skip


@dataclass
class MonitoringPage:
    """A page of a running application, and what the browser did and said meanwhile."""

    page: Page
    server: Flask
    address: str
    endpoints: dict[str, int]
    asked_elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def log_in(self) -> None:
        """As the form does, which has a test of its own; no page is opened."""
        answer = send_log_in(self.server.test_client(), USERNAME, PASSWORD)
        assert answer.status_code == HTTPStatus.SEE_OTHER
        for header in answer.headers.getlist("Set-Cookie"):
            for name, cookie in SimpleCookie(header).items():
                self.page.context.add_cookies(
                    [{"name": name, "value": cookie.value, "url": self.address}]
                )

    def open_first(self) -> None:
        """Go to the page that comes first."""
        self.page.goto(f"{self.address}/dashboard/")
        self.page.wait_for_url("**/dashboard/overview")
        self.until_alive()

    def open(self, name: str, expected: str) -> None:
        """Go to a page by its address, as with a bookmark."""
        self.page.goto(f"{self.address}/dashboard/{name}")
        self._see(name, expected)

    def turn_to(self, name: str, expected: str) -> None:
        """Go to a page from another one, as the menu does."""
        self.page.evaluate(TURN_TO, name)
        self.page.wait_for_url(f"**/dashboard/{name}")
        self._see(name, expected)

    def problems(self) -> dict[str, list[tuple[int, str, str]]]:
        """What axe finds on the page that is shown, and where it does not fit the screen."""
        found = []
        # Drawn for the phone: charts keep the width for which they were drawn.
        for size, theme in ((PHONE, "light"), (DESKTOP, "dark")):
            self.page.set_viewport_size(size)
            # Without motion: colours on their way from one theme to the other are neither.
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            expect(self.page.locator("html")).to_have_attribute("data-bs-theme", theme)
            found += [
                (size["width"], item["id"], item["html"][:300]) for item in violations(self.page)
            ]
            if self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append((size["width"], "wider than the screen", ""))
        self.page.set_viewport_size(PHONE)
        self.page.emulate_media(color_scheme="light")
        return {self.page.url: found} if found else {}

    def until_alive(self) -> None:
        """Wait until the page answers to clicks; its policy forbids polling from inside."""
        wait_until(lambda: self.page.evaluate(ALIVE))

    def _see(self, name: str, expected: str) -> None:
        expect(self.page.locator("#content")).to_contain_text(expected)
        if PLOTS & set(name.split("/")):
            expect(self.page.locator("#content .main-svg").first).to_be_visible()
        self.until_alive()


def plant(connection: sqlite3.Connection) -> None:
    """Write into every text of a measure, as if a stranger could, what AngularJS might execute."""
    for table, column in (
        ("ExceptionMessage", "message"),
        ("ExceptionType", "type"),
        ("Outlier", "request_url"),
        ("Outlier", "stacktrace"),
        ("CodeLine", "code"),
        ("FunctionDefinition", "code"),
        ("FilePath", "path"),
    ):
        connection.execute(f"UPDATE {table} SET {column} = {column} || ?", (PLANTED,))  # noqa: S608
    connection.execute(
        "UPDATE Request SET group_by = ?, version_requested = ? WHERE id IN"
        " (SELECT id FROM Request WHERE group_by = 'answer.children' LIMIT 1)",
        (PLANTED, PLANTED),
    )


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Flask, str, dict[str, int]]]:
    """An application with a few requests of every kind behind it, its address and endpoints."""
    data_dir = tmp_path_factory.mktemp("data")
    server = build_server(settings_in(data_dir, monitor_level="3"))
    client = server.test_client()
    for hour in range(4):
        assert call_back(client, "answer.children", "hour.value", hour) == 200
        client.get("/slow")
    client.get("/broken")
    assert eventually(lambda: len(measured(data_dir, CALLBACK)) == 4)
    assert eventually(lambda: len(measured(data_dir, "slow")) == 4)
    assert eventually(lambda: len(rows(data_dir, "SELECT * FROM ExceptionOccurrence")) == 1)
    assert eventually(lambda: len(rows(data_dir, "SELECT * FROM Outlier")) >= 1)
    with closing(sqlite3.connect(database_of(data_dir))) as connection, connection:
        connection.execute("INSERT INTO CustomGraph (title) VALUES (?)", (graphs.SNAPSHOT_AGE,))
        connection.execute(
            "INSERT INTO CustomGraphData (graph_id, time, value) VALUES (1, ?, 60)",
            (datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),),
        )
        plant(connection)
    http = ServerThread(server)
    endpoints = dict(rows(data_dir, "SELECT name, id FROM Endpoint"))
    yield server, f"http://{HOST}:{http.port}", endpoints
    http.stop()


@pytest.fixture
def monitoring_page(
    request: pytest.FixtureRequest,
    chromium: Browser,
    running: tuple[Flask, str, dict[str, int]],
) -> Iterator[MonitoringPage]:
    """A page that reaches the application and no other host."""
    server, address, endpoints = running
    # An operator far away still reads the time of Rennes.
    context = chromium.new_context(
        viewport=getattr(request, "param", DESKTOP), timezone_id="America/New_York"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    monitoring = MonitoringPage(page, server, address, endpoints)

    def allow_own_host(route: Route) -> None:
        if route.request.url.startswith((f"{address}/", "data:", "blob:")):
            route.continue_()
        else:
            monitoring.asked_elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", allow_own_host)
    page.on("dialog", lambda dialog: monitoring.complaints.append(f"said {dialog.message}"))
    page.on("pageerror", lambda error: monitoring.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            monitoring.complaints.append(f"{page.url}: {message.text}")
            if message.type in {"error", "warning"}
            else None
        ),
    )
    yield monitoring
    context.close()


@pytest.mark.parametrize("monitoring_page", [PHONE], indirect=True, ids=["phone"])
def test_every_page_shows_its_content_with_nothing_from_elsewhere(
    monitoring_page: MonitoringPage,
) -> None:
    monitoring_page.log_in()
    monitoring_page.open_first()
    problems = {}
    for name, expected in PAGES.items():
        monitoring_page.turn_to(name, expected)
        problems |= monitoring_page.problems()
    for name, expected in ENDPOINT_PAGES.items():
        # A callback that is over before anybody looked has no lines, and does not stand out.
        endpoint = "slow" if name in SLOW_ONLY else CALLBACK
        number = monitoring_page.endpoints[endpoint]
        monitoring_page.turn_to(f"endpoint/{number}/{name}", expected)
        problems |= monitoring_page.problems()
    broken = monitoring_page.endpoints["broken"]
    # Shown as it was written, and not executed: nothing has been said.
    monitoring_page.open(f"endpoint/{broken}/exceptions", f"ValueError{PLANTED}")
    expect(monitoring_page.page.locator("#content")).to_contain_text("Dernière : il y a")
    problems |= monitoring_page.problems()
    assert problems == {}
    assert monitoring_page.asked_elsewhere == []
    assert monitoring_page.complaints == []


def test_the_grouped_profile_is_drawn_to_scale_and_can_be_enlarged(
    monitoring_page: MonitoringPage,
) -> None:
    monitoring_page.log_in()
    number = monitoring_page.endpoints["slow"]
    monitoring_page.open(f"endpoint/{number}/grouped-profiler", "Où passe le temps")
    chart = monitoring_page.page.locator("#sunburst")
    line = chart.get_by_role("button", name="time.sleep(0.01)")
    expect(line).to_be_visible()
    title = line.get_attribute("title") or ""
    share = float(title.split("\n")[1].split(" %")[0])
    before = line.bounding_box()
    whole = chart.bounding_box()
    assert before is not None
    assert whole is not None
    assert before["width"] / whole["width"] == pytest.approx(share / 100, abs=0.02)
    line.click()
    after = chart.get_by_role("button", name="time.sleep(0.01)").bounding_box()
    assert after is not None
    assert after["width"] == pytest.approx(whole["width"], abs=2)
    chart.get_by_role("button").first.click()
    expect(chart.get_by_role("button").first).to_be_visible()
    assert monitoring_page.complaints == []


def test_an_endpoint_without_a_profile_says_so(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    number = monitoring_page.endpoints["pair"]
    monitoring_page.open(
        f"endpoint/{number}/grouped-profiler", "Aucune requête n’a encore été profilée"
    )
    assert monitoring_page.complaints == []


@pytest.mark.parametrize("monitoring_page", [PHONE], indirect=True, ids=["phone"])
def test_the_keyboard_alone_logs_in_and_opens_the_menu_of_a_phone(
    monitoring_page: MonitoringPage,
) -> None:
    page = monitoring_page.page
    page.goto(f"{monitoring_page.address}/dashboard/")
    expect(page.get_by_label("Nom d'utilisateur")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.keyboard.type(USERNAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/overview")
    monitoring_page.until_alive()
    menu = page.locator("summary", has_text="Menu")
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Mesures conservées").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_contain_text("Taille de la base")


def test_a_wrong_password_is_announced(monitoring_page: MonitoringPage) -> None:
    page = monitoring_page.page
    page.goto(f"{monitoring_page.address}/connexion?next=/dashboard/")
    page.get_by_label("Nom d'utilisateur").fill("admin")
    page.get_by_label("Mot de passe").fill("admin")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_have_text("Nom d'utilisateur ou mot de passe inconnu.")


def test_the_operator_can_work_from_the_pages(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    monitoring_page.open_first()
    page = monitoring_page.page
    row = page.locator("#content tr", has_text="pair")
    with page.expect_response("**/api/set_rule") as answer:
        row.get_by_text("1", exact=True).click()
    assert answer.value.status == 200
    # The map, which it leads to, would ask the server, and be counted among the requests of others.
    page.route(f"**{CALLBACK}", lambda route: route.fulfill(status=HTTPStatus.NO_CONTENT))
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(f"{monitoring_page.address}/")
    assert monitoring_page.complaints == []
    page.goto(f"{monitoring_page.address}/dashboard/overview")
    page.wait_for_url("**/connexion?**")


def test_the_overview_is_sorted_by_the_column_that_says_so(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    monitoring_page.open_first()
    page = monitoring_page.page
    names = page.locator("#content tbody td:first-child")
    expect(page.get_by_role("columnheader", name="En tout")).to_have_attribute(
        "aria-sort", "descending"
    )
    hits = [int(text) for text in page.locator("#content tbody td:nth-child(4)").all_inner_texts()]
    assert hits == sorted(hits, reverse=True)
    assert hits[0] > hits[-1]
    page.get_by_role("button", name="Point d’accès").click()
    page.get_by_role("button", name="Point d’accès").click()
    expect(page.get_by_role("columnheader", name="Point d’accès")).to_have_attribute(
        "aria-sort", "ascending"
    )
    found = names.all_inner_texts()
    assert found == sorted(found, key=str.lower)
    page.get_by_label("Chercher").fill("slow")
    expect(names).to_have_text(["slow"])


def test_charts_say_what_they_show(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    page = monitoring_page.page
    number = monitoring_page.endpoints[CALLBACK]
    monitoring_page.open(f"endpoint/{number}/hourly_load", "Requêtes par heure")
    expect(page.locator("#chart .xtitle")).to_have_text("Jour")
    drawn = page.evaluate("""() => {
        const chart = document.getElementById("chart"), trace = chart.data[0];
        return {scale: [trace.zmin, trace.zmax], day: trace.x.at(-1), counts: trace.z.flat(),
            unit: chart._fullData[0].colorbar.title.text};
    }""")
    today = datetime.now(RENNES.time_zone).date().isoformat()
    counts = drawn.pop("counts")
    assert len(counts) == 24 * 15
    # Pages that other tests opened may have asked as well.
    assert sum(counts) >= 4
    assert drawn == {"scale": [0, max(counts)], "day": today, "unit": "Requêtes"}
    monitoring_page.open(f"endpoint/{number}/users", "answer.children")
    expect(page.locator("#content .box").first).to_be_attached()
    expect(page.get_by_label("callbacks")).to_be_visible()
    slow = monitoring_page.endpoints["slow"]
    monitoring_page.open(f"endpoint/{slow}/hourly_load", "slow")
    expect(page.get_by_role("link", name="Temps par callback")).to_have_count(0)


def test_nothing_is_drawn_before_its_words_are_there(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    page = monitoring_page.page
    waiting: list[Route] = []
    page.route("**/words-fr.json", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks it
    number = monitoring_page.endpoints[CALLBACK]
    with page.expect_request("**/words-fr.json"):
        page.goto(f"{monitoring_page.address}/dashboard/endpoint/{number}/hourly_load")
    # Playwright hears of requests while it is asked something.
    wait_until(lambda: page.evaluate("document.readyState") == "complete" and waiting)
    expect(page.locator("#chart")).to_have_count(0)
    waiting[0].continue_()
    expect(page.locator("#chart .xtitle")).to_have_text("Jour")
    title = "document.getElementById('chart')._fullData[0].colorbar.title.text"
    assert page.evaluate(title) == "Requêtes"


def test_times_are_those_of_rennes(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    page = monitoring_page.page
    local = datetime.now(RENNES.time_zone)
    monitoring_page.open("custom_graph/1", "Âge du relevé")
    time = page.evaluate("document.getElementById('chart').data[0].x[0]")
    assert abs(datetime.fromisoformat(time) - local) < timedelta(minutes=10)
    assert datetime.fromisoformat(time).utcoffset() == local.utcoffset()
    number = monitoring_page.endpoints["broken"]
    monitoring_page.open(f"endpoint/{number}/status_code_distribution", "500")
    shown = page.locator("#content tbody td").first.inner_text()
    assert abs(
        datetime.strptime(shown, "%d/%m/%Y %H:%M").replace(tzinfo=RENNES.time_zone) - local
    ) < timedelta(minutes=10)


def test_the_pages_speak_the_operators_language(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    page = monitoring_page.page
    page.context.add_cookies([{"name": "language", "value": "en", "url": monitoring_page.address}])
    number = monitoring_page.endpoints[CALLBACK]
    monitoring_page.open(f"endpoint/{number}/users", "Times by callback of /_dash")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_label("callbacks")).to_be_visible()
    page.get_by_role("link", name="Français").click()
    page.wait_for_url(f"**/endpoint/{number}/users?lang=fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Performances")
    page.get_by_role("link", name="English").click()
    page.wait_for_url(f"**/endpoint/{number}/users?lang=en")
    monitoring_page.open("configuration", "Version of the application")
    expect(page.locator("#content")).to_contain_text(f"{datetime.now(RENNES.time_zone):%d/%m/%Y}")
