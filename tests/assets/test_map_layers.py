"""How the map goes to a place: what lies over it leaves the place free."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded

# A map of 390 × 500 pixels whose head is at 120, and what lies over it.
MADE_UP_MAP = """void (() => {
    const box = (width, top, bottom) => ({ width, top, bottom });
    globalThis.boxes = { ".find": box(374, 128, 172), ".legend": box(374, 570, 612) };
    document.querySelector = (selector) => ({ getBoundingClientRect: () => boxes[selector] });
    trafficRennes.sheet = { overlap: () => globalThis.covered };
    globalThis.driver = Object.create(trafficRennes.LayerDriver.prototype);
    driver.map = {
        getContainer: () => ({ getBoundingClientRect: () => box(390, 120, 620) }),
        fitBounds: (_bounds, { padding }) => (globalThis.padding = padding),
    };
})()"""


@pytest.fixture
def page():
    with loaded("app.js", "map_layers.js") as page:
        page.js(MADE_UP_MAP)
        yield page


@pytest.mark.parametrize(("covered", "below"), [(0, 50 + 16), (240, 240 + 16)])
def test_a_place_is_shown_between_the_field_and_the_legend_or_the_sheet(page, covered, below):
    page.js(f"void (globalThis.covered = {covered})")
    page.js("void driver.fit([])")
    assert page.js("padding") == {"top": 52 + 16, "left": 16, "right": 16, "bottom": below}


def test_what_lies_in_a_corner_takes_no_room(page):
    page.js("void (globalThis.covered = 0)")
    page.js("void Object.values(boxes).forEach((box) => { box.width = 200; })")
    page.js("void driver.fit([])")
    assert page.js("padding") == dict.fromkeys(("top", "left", "right", "bottom"), 16)
