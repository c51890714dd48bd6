"""The map and its figures at another moment, in Chromium: never mistaken for the traffic of now."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from playwright.sync_api import expect

from services.forecast.week_forecasts import WeekOnNetwork
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, serious_problems
from tests.browser.test_map import COUNT_STATES, center_on
from tests.browser.test_nowcast import issue
from tests.factories import OBSERVED_AT, make_network, make_week_table, write_week_forecasts

pytestmark = BROWSER_TEST

LATER = OBSERVED_AT + timedelta(minutes=3)
NETWORK = make_network()
TUESDAY = 1


@pytest.fixture
def app(start_app, monkeypatch, tmp_path):
    """An application whose only week is the one that a test writes."""
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    return start_app()


def codes_at(hour):
    return WeekOnNetwork(make_week_table(NETWORK), NETWORK).at(TUESDAY, hour).status_codes


def until_shown(page, codes):
    def shown():
        return [page.status_on_map(segment) for segment in range(len(codes))] == codes.tolist()

    page.until(shown, "the forecast on the map")


def choose(document, *, day, hour):
    document.locator("#forecast-day").select_option(day)
    document.locator("#forecast-hour").select_option(str(hour))


def now_of(document):
    return document.get_by_role("button", name="Maintenant", exact=True)


def all_but_the_first(app, status):
    """The roads of the made-up next hour: nothing is known of the first."""
    codes = np.full(len(app.network), status)
    codes[0] = Status.UNKNOWN
    return codes


def watch_questions(page):
    """The moments that the server is asked for."""
    asked = []

    def note(request):
        if '"map-forecast-answer' in (request.post_data or ""):
            asked.append(request.post_data_json["inputs"][0]["value"])

    page.page.on("request", note)
    return asked


def test_all_parts_show_an_hour_until_now_is_asked_for(app, visit):
    write_week_forecasts(app.settings.data_dir)
    page = visit(app.url, DESKTOP)
    page.until_painted(app.publish())
    document = page.page
    banner, legend = document.locator("#map-banner"), document.locator("#map-frame .legend")
    congestion = document.locator("#glance-congestion")
    observed = congestion.inner_text()
    asked = watch_questions(page)
    document.locator("#zoom-in").click()
    page.until(lambda: page.map("map.getZoom() > 11.5 && !map.isMoving()"), "zoomed in")
    zoom = page.map("map.getZoom()")
    document.locator("#legend-freeFlow").click()

    choose(document, day="tuesday", hour=8)
    expect(banner).to_have_text(
        "Prévision · mardi 27 août, 8 h — pas le trafic actuel · appris sur des données simulées"
        " · Vacances scolaires : souvent plus calme que prévu, surtout le matin."
    )
    until_shown(page, codes_at(8))
    expect(legend).to_contain_text("Incertain")
    expect(document.locator("#legend-figures-heavy")).to_contain_text("100 %")
    expect(document.locator("#legend-freeFlow")).to_have_attribute("aria-pressed", "false")
    expect(congestion).not_to_have_text(observed)
    expect(document.locator("#glance-jam")).to_have_text("0,0")
    told = congestion.inner_text()
    assert page.map("map.getZoom()") == zoom

    # The refresh goes on underneath, and leaves what is shown as it is.
    page.js(COUNT_STATES)
    snapshot = app.publish(Status.CONGESTED, observed_at=LATER)
    expect(document.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
    assert page.js("window.statesSet") == []
    expect(document.locator("#legend-figures-heavy")).to_contain_text("100 %")
    expect(congestion).to_have_text(told)

    # What was seen once is not asked for again.
    choose(document, day="tuesday", hour=7)
    until_shown(page, codes_at(7))
    choose(document, day="tuesday", hour=8)
    until_shown(page, codes_at(8))
    moments = [tuple(item.values()) for item in asked]
    assert len(moments) == len(set(moments))

    now_of(document).click()
    page.until_painted(snapshot)
    expect(banner).to_be_hidden()
    expect(legend).not_to_contain_text("Incertain")
    expect(document.locator("#legend-figures-congested")).to_contain_text("100 %")
    expect(document.locator("#legend-freeFlow")).to_have_attribute("aria-pressed", "false")
    assert page.map("map.getZoom()") == zoom
    assert page.errors == []


def test_all_parts_show_a_lead_of_the_next_hour(live_app, visit):
    snapshot = live_app.publish()
    issue(live_app, snapshot)
    page = visit(live_app.url, DESKTOP)
    page.until_painted(snapshot)
    document = page.page
    document.get_by_role("button", name="+30 min", exact=True).click()
    expect(document.locator("#map-banner")).to_contain_text(
        "Prévision · dans 30 minutes, vers 13:13 — pas le trafic actuel"
    )
    expect(document.locator("#zone-status-rocade")).to_have_text("Libre")
    expect(document.locator("#zone-status-centre-ville")).to_have_text("Bloqué")
    until_shown(page, all_but_the_first(live_app, Status.HEAVY))
    expect(document.locator("#legend-figures-freeFlow")).to_have_text("0 %")
    expect(document.locator("#legend-figures-heavy")).to_contain_text("99 %")
    expect(document.locator("#forecast-answer")).to_contain_text("Prédiction :")

    # Ten minutes on a newer one takes its place by itself.
    newer = live_app.publish(observed_at=LATER)
    issue(live_app, newer, percent=90)
    until_shown(page, all_but_the_first(live_app, Status.FREE_FLOW))
    expect(document.locator("#map-banner")).to_contain_text("vers 13:16")
    # What is too old is told as such, and no road has a colour of another moment.
    live_app.clock.set(OBSERVED_AT + timedelta(minutes=30))
    document.reload()
    expect(document.locator("#map-banner")).to_contain_text("n'est plus à jour")
    expect(document.locator("#glance-congestion")).to_have_text("—")
    until_shown(page, np.zeros(len(live_app.network), int))
    assert page.errors == []


def test_a_phone_reads_a_road_s_forecast_and_why_there_is_none(app, visit):
    page = visit(app.url, PHONE, bypass_csp=True)
    page.until_painted(app.publish(np.full(len(NETWORK), Status.FREE_FLOW)))
    document, panel = page.page, page.page.locator("#panel-place")
    choose(document, day="tuesday", hour=17)
    banner = document.locator("#map-banner")
    expect(banner).to_contain_text("mardi 27 août, 17 h. La prévision par tronçon n'est pas")
    until_shown(page, np.zeros(len(NETWORK), int))
    expect(document.locator("#glance-jam")).to_have_text("—")

    # A model that comes is told of with the next snapshot.
    write_week_forecasts(app.settings.data_dir)
    app.publish(np.full(len(NETWORK), Status.FREE_FLOW), observed_at=LATER)
    until_shown(page, codes_at(17))
    expect(banner).to_contain_text("pas le trafic actuel")
    assert serious_problems(document) == []

    center_on(page, app, 3)
    document.touchscreen.tap(*page.point_of(NETWORK, 3))
    expect(panel).to_contain_text("Bloqué · prévision mardi 27 août, 17 h")
    # 10 to 25 % of the limit.
    expect(panel).to_contain_text("5–13 km/h")
    expect(panel).to_contain_text("appris sur des données simulées")
    # The same road tells what was measured, once the page shows now.
    now_of(document).tap()
    expect(panel).to_contain_text("Libre")
    expect(panel).to_contain_text("Observé")
    assert "prévision" not in panel.inner_text().lower()
    assert page.errors == []
