"""Today's curve in Chromium: it comes with a refresh, moves nothing, and fits its place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from services.traffic.day_curve import Level
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, serious_problems
from tests.factories import OBSERVED_AT, make_day_curve

pytestmark = BROWSER_TEST

NOW = "Congestion +22 % maintenant, +18 % d'habitude ; maximum prévu : +25 % vers 13 h."
# Of the card, in CSS pixels.
HEIGHT = "() => document.querySelector('.day-curve').getBoundingClientRect().height"
WIDTHS = """() => ['#day-curve-chart', '#day-curve-chart svg'].map(
    (place) => document.querySelector(place).getBoundingClientRect().width)"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_curve_that_comes_later_moves_nothing_and_fits_its_place(live_app, visit, size):
    snapshot = live_app.publish()
    page = visit(live_app.url, size, bypass_csp=True)
    page.until_painted(snapshot)
    sentence = page.page.locator("#day-curve-sentence")
    expect(sentence).to_have_text("La courbe du jour arrive avec les prochaines données.")
    empty_height = page.js(HEIGHT)

    live_app.store.write_day(make_day_curve())
    expect(sentence).to_have_text(NOW, use_inner_text=False)
    assert page.js(HEIGHT) == empty_height
    expect(page.page.locator("#day-curve-chart")).to_have_role("img")
    expect(page.page.locator("#day-curve-chart")).to_have_accessible_name(NOW)

    later = OBSERVED_AT + timedelta(minutes=3)
    live_app.store.write_day(make_day_curve(latest=Level(later, 0.3)))
    expect(sentence).to_contain_text("+30 %")
    place, drawn = page.js(WIDTHS)
    assert drawn == pytest.approx(place, abs=1)
    page.page.set_viewport_size({"width": size[0] - 60, "height": size[1]})
    page.until(lambda: abs(page.js(WIDTHS)[0] - page.js(WIDTHS)[1]) < 1, "drawn at another width")
    page.js("() => { document.querySelector('.day-curve-numbers').open = true; }")
    assert serious_problems(page.page, ".day-curve") == []
    assert page.errors == []
