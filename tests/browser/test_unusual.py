"""Now against the usual in Chromium: told in the tiles, listed, and on the map when asked."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect

from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.events import keep_events
from services.operations.tables import TrafficEvent
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST
from tests.factories import OBSERVED_AT, make_usual_hour

pytestmark = BROWSER_TEST

LATER = OBSERVED_AT + timedelta(minutes=3)
IS_UNUSUAL = "map.getFeatureState({source: 'roads', id: %d}).unusual === true"


def keep_event(app, segments, seen_at):
    """An event on some segments, as the worker keeps it."""
    event = TrafficEvent(
        id="a", source="live", network_version=app.network.version, road="Rocade", label="Rocade",
        direction="inner", sector="north", start_place="Porte A", end_place="Porte B",
        segment_ids=[app.network.segment_ids[place] for place in segments], length_m=1_200.0,
        delay_s=400.0, max_delay_s=400.0, trend="growing", cause="",
        started_at=OBSERVED_AT - timedelta(minutes=15), seen_at=seen_at,
    )  # fmt: skip
    operations = open_operations(load_settings(data_dir=app.store.data_dir, _env_file=None))
    with operations.begin() as session:
        keep_events(session, [event])


def test_events_are_listed_and_stand_out_on_demand_and_through_refreshes(start_app, visit):
    app = start_app()
    page = visit(app.url)
    tile = page.page.locator("#zone-usual-rocade")
    toggle = page.page.locator("#unusual-toggle")
    listed = page.page.locator(".unusual-event")
    # Without a past nothing is told, and there is no button.
    page.until_painted(app.publish())
    expect(tile).to_be_empty()
    expect(toggle).to_be_hidden()
    expect(page.page.locator("#unusual-line")).to_contain_text("Pas encore assez")

    app.store.write_usual_hour(make_usual_hour(app.network))
    keep_event(app, [0, 1], OBSERVED_AT)
    # By default heavy traffic is usual: see the factory.
    page.until_painted(app.publish(Status.CONGESTED))
    expect(tile).to_have_text("plus chargé que d'habitude")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect(toggle).to_contain_text("1")
    expect(listed).to_contain_text("Rocade nord intérieure")

    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    page.until(lambda: page.map(IS_UNUSUAL % 0), "a road of the event stands out")
    assert page.map(IS_UNUSUAL % 2) is False
    fading = page.map("map.getPaintProperty('roads', 'line-opacity')")
    assert "unusual" in str(fading)

    keep_event(app, [1, 2], LATER)
    page.until_painted(app.publish(observed_at=LATER))
    page.until(lambda: page.map(IS_UNUSUAL % 0) is False, "a road as usual again")
    assert page.map(IS_UNUSUAL % 1)
    assert page.map(IS_UNUSUAL % 2)

    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    page.until(
        lambda: "unusual" not in str(page.map("map.getPaintProperty('roads', 'line-opacity')")),
        "all roads alike",
    )
    listed.click()
    expect(page.page.locator("#panel-place")).to_be_visible()
    assert page.errors == []
