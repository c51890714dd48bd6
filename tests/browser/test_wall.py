"""The page on a wall in Chromium: all of it in view, by turns, for days, grey when it is old."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from playwright.sync_api import expect

from services.forecast.nowcast_files import write_nowcast
from tests.browser.conftest import BROWSER_TEST, REFRESH, held_by
from tests.factories import OBSERVED_AT, make_day_curve, make_nowcast_table, rennes_network

pytestmark = BROWSER_TEST

WALLS = ((1280, 720), (1920, 1080), (3840, 2160))
# Few pixels: it is not the drawing that is looked at.
SIZE = (960, 540)
SMALLEST_PX = 24
PARTS = (
    "#wall-moment", "#wall-age", "#wall-clock", "#zone-centre-ville", "#zone-quartiers", "#map",
    "#day-curve-chart svg", "#worst-name-0", "#worst-delay-2", "#legend-freeFlow",
    ".map-attribution p",
)  # fmt: skip
# Texts that are seen, with their size in pixels of the screen and whether all of them is in view.
TEXTS = """() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walk.nextNode()) {
        const { parentElement: element, textContent } = walk.currentNode;
        const isHidden = !element.checkVisibility() || element.closest(".visually-hidden");
        if (!textContent.trim() || isHidden) continue;
        const { right, bottom } = element.getBoundingClientRect();
        found.push({
            text: textContent,
            px: parseFloat(getComputedStyle(element).fontSize) * element.currentCSSZoom,
            isInView: right <= innerWidth + 1 && bottom <= innerHeight + 1,
        });
    }
    return found;
}"""
STEPS = 64
# Compiled code and caches settle in the first half; what is held changes with the moment shown.
GROWTH = 1.1
# Two days nearly: hours, dates and next hours change as they do on a wall.
STEP = timedelta(minutes=40)


def publish(app, at, random=None):
    """A snapshot of that time with its next hour; statuses by chance on request."""
    statuses = None if random is None else random.integers(0, 5, len(app.network))
    app.clock.set(at + timedelta(minutes=4))
    snapshot = app.publish(statuses, observed_at=at)
    write_nowcast(app.settings.data_dir, make_nowcast_table(app.network, snapshot))
    return snapshot


def test_all_of_it_is_in_view_and_nothing_is_smaller_than_24_px(start_app, visit):
    app = start_app(refresh_seconds=60)
    app.network = rennes_network()
    app.store.write_day(make_day_curve())
    snapshot = publish(app, OBSERVED_AT)
    page = visit(f"{app.url}?mur=3600", WALLS[0])
    page.until_painted(snapshot)
    for width, height in WALLS:
        page.page.set_viewport_size({"width": width, "height": height})
        for part in PARTS:
            expect(page.page.locator(part)).to_be_in_viewport(ratio=0.95)
        texts = page.js(TEXTS)
        assert len(texts) > 30
        assert [found for found in texts if found["px"] < SMALLEST_PX - 0.1] == []
        assert [found for found in texts if not found["isInView"]] == []
    for control in (
        ".site-nav",
        "#forecast",
        ".find",
        "#zoom-in",
        "#share",
        ".site-footer",
        ".table-link",
    ):
        for place in page.page.locator(control).all():
            expect(place).to_be_hidden()
    expect(page.page.locator("#wall-moment")).to_have_text("Maintenant")
    expect(page.page.locator("#wall-age")).to_contain_text("En direct · observé à 12:43")
    expect(page.page.locator("#wall-clock")).to_have_text("12:47")
    assert page.page.url.endswith("?mur=3600")
    assert page.errors == []


def test_an_hour_of_simulated_days(start_app, visit):
    random = np.random.default_rng(7)
    app = start_app(refresh_seconds=2)
    first = publish(app, OBSERVED_AT)
    page = visit(f"{app.url}?mur=1", SIZE, is_counted=True)
    page.until_painted(first)
    moment, age = page.page.locator("#wall-moment"), page.page.locator("#wall-age")

    def live(steps):
        """Pass so many steps, and see it turn now and then."""
        for step in steps:
            observed_at = OBSERVED_AT + step * STEP
            page.js(REFRESH, publish(app, observed_at, random).version)
            if step % 16 == 0:
                for words in ("Prévision dans 30 min", "Maintenant"):
                    expect(moment).to_have_text(words, use_inner_text=False)

    live(range(1, STEPS // 2))
    halfway_bytes, halfway_counts = held_by(page)
    live(range(STEPS // 2, STEPS))
    end_bytes, end_counts = held_by(page)
    assert end_bytes < GROWTH * halfway_bytes
    # Nodes and listeners: what is kept of each step would be far more.
    assert all(end < GROWTH * half for end, half in zip(end_counts, halfway_counts, strict=True))

    app.stop()
    expect(page.page.locator("html")).to_contain_class("wall--old")
    expect(moment).to_have_text("Données anciennes")
    expect(age).to_contain_text("Le serveur ne répond pas")
    app.start()
    publish(app, OBSERVED_AT + STEPS * STEP)
    expect(page.page.locator("html")).not_to_contain_class("wall--old")
    expect(moment).to_have_text("Prévision dans 30 min", use_inner_text=False)
    expect(moment).to_have_text("Maintenant")


def test_without_a_forecast_it_stays_at_now_and_late_data_are_grey(start_app, visit):
    app = start_app()
    snapshot = app.publish(source="demo")
    page = visit(f"{app.url}?mur=1", SIZE)
    page.until_painted(snapshot)
    age = page.page.locator("#wall-age")
    expect(age).to_have_text("Trafic simulé · il y a 4 min", use_inner_text=False)
    # Through several turns.
    page.page.wait_for_function("() => performance.now() > 6000")
    expect(page.page.locator("#wall-moment")).to_have_text("Maintenant")
    app.clock.set(OBSERVED_AT + timedelta(hours=2))
    page.js(REFRESH, app.publish(observed_at=OBSERVED_AT + timedelta(seconds=1)).version)
    expect(page.page.locator("#wall-moment")).to_have_text("Données anciennes")
    expect(age).to_contain_text("Données en retard")
    grey = "() => getComputedStyle(document.querySelector('.page-main')).filter"
    assert page.js(grey) == "grayscale(1)"
