"""Where things are in Chromium: beside each other on a desktop, a sheet over the map on a phone."""

from __future__ import annotations

from itertools import pairwise

from playwright.sync_api import expect

from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, PHONE

pytestmark = BROWSER_TEST

DESK = (1440, 900)
# A small phone at 400 %.
ENLARGED = (320, 256)
MIN_MAP_SHARE = 0.6


def box_of(page, selector):
    box = page.page.locator(selector).bounding_box()
    assert box is not None, selector
    return box


def sheet_height(page):
    return box_of(page, "#panel")["height"]


def until_sheet(page, name):
    """Wait until the sheet has come to rest at one of its heights."""
    expect(page.page.locator("#panel")).to_have_attribute("data-sheet", name)
    page.until(
        lambda: page.js("() => document.getElementById('panel').getAnimations().length") == 0,
        "sheet at rest",
    )


def drag_handle(page, by):
    handle = box_of(page, "#sheet-handle")
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    mouse = page.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y - by / 2)
    mouse.move(x, y - by)
    mouse.up()


def test_a_desktop_shows_figures_and_worst_stretches_without_scrolling(live_app, visit):
    page = visit(live_app.url, DESK)
    page.until_painted(live_app.publish(Status.CONGESTED))
    worst = page.page.locator(".worst-stretches > li:visible")
    page.until(worst.count, "worst stretches")
    for selector in ("#glance-congestion", "#glance-jam", "#worst-item-0", "#forecast-hour"):
        box = box_of(page, selector)
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= DESK[1], selector
    last = worst.last.bounding_box()
    assert last["y"] + last["height"] <= DESK[1]
    assert 5 * box_of(page, "#worst-item-0")["height"] < DESK[1] - box_of(page, "#worst-0")["y"]
    roads, panel, strip = (box_of(page, name) for name in ("#map", "#panel", "#forecast-strip"))
    assert roads["width"] + panel["width"] == DESK[0]
    assert roads["height"] > 0.7 * DESK[1]
    assert strip["width"] == roads["width"]
    assert strip["y"] >= roads["y"] + roads["height"] - 1
    # Nothing but the panel scrolls.
    assert page.js("() => document.documentElement.scrollHeight") == DESK[1]


OVERFULL = """() => [...document.querySelectorAll(".legend-entry")]
    .filter((entry) => entry.scrollWidth > entry.clientWidth
        || entry.getBoundingClientRect().right > innerWidth)
    .map((entry) => entry.textContent)"""


def test_a_phone_s_legend_is_legible_even_while_a_language_is_offered(live_app, chromium):
    context = chromium.new_context(locale="en-GB", viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    for address in (f"{live_app.url}?lang=en", live_app.url):
        page.goto(address)
        expect(page.locator("#first-paint")).to_have_count(0)
        expect(page.locator("#legend-roadworks")).to_be_visible()
        assert page.evaluate(OVERFULL) == []
        legend = page.locator(".legend").bounding_box()
        roads = page.locator("#map").bounding_box()
        sheet_top = page.locator("#panel").bounding_box()["y"]
        assert legend["y"] + legend["height"] <= sheet_top
        assert sheet_top - roads["y"] >= MIN_MAP_SHARE * PHONE[1]
    expect(page.locator(".site-offer")).to_be_visible()
    context.close()


def test_a_phone_s_sheet_is_dragged_pressed_and_moved_by_keys(live_app, visit):
    page = visit(live_app.url, PHONE)
    page.until_painted(live_app.publish(Status.CONGESTED))
    roads, panel = box_of(page, "#map"), box_of(page, "#panel")
    assert min(roads["y"] + roads["height"], panel["y"]) - roads["y"] >= MIN_MAP_SHARE * PHONE[1]
    tiles = page.page.locator(".zone-tiles")
    assert tiles.evaluate("(row) => row.scrollWidth > row.clientWidth")

    handle = page.page.get_by_role("button", name="Agrandir le panneau")
    expect(handle).to_have_attribute("aria-expanded", "false")
    # The first press counts, though the map has asked what of it the sheet covers.
    handle.press("Enter")
    until_sheet(page, "half")
    handle.press("ArrowDown")
    until_sheet(page, "peek")
    peek = sheet_height(page)
    drag_handle(page, 250)
    until_sheet(page, "half")
    expect(handle).to_have_attribute("aria-expanded", "true")
    half = sheet_height(page)
    assert half > peek

    handle.press("ArrowUp")
    until_sheet(page, "full")
    assert sheet_height(page) > half
    page.page.get_by_role("button", name="Réduire le panneau").click()
    expect(page.page.locator("#panel")).to_have_attribute("data-sheet", "peek")

    # What the focus goes to is seen, and the way goes on past the sheet.
    page.page.locator("#worst-0").focus()
    until_sheet(page, "half")
    expect(page.page.locator("#worst-0")).to_be_in_viewport()
    page.page.locator(".site-footer a").last.focus()
    expect(page.page.locator(".site-footer a").last).to_be_in_viewport()
    assert page.errors == []


def test_a_page_enlarged_four_times_hides_nothing_and_nothing_lies_on_something(live_app, visit):
    page = visit(live_app.url, ENLARGED)
    page.until_painted(live_app.publish(Status.CONGESTED))
    assert page.js("() => document.documentElement.scrollWidth") <= ENLARGED[0]
    for selector in ("#zone-quartiers", "#zoom-out", "#legend-roadworks", "#nowcast", "#worst-0"):
        seen = page.page.locator(selector).evaluate(
            """(item) => {
                item.scrollIntoView({ block: "center", behavior: "instant" });
                const { x, y, width, height } = item.getBoundingClientRect();
                const middle = Math.min(y + height / 2, window.innerHeight / 2);
                const top = document.elementFromPoint(x + width / 2, middle);
                return top !== null && (item.contains(top) || top.contains(item));
            }"""
        )
        assert seen, selector
    cells = page.js(
        """() => [...document.querySelectorAll("#nowcast tr, #corridors tr")].map((row) =>
            [...row.children].slice(1).filter((cell) => cell.innerText.trim()).map((cell) => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                const { left, right } = range.getBoundingClientRect();
                return [left, right];
            }))"""
    )
    for row in cells:
        assert all(right <= left + 1 for (_, right), (left, _) in pairwise(row))


def test_what_is_chosen_shows_where_a_visitor_s_own_colours_rule(live_app, visit):
    page = visit(live_app.url, DESK, forced_colors="active")
    page.until_painted(live_app.publish(Status.CONGESTED))
    outline = "(item) => getComputedStyle(item).outlineStyle"
    page.page.locator("#strip-hour-8").click()
    chosen = page.page.locator("#forecast-strip [aria-pressed=true]")
    assert chosen.evaluate(outline) == "solid"
    other = page.page.locator("#forecast-strip [aria-pressed=false]").first
    assert other.evaluate(outline) == "none"
    colour = "(item) => getComputedStyle(item).borderTopColor"
    samples = [
        page.page.locator(f".legend .line-sample--{status}").evaluate(colour)
        for status in ("freeFlow", "heavy", "congested")
    ]
    assert len(set(samples)) == len(samples)


def test_a_zone_takes_the_panel_in_one_tap_and_gives_it_back(live_app, visit):
    page = visit(live_app.url, PHONE)
    page.until_painted(live_app.publish(Status.CONGESTED))
    document, place = page.page, page.page.locator("#panel-place")
    document.locator("#zone-rocade").tap()
    expect(place.get_by_role("heading", name="Rocade", exact=True)).to_be_focused()
    until_sheet(page, "half")
    worst = place.locator(".worst-stretch").first
    # Where, and which way.
    expect(worst).to_contain_text("Rocade sud")
    expect(worst).to_be_in_viewport()
    expect(document.locator("#panel-network")).to_be_hidden()

    # A road of the zone comes back to the zone, the zone to the network.
    worst.tap()
    expect(place.get_by_role("button", name="← Rocade")).to_be_visible()
    document.keyboard.press("Escape")
    expect(place.get_by_role("button", name="← Tout le réseau")).to_be_visible()
    document.keyboard.press("Escape")
    expect(document.locator("#panel-network")).to_be_visible()
    expect(document.locator("#zone-rocade")).to_have_attribute("aria-current", "false")
    assert page.errors == []
