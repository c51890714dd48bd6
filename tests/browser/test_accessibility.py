"""The page for everyone: it fits every screen, is read in the dark and told to machines."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE

pytestmark = BROWSER_TEST

SCREENS = ((320, 640), PHONE, (820, 1180), DESKTOP, (1920, 1080))
# WCAG 2.2, target size (minimum).
SMALLEST_TARGET_PX = 24


def test_a_phone_answers_the_commuter_on_its_first_screen(live_app, visit):
    page = visit(live_app.url, PHONE)
    page.until_painted(live_app.publish())
    for selector in ("#freshness", "#zone-rocade", "#map", "#forecast-hour", ".answer"):
        box = page.page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE[1], selector


def test_the_dark_page_without_motion_is_as_good(live_app, visit):
    page = visit(live_app.url, DESKTOP, color_scheme="dark", reduced_motion="reduce")
    page.until_painted(live_app.publish())
    page.page.locator("#worst-0").click()
    # The flight to the worst road is a jump.
    page.until(lambda: page.map("map.getZoom() > 14"), "there")
    background = page.map("map.getPaintProperty('background', 'background-color')")
    assert background == "#161b22"


def test_every_screen_fits_and_machines_are_told_what_they_look_at(live_app, visit):
    page = visit(live_app.url, DESKTOP)
    page.until_painted(live_app.publish())
    document = page.page
    expect(document.locator("html")).to_have_attribute("lang", "fr")
    expect(document).to_have_title("Traffic Rennes")
    expect(document.get_by_role("heading", level=1)).to_have_text("Traffic Rennes")
    performance = document.get_by_role("link", name="Performances")
    expect(performance).to_have_attribute("href", "/dashboard/")
    api = document.get_by_role("link", name=re.compile("API"))
    expect(api).to_have_attribute("href", "/api/v1/traffic")
    document.locator(".explained summary").first.click()
    document.locator("#worst-0").click()
    expect(document.locator("#panel-place")).to_be_visible()

    for width, height in SCREENS:
        document.set_viewport_size({"width": width, "height": height})
        assert page.js("() => document.documentElement.scrollWidth") <= width, width
        if width < PHONE[0]:
            continue
        sizes = page.js(
            "() => [...document.querySelectorAll('button, select')]"
            ".filter((item) => item.checkVisibility())"
            ".map((item) => [item.id, item.offsetWidth, item.offsetHeight])"
        )
        small = [item for item in sizes if min(item[1:]) < SMALLEST_TARGET_PX]
        assert small == [], width


def test_the_guide_fits_a_phone_and_counts_its_steps(live_app, visit):
    page = visit(f"{live_app.url}mode-d-emploi", PHONE)
    for width, height in SCREENS:
        page.page.set_viewport_size({"width": width, "height": height})
        assert page.js("() => document.documentElement.scrollWidth") <= width, width
    steps = page.page.locator("main ol").first
    expect(steps).to_have_css("list-style-type", "decimal")
