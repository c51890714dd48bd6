"""The page on paper in Chromium: the map is on it, and what paper has to say; nothing is cut."""

from __future__ import annotations

from playwright.sync_api import expect

from components.palette import DARK, LIGHT
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP
from tests.factories import make_day_curve

pytestmark = BROWSER_TEST

# What is between the margins of A4, in CSS pixels.
PAPERS = {"portrait": (703, 1032), "landscape": (1032, 703)}
# Colours of the copy of the map: of an empty one there is one.
COLOURS = """() => {
    const copy = document.querySelector(".print-map");
    const { data } = copy.getContext("2d").getImageData(0, 0, copy.width, copy.height);
    return new Set(new Uint32Array(data.buffer)).size;
}"""
# Whether the copy has a colour, a little of which is lost where lines are thin.
HAS = """([red, green, blue]) => {
    const copy = document.querySelector(".print-map");
    const { data } = copy.getContext("2d").getImageData(0, 0, copy.width, copy.height);
    const isIt = (at) => Math.hypot(data[at] - red, data[at + 1] - green, data[at + 2] - blue) < 8;
    return Array.from({ length: data.length / 4 }, (_, pixel) => 4 * pixel).some(isIt);
}"""
# Red of the first pixel of the copy, which is of its ground, and of the page's words.
LIGHTNESS = """() => {
    const copy = document.querySelector(".print-map");
    const [ground] = copy.getContext("2d").getImageData(0, 0, 1, 1).data;
    const words = getComputedStyle(document.querySelector(".print-title")).color;
    return [ground, Number(words.match(/\\d+/)[0])];
}"""
CUT = """() => [...document.querySelectorAll(
        ".print-heading *, .print-map, .zone-tile, .legend-entry, .worst-stretch, .map-sources p"
    )].filter((element) => element.checkVisibility())
    .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < -1 || right > document.documentElement.clientWidth + 1;
    }).map((element) => element.className)"""


def test_a_view_is_printed_with_its_map_legend_date_and_address(live_app, visit):
    live_app.store.write_day(make_day_curve())
    page = visit(f"{live_app.url}?lang=fr", DESKTOP, bypass_csp=True)
    page.until_painted(live_app.publish(Status.CONGESTED))
    for width, height in PAPERS.values():
        print_on(page, live_app, width, height)


def print_on(page, live_app, width, height):
    """See a sheet of this size, and the page as it was once it is printed."""
    document = page.page
    document.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    document.emulate_media(color_scheme="dark")
    # A sheet is one of a driver that prints: it tells the page beforehand, and makes it as wide.
    document.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    document.set_viewport_size({"width": width, "height": height})
    document.emulate_media(media="print", color_scheme="dark")

    assert page.js(COLOURS) > 20
    ground, words = page.js(LIGHTNESS)
    assert ground > 200
    assert words < 100
    colours = [theme.status["congested"].removeprefix("#") for theme in (LIGHT, DARK)]
    assert [document.evaluate(HAS, list(bytes.fromhex(one))) for one in colours] == [True, False]
    heading = document.locator(".print-heading")
    for words in ("Maintenant", "à 12:43", "lundi 26 août 2024", live_app.url):
        expect(heading).to_contain_text(words)
    for part in (".print-map", "#legend-freeFlow", "#legend-figures-unknown", "#zone-rocade",
                 "#worst-name-0", "#day-curve-chart svg", ".map-attribution p"):  # fmt: skip
        expect(document.locator(part)).to_be_visible()
    for control in (
        ".site-nav",
        "#forecast-hour",
        ".find",
        "#zoom-in",
        "#share",
        "#map",
        ".site-footer",
    ):
        expect(document.locator(control)).to_be_hidden()
    assert page.js(CUT) == []

    document.emulate_media(media="screen")
    document.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    expect(document.locator(".print-map, .print-heading")).to_have_count(0)
    expect(document.locator("#map")).to_be_visible()


def test_what_the_browser_prints_holds_the_map_and_leaves_no_trace(live_app, visit):
    page = visit(live_app.url, DESKTOP)
    page.until_painted(live_app.publish())
    sheet = page.page.pdf(prefer_css_page_size=True, landscape=True)
    assert sheet.startswith(b"%PDF")
    # A page of words alone is smaller.
    assert len(sheet) > 40_000
    expect(page.page.locator(".print-map, .print-heading")).to_have_count(0)
