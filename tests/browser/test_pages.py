"""From page to page: nothing is loaded again, and the map is come back to as it was left."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, COMPACT, DESKTOP, PHONE, serious_problems

pytestmark = BROWSER_TEST

# What one of them leaves behind is counted exactly.
ROUND_TRIPS = 3
LATE_TRIPS = 2
# The narrowest that WCAG asks for; axe looks at wider ones in test_everyone.py.
NARROW = (320, 640)
# Contexts of WebGL, timers, and what listens to the window, the document and the theme.
COUNT = """
(() => {
  const counted = { contexts: [], timers: new Set(), listeners: 0 };
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (type, ...rest) {
    const context = getContext.call(this, type, ...rest);
    const isNew = context && !counted.contexts.includes(context);
    if (type.startsWith("webgl") && isNew) counted.contexts.push(context);
    return context;
  };
  const { setInterval, clearInterval } = window;
  window.setInterval = (...given) => {
    const timer = setInterval(...given);
    counted.timers.add(timer);
    return timer;
  };
  window.clearInterval = (timer) => {
    counted.timers.delete(timer);
    clearInterval(timer);
  };
  for (const target of [window, document, MediaQueryList.prototype]) {
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = function (...given) {
      counted.listeners += 1;
      return addEventListener.apply(this, given);
    };
    target.removeEventListener = function (...given) {
      counted.listeners -= 1;
      return removeEventListener.apply(this, given);
    };
  }
  window.held = () => [
    counted.contexts.filter((context) => !context.isContextLost()).length,
    counted.timers.size,
    counted.listeners,
  ];
})();
"""


def go(page, name):
    page.page.get_by_role("navigation").get_by_role("link", name=name).click()


def to_quality(page):
    go(page, "Prévisions")
    expect(page.page.locator("#page-quality")).to_be_visible()
    page.until(lambda: page.js("() => trafficRennes.page.driver === null"), "the map is let go")


def back_to_map(page):
    go(page, "Carte")
    page.until(lambda: page.js("() => Boolean(trafficRennes.page.driver)"), "the map is there")


@pytest.fixture(scope="module")
def shared(start_shared_app, visit_shared):
    """One application and one page for the tests that begin on the map."""
    app = start_shared_app()
    app.publish()
    return app, visit_shared(app.url, COMPACT)


@pytest.fixture
def map_page(shared):
    """The shared page on the map, as it was in the beginning."""
    app, page = shared
    go(page, "Carte")
    page.page.locator("#moment-0").click()
    for hidden in page.page.locator(".legend-entry[aria-pressed=false]").all():
        hidden.click()
    page.until_painted(app.publish())
    page.requests.clear()
    page.errors.clear()
    return page


@pytest.fixture
def app(shared):
    return shared[0]


def test_pages_follow_each_other_without_loading_anything_again(app, map_page):
    page = map_page
    to_quality(page)
    expect(page.page).to_have_title("Prévisions : justes ?")
    expect(page.page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.page.locator("#content")).to_be_focused()
    current = page.page.locator('.site-nav [aria-current="page"]')
    expect(current).to_have_text("Prévisions : justes ?")
    go(page, "Photo")
    expect(page.page).to_have_title("Photo")
    back_to_map(page)
    expect(page.page).to_have_title("Traffic Rennes")
    loaded = [name for name in page.requests if name.endswith((".js", ".css"))]
    # What Dash loads with the first field for files.
    assert [name for name in loaded if "async-upload" not in name] == []
    page.page.go_back()
    expect(page.page.locator("#page-camera")).to_be_visible()
    page.page.go_forward()
    page.until_painted(app.publish())
    assert page.errors == []


def test_the_map_is_come_back_to_as_it_was_left(app, map_page):
    page = map_page
    snapshot = app.store.current_snapshot()
    page.page.locator("#moment-30").click()
    page.until(lambda: "t=30min" in page.page.url, "the moment is in the address")
    page.page.locator("#legend-congested").click()
    page.page.locator("#zoom-in").click()
    page.until(lambda: "view=" in page.page.url, "the view is in the address")
    page.until(lambda: not page.map("map.isMoving()"), "the map rests")
    page.until(lambda: "hide=bloque" in page.page.url, "what is hidden is in the address")
    before, zoom = page.page.url, page.map("map.getZoom()")
    to_quality(page)
    back_to_map(page)
    page.until(lambda: abs(page.map("map.getZoom()") - zoom) < 0.02, "the view")
    assert page.page.url == before
    expect(page.page.locator("#legend-congested")).to_have_attribute("aria-pressed", "false")
    expect(page.page.locator("#moment-30")).to_have_attribute("aria-pressed", "true")
    assert snapshot.version == page.js("() => trafficRennes.page.snapshot.version")


def test_going_to_and_fro_leaves_nothing_behind(live_app, visit):
    page = visit(live_app.url, COMPACT, script=COUNT, is_counted=True)
    page.until_painted(live_app.publish())
    to_quality(page)
    back_to_map(page)
    held = page.js("() => held()")
    for _ in range(ROUND_TRIPS):
        to_quality(page)
        back_to_map(page)
    # Left while it is still drawn, which then comes to its end.
    to_quality(page)
    for _ in range(LATE_TRIPS):
        page.js(
            "() => { const { react } = Plotly; Plotly.react = (...given) => { "
            "Plotly.react = react; "
            "setTimeout(() => document.querySelector('.site-nav li:nth-child(3) a').click()); "
            "document.body.dataset.isLeft = ''; return react(...given); }; }"
        )
        go(page, "Carte")
        expect(page.page.locator("body[data-is-left] #page-quality")).to_be_visible()
        page.js("() => { delete document.body.dataset.isLeft; }")
    back_to_map(page)
    # A busy machine: Dash, which takes away what it knows as drawn, hears of it after one has left.
    page.js(
        "() => { const { react } = Plotly; Plotly.react = (...given) => { react(...given); "
        "return new Promise(() => {}); }; }"
    )
    for _ in range(LATE_TRIPS):
        to_quality(page)
        back_to_map(page)
    # The context of the map before may be given up a moment later.
    page.until(lambda: page.js("() => held()") == held, f"{held} held, as in the beginning")
    assert page.errors == []


def test_a_place_on_the_page_is_no_other_page(app, map_page):
    page = map_page
    page.js("() => { document.querySelector('#page-page').isSame = true; }")
    page.js("() => history.replaceState(null, '', '/?zone=rocade')")
    page.page.locator(".skip-link").first.press("Enter")
    expect(page.page.locator("#content")).to_be_focused()
    page.page.go_back()
    page.until_painted(app.publish())
    assert page.js("() => document.querySelector('#page-page').isSame")


@pytest.mark.parametrize("path", ["confidentialite", "accessibilite", "licences", "nowhere"])
def test_pages_of_text_are_read_without_scripts_and_by_everyone(live_app, visit, path):
    page = visit(f"{live_app.url}{path}", NARROW, bypass_csp=True)
    assert serious_problems(page.page) == []
    for width, height in (NARROW, PHONE, DESKTOP):
        page.page.set_viewport_size({"width": width, "height": height})
        assert page.js("() => document.documentElement.scrollWidth") <= width
    plain = visit(f"{live_app.url}{path}", PHONE, java_script_enabled=False)
    expect(plain.page.locator("main")).to_be_visible()
    plain.page.get_by_role("link", name="EN English").click()
    expect(plain.page.locator("html")).to_have_attribute("lang", "en-GB")


def test_a_language_chosen_is_in_the_address_and_remembered(live_app, visit):
    page = visit(f"{live_app.url}qualite?x=1", COMPACT)
    page.page.get_by_role("link", name="EN English").click()
    expect(page.page.locator("html")).to_have_attribute("lang", "en-GB")
    assert page.page.url == f"{live_app.url}qualite?x=1&lang=en"
    go(page, "Photo")
    expect(page.page).to_have_title("Photo")
    assert page.page.url == f"{live_app.url}camera?lang=en"
    page.page.goto(f"{live_app.url}licences")
    expect(page.page).to_have_title("Data and licences")


def test_where_no_cookie_may_be_kept_the_address_says_the_language_and_all_else(live_app, visit):
    denied = """{ configurable: true, get() { throw new DOMException("no"); },
        set() { throw new DOMException("no"); } }"""
    page = visit(
        f"{live_app.url}qualite?x=1",
        COMPACT,
        script=f"""
            Object.defineProperty(document, "cookie", {denied});
            Object.defineProperty(window, "localStorage", {denied});
            Object.defineProperty(window, "sessionStorage", {denied});
        """,
    )
    page.page.get_by_role("link", name="EN English").click()
    expect(page.page.locator("html")).to_have_attribute("lang", "en-GB")
    assert page.page.url == f"{live_app.url}qualite?x=1&lang=en"
    assert page.errors == []


def test_who_reads_english_is_offered_it_once(live_app, chromium):
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_app.url}licences")
    expect(page).to_have_title("Données et licences")
    expect(page.get_by_text("This page is available in English.")).to_be_visible()
    page.get_by_role("link", name="No, thank you").click()
    expect(page.locator(".site-offer")).to_have_count(0)
    page.goto(f"{live_app.url}qualite")
    expect(page.locator("#page-quality")).to_be_visible()
    expect(page.locator(".site-offer")).to_have_count(0)
    context.close()
