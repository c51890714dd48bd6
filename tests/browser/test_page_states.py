"""What the page says of its data in Chromium: live, late, archived, simulated, missing, silent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from services.traffic.indicators import compute_indicators
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, COMPACT, PHONE
from tests.factories import OBSERVED_AT

pytestmark = BROWSER_TEST

# The visitor's clock is two hours wrong.
WRONG_CLOCK = """
    const now = Date.now;
    Date.now = () => now() + 7200000;
"""


@pytest.fixture(scope="module")
def shared(start_shared_app, visit_shared):
    """One application and one page for the tests that can share them."""
    app = start_shared_app()
    app.publish()
    return app, visit_shared(app.url, COMPACT, script=WRONG_CLOCK)


@pytest.fixture
def live_app(shared):
    """The shared application, as it was in the beginning."""
    app, page = shared
    app.clock.set(OBSERVED_AT + timedelta(minutes=4))
    page.go_back_to(app)
    return app


@pytest.fixture
def page(live_app, shared):
    return shared[1]


def test_age_and_origin_follow_the_data_whatever_the_browser_s_clock_and_zone(live_app, page):
    freshness = page.page.locator("#freshness-sentence")
    announcement = page.page.locator("#freshness-announcement")
    expect(freshness).to_have_text("En direct · observé à 12:43, il y a 4 min")
    expect(announcement).to_have_text("Données en direct.")

    live_app.clock.set(OBSERVED_AT + timedelta(minutes=12))
    expect(freshness).to_have_text("Données en retard : observées à 12:43, il y a 12 min")
    expect(announcement).to_have_text("Attention : données en retard.")

    live_app.publish(source="archive")
    live_app.clock.set(OBSERVED_AT + timedelta(hours=20))
    expect(freshness).to_have_text(
        "Archive : dernières données reçues le lundi 26 août à 12:43, il y a 20 h"
        " — le flux ne répond pas"
    )
    live_app.clock.set(OBSERVED_AT + timedelta(days=824))
    expect(freshness).to_contain_text("le lundi 26 août 2024 à 12:43, il y a 2 ans")
    expect(page.page.locator("#freshness")).to_have_text("Du 26 août 2024, il y a 2 ans")
    for grey in (".zone-tile", ".map-graph"):
        expect(page.page.locator(grey).first).to_have_css("filter", "grayscale(1)")

    live_app.publish(source="demo")
    live_app.clock.set(OBSERVED_AT + timedelta(seconds=50))
    expect(freshness).to_have_text(
        "Trafic simulé — démonstration, pas la circulation réelle · à 12:43, à l'instant"
    )
    expect(page.page.locator("#attribution-demo")).to_be_visible()

    live_app.publish()
    expect(freshness).to_have_text("En direct · observé à 12:43, à l'instant")
    expect(page.page.locator("#attribution-demo")).to_be_hidden()
    assert page.errors == []


def test_before_the_first_snapshot_the_page_waits_and_then_fills_by_itself(start_app, visit):
    app = start_app()
    page = visit(app.url, PHONE)
    expect(page.page.locator("#freshness-sentence")).to_have_text(
        "En attente des premières données…"
    )
    expect(page.page.locator("#zone-status-rocade")).to_have_text("—")
    expect(page.page.locator("#forecast-answer")).to_contain_text("En attente")

    snapshot = app.publish(Status.CONGESTED)
    expect(page.page.locator("#freshness")).to_contain_text("En direct")
    expect(page.page.locator("#zone-status-rocade")).to_have_text("Bloqué")
    page.until_painted(snapshot)
    assert page.errors == []


def test_figures_beside_the_map_come_from_the_snapshot(live_app, page):
    text = page.page.locator("#glance-congestion")
    expect(text).to_contain_text("%")
    jammed = live_app.publish(Status.CONGESTED, observed_at=OBSERVED_AT + timedelta(minutes=3))
    level = compute_indicators(live_app.network, jammed).congestion_level
    expect(text).to_have_text(re.compile(rf"\+{round(100 * level)}\s%"))
    length_km = live_app.network.length_m.sum() / 1000
    expect(page.page.locator("#glance-jam")).to_have_text(f"{length_km:.1f}".replace(".", ","))
    expect(page.page.locator("#glance-shares")).to_have_attribute(
        "aria-label", re.compile(r"Bloqué 100\s%")
    )
    expect(page.page.locator("#legend-figures-congested")).to_have_text("100 %")
    expect(page.page.locator("#zone-penetrantes")).to_contain_text("Bloqué")
    expect(page.page.locator("#worst-name-0")).to_have_text(re.compile("^Rocade sud"))

    live_app.publish(Status.UNKNOWN, observed_at=OBSERVED_AT + timedelta(minutes=6))
    expect(text).to_have_text("—")
    expect(page.page.locator("#zone-status-rocade")).to_have_text("Inconnu")
    expect(page.page.locator("#worst-none")).to_contain_text("Aucune route")
    expect(page.page.locator("#worst-0")).to_be_hidden()


def test_a_silent_server_is_told_ages_go_on_and_the_page_recovers_by_itself(live_app, page):
    connection = page.page.locator("#connection")
    freshness = page.page.locator("#freshness-sentence")
    expect(freshness).to_contain_text("il y a 4 min")
    expect(connection).to_be_hidden()

    soon_five_minutes = OBSERVED_AT + timedelta(minutes=4, seconds=56)
    live_app.clock.set(soon_five_minutes)
    # Asked for is not answered: the page itself says which time it has.
    page.until(
        lambda: page.js("() => trafficRennes.freshness.now()") >= soon_five_minutes.timestamp(),
        "the new time is known",
    )
    live_app.stop()
    expect(connection).to_contain_text("Le serveur ne répond pas")
    # Not called live any more.
    expect(freshness).to_have_text("Dernières données connues : observées à 12:43, il y a 5 min")

    live_app.start()
    live_app.publish(Status.HEAVY, observed_at=OBSERVED_AT + timedelta(minutes=3))
    expect(connection).to_be_hidden()
    expect(freshness).to_contain_text("En direct · observé à 12:46")


def test_a_tab_that_comes_back_asks_at_once(start_app, visit):
    app = start_app(refresh_seconds=3600)
    first = app.publish()
    page = visit(app.url, script="window.ahead = 0; const now = Date.now;"
                 " Date.now = () => now() + window.ahead;")  # fmt: skip
    page.until_painted(first)
    second = app.publish(Status.HEAVY, observed_at=OBSERVED_AT + timedelta(minutes=3))
    # Asleep for a while; the hour of the timer is not up.
    page.js("() => { window.ahead = 600000;"
            " document.dispatchEvent(new Event('visibilitychange')); }")  # fmt: skip
    page.until_painted(second)
    expect(page.page.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
