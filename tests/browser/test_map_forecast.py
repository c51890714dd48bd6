"""The forecast on the map in Chromium: chosen, followed, never mistaken for the traffic of now."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from services.forecast.week_forecasts import WeekOnNetwork
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE
from tests.browser.test_map import COUNT_STATES, center_on
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


def watch_questions(page):
    """The moments that the server is asked for."""
    asked = []

    def note(request):
        if '"map-forecast-answer' in (request.post_data or ""):
            asked.append(request.post_data_json["inputs"][0]["value"])

    page.page.on("request", note)
    return asked


def test_a_moment_is_shown_until_now_is_asked_for(app, visit):
    write_week_forecasts(app.settings.data_dir)
    page = visit(app.url, DESKTOP)
    page.until_painted(app.publish())
    document, banner, legend = (
        page.page,
        page.page.locator("#map-banner"),
        page.page.locator("#map-frame .legend"),
    )
    asked = watch_questions(page)
    document.locator("#zoom-in").click()
    page.until(lambda: page.map("map.getZoom() > 11.5 && !map.isMoving()"), "zoomed in")
    zoom = page.map("map.getZoom()")
    document.locator("#legend-freeFlow").click()

    document.get_by_role("button", name="Prévision", exact=True).click()
    document.locator("#map-day").select_option("tuesday")
    slider = document.locator("#map-hour")
    slider.press("Home")
    for _ in range(8):
        slider.press("ArrowRight")
    expect(banner).to_have_text(
        "Prévision · mardi 8 h — pas le trafic actuel · appris sur des données simulées"
        " · Vacances scolaires : souvent plus calme que prévu, surtout le matin."
    )
    until_shown(page, codes_at(8))
    expect(legend).to_contain_text("Incertain")
    expect(document.locator("#legend-figures-heavy")).to_contain_text("60")
    expect(document.locator("#legend-freeFlow")).to_have_attribute("aria-pressed", "false")
    assert page.map("map.getZoom()") == zoom

    # The refresh goes on underneath, and leaves the map as it is.
    page.js(COUNT_STATES)
    snapshot = app.publish(Status.CONGESTED, observed_at=LATER)
    expect(document.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
    assert page.js("window.statesSet") == []
    expect(document.locator("#legend-figures-heavy")).to_contain_text("60")

    # What was seen once is not asked for again.
    known = len(asked)
    slider.press("ArrowLeft")
    until_shown(page, codes_at(7))
    slider.press("ArrowRight")
    until_shown(page, codes_at(8))
    moments = [tuple(item.values()) for item in asked]
    assert len(asked) <= known + 1
    assert len(moments) == len(set(moments))

    document.get_by_role("button", name="Maintenant", exact=True).click()
    page.until_painted(snapshot)
    expect(banner).to_be_hidden()
    expect(legend).not_to_contain_text("Incertain")
    expect(document.locator("#legend-freeFlow")).to_have_attribute("aria-pressed", "false")
    assert page.map("map.getZoom()") == zoom
    assert page.errors == []


def test_a_phone_reads_a_road_s_forecast_and_why_there_is_none(app, visit):
    page = visit(app.url, PHONE, bypass_csp=True)
    page.until_painted(app.publish(np.full(len(NETWORK), Status.FREE_FLOW)))
    document, card = page.page, page.page.locator("#panel-place")
    document.get_by_role("button", name="Prévision", exact=True).tap()
    expect(document.locator("#map-forecast-problem")).to_contain_text("n'est pas disponible")
    expect(document.locator("#map-now")).to_have_attribute("aria-pressed", "true")

    write_week_forecasts(app.settings.data_dir)
    document.locator("#forecast-day").select_option("tuesday")
    document.locator("#forecast-hour").select_option("17")
    document.get_by_role("button", name="Voir sur la carte").tap()
    until_shown(page, codes_at(17))
    expect(document.locator("#map-forecast-problem")).to_be_hidden()
    expect(document.locator("#map-hour")).to_have_value("17")
    expect(document.locator("#map-day")).to_have_value("tuesday")
    assert document.locator(".time-bar").bounding_box()["height"] <= 44
    serious = [
        (item["id"], [node["target"] for node in item["nodes"]])
        for item in Axe().run(document).response["violations"]
        if item["impact"] in ("serious", "critical")
    ]
    assert serious == []

    center_on(page, app, 3)
    document.touchscreen.tap(*page.point_of(NETWORK, 3))
    expect(card).to_contain_text("Bloqué · prévision mardi 17 h")
    # 10 to 25 % of the limit.
    expect(card).to_contain_text("5–13 km/h")
    expect(card).to_contain_text("appris sur des données simulées")
    # The same card tells what was measured, once the map shows now.
    document.get_by_role("button", name="Maintenant", exact=True).tap()
    expect(card).to_contain_text("Libre")
    expect(card).to_contain_text("Observé")
    assert "prévision" not in card.inner_text().lower()
    assert page.errors == []
