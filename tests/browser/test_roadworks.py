"""Roadworks in Chromium: signs and lines on the map, hidden by the legend, told by a card."""

from __future__ import annotations

from playwright.sync_api import expect

from services.traffic.roadworks import make_list
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST
from tests.factories import OBSERVED_AT
from tests.roadworks_replies import make_measure, make_roadwork

pytestmark = BROWSER_TEST

TODAY = OBSERVED_AT.date()
DRAWN = "map.queryRenderedFeatures({layers: ['%s']}).length"


def test_roadworks_are_drawn_listed_and_told(start_app, visit):
    app = start_app()
    page = visit(app.url)
    page.until_painted(app.publish(Status.CONGESTED))
    line = page.page.locator("#roadworks-line")
    expect(line).to_contain_text("pas encore été reçue")

    along = {"type": "LineString", "coordinates": app.network.geometry[2][0]}
    closed = make_measure(along, "avoid", first_day=TODAY, last_day=TODAY)
    told = make_list("live", OBSERVED_AT, [make_roadwork("1", closed)])
    app.store.write_roadworks(told)
    for layer in ("roadworks-avoid", "roadworks-signs"):
        page.until(lambda layer=layer: page.map(DRAWN % layer), f"something in {layer}")
    expect(line).to_contain_text("Liste reçue")
    toggle = page.page.locator("#legend-roadworks")
    expect(toggle).to_contain_text("1")

    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    page.until(lambda: page.map(DRAWN % "roadworks-signs") == 0, "no sign")
    # Whoever wants to see one on the map wants to see them all again.
    page.page.locator("#roadworks-list button").click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    card = page.page.locator("#panel-place")
    expect(card).to_contain_text("Circulation interdite · dernier jour aujourd'hui")
    page.page.keyboard.press("Escape")
    expect(card).to_be_hidden()

    page.until(lambda: page.map(DRAWN % "roadworks-signs"), "its sign again")
    box = page.page.locator(".maplibregl-canvas").bounding_box()
    # The map has flown to it: its sign is in the middle.
    page.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(card).to_contain_text("Rue de Vern")
    assert page.errors == []
