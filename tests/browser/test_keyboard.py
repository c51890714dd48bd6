"""By keyboard alone: everything is reached, seen and left again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE

pytestmark = BROWSER_TEST

MOST_STOPS_TO_NAV = 15
MOST_STOPS = 120
# What has the focus: its words, whether it can be seen, and that it has the focus.
STOP = """() => {
    const item = document.activeElement;
    if (item === document.body) return null;
    item.stop ??= `${Math.random()}`;
    const { x, y, right, bottom, width, height } = item.getBoundingClientRect();
    const style = getComputedStyle(item);
    const around = item.closest("label, .camera-upload") ?? item;
    const isMarked = [item, around].some((one) => getComputedStyle(one).outlineStyle !== "none");
    const [middleX, middleY] = [(Math.max(x, 0) + Math.min(right, innerWidth)) / 2,
                                (Math.max(y, 0) + Math.min(bottom, innerHeight)) / 2];
    const top = document.elementFromPoint(middleX, middleY);
    return {
        stop: item.stop,
        words: item.id || item.ariaLabel || item.innerText || item.className,
        isMarked,
        isSeen: top !== null && (item.contains(top) || top.contains(item)),
    };
}"""


def press_back_to(page, selector):
    """The same of what lies before: all of the page need not be gone through again."""
    press_to(page, selector, tabulator="Shift+Tab")


def stops(page):
    """What the tabulator leads to from the beginning of the page to its end."""
    page.js("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    found = []
    for _ in range(MOST_STOPS):
        page.page.keyboard.press("Tab")
        stop = page.js(STOP)
        if stop is None or stop["stop"] in {one["stop"] for one in found}:
            return found
        found.append(stop)
    raise AssertionError(f"no end: {[one['words'] for one in found]}")


def press_to(page, selector, key="Enter", tabulator="Tab"):
    """Go there with the tabulator, and press a key."""
    page.js("() => document.activeElement.blur()")
    for _ in range(MOST_STOPS):
        page.page.keyboard.press(tabulator)
        if page.js("(selector) => document.activeElement.matches(selector)", selector):
            page.page.keyboard.press(key)
            return
    raise AssertionError(f"not reached: {selector}")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_tabulator_goes_through_the_page_and_out_of_it_seen_all_the_way(live_app, visit, size):
    # A sheet that moves by itself is where it will be.
    page = visit(live_app.url, size, reduced_motion="reduce")
    page.until_painted(live_app.publish(Status.CONGESTED))
    found = stops(page)
    assert [one["words"] for one in found if not one["isMarked"]] == []
    assert [one["words"] for one in found if not one["isSeen"]] == []
    words = [one["words"].strip() for one in found]
    assert words.index("Photo") + 1 <= MOST_STOPS_TO_NAV
    # The 24 hours are one stop, and the table that says the same as the map comes after it.
    assert sum(word.startswith("strip-hour-") for word in words) == 1
    assert words.index("all-stretches-summary") < len(words) - 1
    assert page.errors == []


def test_moment_zone_and_road_are_chosen_left_and_every_page_reached(live_app, visit):
    page = visit(live_app.url, DESKTOP)
    page.until_painted(live_app.publish(Status.CONGESTED))
    panel = page.page.locator("#panel-title")

    press_to(page, "#moment-30")
    expect(page.page.locator("#moment-30")).to_have_attribute("aria-pressed", "true")
    press_to(page, "[id^=strip-hour-]", "ArrowRight")
    page.page.keyboard.press("Enter")
    expect(page.page.locator("#moment-30")).to_have_attribute("aria-pressed", "false")
    hour = page.js("() => document.activeElement.dataset.hour")
    expect(page.page.locator("#forecast-strip [aria-pressed=true]")).to_have_attribute(
        "data-hour", hour
    )
    press_back_to(page, "#moment-0")

    press_to(page, "#zone-rocade")
    expect(panel).to_have_text("Rocade")
    page.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.until(
        lambda: page.js("() => document.activeElement.id") == "zone-rocade", "the focus is back"
    )

    press_to(page, "#all-stretches-summary")
    row = page.page.locator("#stretch-rows tr").first
    expect(row).to_be_visible()
    press_to(page, "#stretch-rows button")
    expect(panel).to_be_focused()
    press_back_to(page, "#panel-back")
    expect(row.get_by_role("button")).to_be_focused()

    for place, name in ((3, "quality"), (4, "camera"), (1, "page")):
        press_back_to(page, f".site-nav li:nth-child({place}) a")
        expect(page.page.locator(f"#page-{name}")).to_be_visible()
        expect(page.page.locator("#content")).to_be_focused()
    page.page.go_back()
    expect(page.page.locator("#page-camera")).to_be_visible()
    # A document of its own, which the browser goes to.
    press_back_to(page, ".site-nav li:nth-child(2) a")
    expect(page.page.locator("#page-trends")).to_be_visible()
    page.page.go_back()
    expect(page.page.locator("#page-camera")).to_be_visible()
    assert page.errors == []


def test_the_map_is_moved_and_read_by_keys(live_app, visit):
    page = visit(live_app.url, DESKTOP)
    page.until_painted(live_app.publish(Status.CONGESTED))
    before = page.map("map.getCenter().lng")
    press_to(page, ".maplibregl-canvas", "ArrowRight")
    page.until(lambda: page.map("map.getCenter().lng") > before, "the map has moved")
    for key in ("+", "-"):
        page.page.keyboard.press(key)
    page.page.keyboard.press("Tab")
    assert page.js("() => !document.activeElement.matches('.maplibregl-canvas')")
