"""A page left open in Chromium: many refreshes cost no memory and disturb nothing."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, REFRESH, held_by
from tests.factories import OBSERVED_AT

pytestmark = BROWSER_TEST

# Few pixels: it is not the drawing that is looked at.
SIZE = (640, 480)
HALF = 40
# Compiled code and caches settle in the first half; of a heap of 19 MB, 0.6 MB more was seen
# on a loaded machine. A figure or a response that is kept each time comes to several MB.
HEAP_TOLERANCE_BYTES = 1_000_000

# What a refresh may do to the page: change texts and attributes, replace no element but in the
# sentence that answers, which is another one then.
WATCH_ELEMENTS = """() => {
    window.disturbed = [];
    new MutationObserver((records) => {
        for (const record of records) {
            for (const node of [...record.removedNodes, ...record.addedNodes]) {
                const isElement = node.nodeType === Node.ELEMENT_NODE;
                const isAnswer = record.target.closest("#forecast-answer") !== null;
                if (isElement && !isAnswer) window.disturbed.push(node.outerHTML);
            }
        }
    }).observe(document.querySelector(".page"), { childList: true, subtree: true });
}"""
VIEW = "[map.getZoom(), map.getCenter().lng, map.getCenter().lat]"


def test_many_refreshes(start_app, visit):
    random = np.random.default_rng(7)
    app = start_app(refresh_seconds=3600)
    first = app.publish()
    page = visit(app.url, SIZE, is_counted=True)
    page.until_painted(first)
    page.page.locator("#legend-freeFlow").click()
    zoom = page.map("map.getZoom()")
    page.page.locator("#zoom-in").click()
    page.until(lambda: page.map(f"map.getZoom() > {zoom} && !map.isMoving()"), "zoomed in")
    view = page.map(VIEW)
    canvas = page.page.locator("#map .maplibregl-canvas").element_handle()

    def refresh(times, start):
        for count in range(start, start + times):
            statuses = random.integers(0, 5, len(app.network))
            observed_at = OBSERVED_AT + timedelta(milliseconds=count)
            page.js(REFRESH, app.publish(statuses, observed_at=observed_at).version)

    refresh(HALF, start=1)
    page.js(WATCH_ELEMENTS)
    halfway_bytes, nodes_and_listeners = held_by(page)
    refresh(HALF, start=HALF + 1)
    end_bytes, nodes_and_listeners_then = held_by(page)
    page.until_painted(app.store.current_snapshot())

    assert end_bytes - halfway_bytes < HEAP_TOLERANCE_BYTES
    assert nodes_and_listeners_then == nodes_and_listeners
    assert page.js("() => window.disturbed") == []
    assert canvas.evaluate("canvas => canvas.isConnected")
    assert page.map(VIEW) == view
    expect(page.page.locator("#legend-freeFlow")).to_have_attribute("aria-pressed", "false")
    assert page.errors == []
