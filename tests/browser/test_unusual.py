"""Now against the usual in Chromium: told in the tiles, and on the map when asked."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect

from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST
from tests.factories import OBSERVED_AT, make_usual_hour

pytestmark = BROWSER_TEST

LATER = OBSERVED_AT + timedelta(minutes=3)
IS_UNUSUAL = "map.getFeatureState({source: 'roads', id: %d}).unusual === true"


def test_unusual_roads_stand_out_on_demand_and_through_refreshes(start_app, visit):
    app = start_app()
    page = visit(app.url)
    tile = page.page.locator("#zone-usual-rocade")
    toggle = page.page.locator("#unusual-toggle")
    # Without a past nothing is told, and there is no button.
    page.until_painted(app.publish())
    expect(tile).to_be_empty()
    expect(toggle).to_be_hidden()

    app.store.write_usual_hour(make_usual_hour(app.network))
    # By default heavy traffic is usual: see the factory.
    jammed = app.publish(Status.CONGESTED)
    page.until_painted(jammed)
    expect(tile).to_have_text("plus chargé")
    expect(toggle).to_have_attribute("aria-pressed", "false")

    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(toggle).to_contain_text(str(len(app.network)))
    page.until(lambda: page.map(IS_UNUSUAL % 0), "a busier road stands out")
    fading = page.map("map.getPaintProperty('roads', 'line-opacity')")
    assert "unusual" in str(fading)

    codes = jammed.status_codes().copy()
    codes[0] = Status.HEAVY
    page.until_painted(app.publish(codes, observed_at=LATER))
    page.until(lambda: page.map(IS_UNUSUAL % 0) is False, "a road as usual again")
    assert page.map(IS_UNUSUAL % 1)
    expect(toggle).to_contain_text(str(len(app.network) - 1))

    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    page.until(
        lambda: "unusual" not in str(page.map("map.getPaintProperty('roads', 'line-opacity')")),
        "all roads alike",
    )
    assert page.errors == []
