"""The page for everyone: axe finds nothing serious, and everything fits every screen."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE

pytestmark = BROWSER_TEST

WALL = (1920, 1080)
SMALL_PHONE = (320, 640)
TABLET = (820, 1180)


@pytest.mark.parametrize(
    ("size", "scheme"),
    [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")],
    ids=["desktop", "desktop-dark", "phone"],
)
def test_axe_finds_no_serious_problem(live_app, visit, size, scheme):
    page = visit(live_app.url, size, color_scheme=scheme, bypass_csp=True)
    snapshot = live_app.publish()
    page.until_painted(snapshot)
    page.page.locator("#worst-0").click()
    expect(page.page.locator("#road-card")).to_be_visible()
    page.page.locator(".explained summary").first.click()
    found = Axe().run(page.page).response["violations"]
    serious = [
        (item["id"], [node["target"] for node in item["nodes"]])
        for item in found
        if item["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_first_screen_of_a_phone_answers_the_commuter(live_app, visit):
    page = visit(live_app.url, PHONE).page
    for selector in ("#freshness", "#zone-rocade", "#map", "#forecast-hour", ".answer"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE[1], selector


def test_nothing_overflows_sideways_and_targets_are_large_enough(live_app, visit):
    page = visit(live_app.url)
    expect(page.page.locator("#glance-congestion")).to_contain_text("%")
    for width, height in (SMALL_PHONE, PHONE, TABLET, DESKTOP, WALL):
        page.page.set_viewport_size({"width": width, "height": height})
        assert page.js("() => document.documentElement.scrollWidth") <= width, width
        for button in page.page.locator("button:visible, select:visible").all():
            box = button.bounding_box()
            if width >= PHONE[0]:
                # WCAG 2.2, target size (minimum).
                assert box["width"] >= 24, (width, button.get_attribute("id"))
                assert box["height"] >= 24, (width, button.get_attribute("id"))


def test_motion_is_spared_for_those_who_ask(live_app, visit):
    page = visit(live_app.url, reduced_motion="reduce")
    page.until_painted(live_app.publish())
    page.page.locator("#worst-0").click()
    expect(page.page.locator("#road-card")).to_be_visible()
    assert page.map("map.getZoom()") > 14


def test_page_speaks_french_to_machines_too(live_app, visit):
    page = visit(live_app.url).page
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page).to_have_title("Traffic Rennes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Traffic Rennes")
    expect(page.get_by_role("link", name=re.compile("Performances"))).to_have_attribute(
        "href", "/dashboard/"
    )
    expect(page.get_by_role("link", name=re.compile("API"))).to_have_attribute(
        "href", "/api/v1/traffic"
    )
