"""The page that a document shows before Dash is there: read at once, and taken over unseen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from services.traffic.status import Status
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE

pytestmark = pytest.mark.browser

BUNDLES = "**/_dash-component-suites/**"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { shifted += value; }))
  .observe({ type: "layout-shift", buffered: true });
"""
FRAMES = """async () => {
    for (let frames = 0; frames < 4; frames += 1) await new Promise(requestAnimationFrame);
}"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_first_figures_are_read_without_dash_and_stay_when_it_comes(live_app, chromium, size):
    live_app.publish(Status.CONGESTED)
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(SHIFTS)
    page = context.new_page()
    page.route(BUNDLES, lambda route: None)
    page.goto(live_app.url, wait_until="commit")
    tile = page.locator("#zone-status-rocade")
    expect(tile).to_have_text("Bloqué")
    expect(page.locator("#forecast-answer")).to_contain_text("Observé : Bloqué")
    expect(page.locator("#freshness")).to_contain_text("En direct")
    # What answers nothing yet says so to the keyboard too.
    assert page.evaluate("document.querySelector('#first-paint main').inert")
    before = page.evaluate("window.scrollY"), tile.bounding_box()

    page.unroute(BUNDLES)
    expect(page.locator("#first-paint")).to_have_count(0)
    expect(tile).to_have_text("Bloqué")
    assert (page.evaluate("window.scrollY"), tile.bounding_box()) == before
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate("shifted") <= 0.05
    context.close()


def test_it_stays_until_what_dash_loads_later_is_there_too(live_app, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(SHIFTS)
    page = context.new_page()
    held = []
    page.route("**/async-upload*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with page.expect_request("**/async-upload*"):
        page.goto(f"{live_app.url}camera", wait_until="commit")
    # Dash's page is whole but for that, and a frame that would end it has come.
    page.wait_for_selector("#react-entry-point #camera-kept-list", state="attached")
    page.evaluate(FRAMES)
    assert page.locator("#first-paint .camera-upload").is_visible()
    held[0].continue_()
    expect(page.locator("#first-paint")).to_have_count(0)
    expect(page.locator("#camera-upload")).to_be_visible()
    expect(page.locator("#camera-model")).not_to_be_empty()
    # Nothing moved: what is told of the road was there at once, the model's line has its place.
    page.evaluate(FRAMES)
    assert page.evaluate("shifted") <= 0.01
    context.close()


def test_a_link_on_it_leads_on_before_dash_is_there(live_app, chromium):
    context = chromium.new_context(locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.route(BUNDLES, lambda route: None)
    page.goto(live_app.url, wait_until="commit")
    page.get_by_role("link", name="Prévisions : justes ?").click()
    expect(page).to_have_url(f"{live_app.url}qualite")
    context.close()


def test_of_another_moment_it_tells_nothing(live_app, chromium):
    live_app.publish(Status.CONGESTED)
    context = chromium.new_context(locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.route(BUNDLES, lambda route: None)
    page.goto(f"{live_app.url}?t=30min", wait_until="commit")
    page.wait_for_function("() => window.trafficRennes?.firstPaint?.isShown()")
    expect(page.locator("#zone-status-rocade")).to_have_text("—")
    context.close()
