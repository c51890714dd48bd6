"""The monitoring in Chromium: every page shows its content, and nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.browser.serving import ServerThread
from tests.ports import HOST
from tests.services.monitoring_app import (
    PASSWORD,
    USERNAME,
    build_server,
    call_back,
    eventually,
    measured,
    rows,
    settings_in,
)

pytestmark = [
    pytest.mark.browser,
    # The package's own query for its grouped profiler.
    pytest.mark.filterwarnings("ignore:Column-expression-level unary distinct"),
]

DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
CALLBACK = "/_dash-update-component"

NOTHING_PENDING = (
    "angular.element(document.body).injector().get('$http').pendingRequests.length === 0"
)

TURN_TO = """name => {
    const injector = angular.element(document.body).injector();
    injector.get("$location").path("/" + name);
    injector.get("$rootScope").$apply();
}"""

# What each page must show of the requests that were made before.
PAGES = {
    "overview": CALLBACK,
    "hourly_load": "Hourly API Utilization",
    "exception_overview": "ValueError",
    "multi_version": "Multi version API Utilization",
    "daily_utilization": "Daily API Utilization",
    "api_performance": "API Performance",
    "reporting": "Generate a report",
    "configuration": "Europe/Paris",
    "database_management": "MB",
    "alerting_settings": "Alerting",
}
# Of one endpoint.
SLOW_ONLY = {"profiler", "grouped-profiler", "outliers"}
ENDPOINT_PAGES = {
    "hourly_load": "Hourly API Utilization",
    "version_user": "answer.children",
    "version_ip": "IP-Focused",
    "versions": "Per-Version Performance",
    "users": "answer.children",
    "profiler": "Code-line",
    "grouped-profiler": "Where the time goes",
    "exceptions": "Exceptions for",
    "outliers": "CPU",
    "status_code_distribution": "Status",
}
PLOTS = {
    "hourly_load", "multi_version", "daily_utilization", "api_performance", "version_user",
    "version_ip", "versions", "users", "status_code_distribution",
}  # fmt: skip


@dataclass
class MonitoringPage:
    """A page of a running application, and what the browser did and said meanwhile."""

    page: Page
    address: str
    endpoints: dict[str, int]
    asked_elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def log_in(self) -> None:
        self.page.goto(f"{self.address}/dashboard/")
        self.page.get_by_label("Nom d'utilisateur").fill(USERNAME)
        self.page.get_by_label("Mot de passe").fill(PASSWORD)
        self.page.get_by_role("button", name="Se connecter").click()
        self.page.wait_for_url("**/dashboard/overview")

    def open(self, name: str, expected: str) -> None:
        """Go to a page by its address, as with a bookmark."""
        self.page.goto(f"{self.address}/dashboard/{name}")
        self._see(name, expected)

    def turn_to(self, name: str, expected: str) -> None:
        """Go to a page from another one, as the menu does."""
        self.page.evaluate(TURN_TO, name)
        self.page.wait_for_url(f"**/dashboard/{name}")
        self._see(name, expected)

    def _see(self, name: str, expected: str) -> None:
        expect(self.page.locator("#content")).to_contain_text(expected)
        if name.rpartition("/")[2] in PLOTS:
            expect(self.page.locator("#content .main-svg").first).to_be_visible()
        assert eventually(lambda: bool(self.page.evaluate(NOTHING_PENDING)))


@pytest.fixture(scope="module")
def address_and_endpoints(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, dict[str, int]]]:
    """A running application with a few requests of every kind behind it."""
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
    http = ServerThread(server)
    endpoints = dict(rows(data_dir, "SELECT name, id FROM Endpoint"))
    yield f"http://{HOST}:{http.port}", endpoints
    http.stop()


@pytest.fixture
def monitoring_page(
    request: pytest.FixtureRequest,
    chromium: Browser,
    address_and_endpoints: tuple[str, dict[str, int]],
) -> Iterator[MonitoringPage]:
    """A page that reaches the application and no other host."""
    address, endpoints = address_and_endpoints
    context = chromium.new_context(viewport=getattr(request, "param", DESKTOP))
    page = context.new_page()
    monitoring = MonitoringPage(page, address, endpoints)

    def allow_own_host(route: Route) -> None:
        if route.request.url.startswith((f"{address}/", "data:", "blob:")):
            route.continue_()
        else:
            monitoring.asked_elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", allow_own_host)
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


@pytest.mark.parametrize("monitoring_page", [DESKTOP, PHONE], indirect=True, ids=["desk", "phone"])
def test_every_page_shows_its_content_with_nothing_from_elsewhere(
    monitoring_page: MonitoringPage,
) -> None:
    monitoring_page.log_in()
    for name, expected in PAGES.items():
        monitoring_page.turn_to(name, expected)
    for name, expected in ENDPOINT_PAGES.items():
        # A callback that is over before anybody looked has no lines, and does not stand out.
        endpoint = "slow" if name in SLOW_ONLY else CALLBACK
        number = monitoring_page.endpoints[endpoint]
        monitoring_page.turn_to(f"endpoint/{number}/{name}", expected)
    broken = monitoring_page.endpoints["broken"]
    monitoring_page.open(f"endpoint/{broken}/exceptions", "ValueError")
    assert monitoring_page.asked_elsewhere == []
    assert monitoring_page.complaints == []


def test_the_grouped_profile_is_drawn_to_scale_and_can_be_enlarged(
    monitoring_page: MonitoringPage,
) -> None:
    monitoring_page.log_in()
    number = monitoring_page.endpoints["slow"]
    monitoring_page.open(f"endpoint/{number}/grouped-profiler", "Where the time goes")
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
    monitoring_page.open(f"endpoint/{number}/grouped-profiler", "No request has been profiled yet")
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
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    configuration = page.locator("#mainNav").get_by_role("button", name="Configuration")
    expect(configuration).to_be_visible()
    configuration.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Database Management").click()
    expect(page.locator("#content")).to_contain_text("Current Database Size")


def test_a_wrong_password_is_announced(monitoring_page: MonitoringPage) -> None:
    page = monitoring_page.page
    page.goto(f"{monitoring_page.address}/connexion?next=/dashboard/")
    page.get_by_label("Nom d'utilisateur").fill("admin")
    page.get_by_label("Mot de passe").fill("admin")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_have_text("Nom d'utilisateur ou mot de passe inconnu.")


def test_the_operator_can_work_from_the_pages(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    page = monitoring_page.page
    row = page.locator("#content tr", has_text="pair")
    with page.expect_response("**/api/set_rule") as answer:
        row.get_by_text("1", exact=True).click()
    assert answer.value.status == 200
    page.get_by_role("button", name="Logout").click()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url("**/connexion?**")
    page.goto(f"{monitoring_page.address}/dashboard/overview")
    page.wait_for_url("**/connexion?**")
    assert monitoring_page.complaints == []


def test_telemetry_has_no_switch(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    monitoring_page.open("overview", CALLBACK)
    expect(monitoring_page.page.get_by_text("Telemetry Consent")).to_be_hidden()
    monitoring_page.open("configuration", "Europe/Paris")
    expect(monitoring_page.page.get_by_text("Telemetry data consent")).to_be_hidden()


def test_charts_have_contents_and_not_only_axes(monitoring_page: MonitoringPage) -> None:
    monitoring_page.log_in()
    number = monitoring_page.endpoints[CALLBACK]
    monitoring_page.open(f"endpoint/{number}/users", "answer.children")
    expect(monitoring_page.page.locator("#content .box").first).to_be_attached()
