"""The next hour in Chromium: it comes by itself, follows the traffic, and never outlives it."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from services.city.rennes import RENNES
from services.forecast.nowcast_files import write_nowcast
from services.forecast.nowcasts import LEAD_MINUTES
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, serious_problems
from tests.factories import OBSERVED_AT, make_nowcast_table

pytestmark = BROWSER_TEST

LATER = OBSERVED_AT + timedelta(minutes=3)
COLUMNS = ("now", *LEAD_MINUTES)
NO_VALUE = "—"
WORDS = re.compile("Libre|Dense|Bloqué|Inconnu")


def issue(app, snapshot, percent=None):
    """Write the nowcast of a snapshot, of other speeds on request."""
    table = make_nowcast_table(app.network, snapshot)
    if percent is not None:
        table.percent[..., 1:] = percent
    write_nowcast(app.settings.data_dir, table)


def test_the_card_and_the_card_of_a_road_follow_the_traffic(live_app, visit):
    snapshot = live_app.publish()
    page = visit(live_app.url, DESKTOP, bypass_csp=True)
    page.until_painted(snapshot)
    document = page.page
    note = document.locator("#nowcast-note")
    expect(note).to_have_text("La prévision de l'heure se prépare.")
    # The present does not wait for it, and is what the tiles say.
    measured = document.locator(".zone-tile:not(.zone-tile--unknown)")
    for zone in (tile.get_attribute("id").removeprefix("zone-") for tile in measured.all()):
        for part in ("status", "lost"):
            told = document.locator(f"#zone-{part}-{zone}").inner_text()
            expect(document.locator(f"#nowcast-{zone}-now-{part}")).to_have_text(told)
    assert measured.count() > 0

    # It comes by itself, and so does its part of a card that is already open.
    document.locator("#worst-0").click()
    road = document.locator("#panel-place")
    expect(road).to_be_visible()
    expect(road.locator(".road-ahead")).to_have_count(0)
    issue(live_app, snapshot)
    expect(note).to_contain_text("Prévision faite à 12:43. Modèle initial")
    status = document.locator("#nowcast .nowcast-status")
    expect(status).to_have_count(len(RENNES.zones) * len(COLUMNS))
    for zone in RENNES.zones:
        for column in COLUMNS:
            expect(document.locator(f"#nowcast-{zone}-{column}-status")).to_have_text(WORDS)
    expected = {"centre-ville": "Bloqué", "rocade": "Libre", "penetrantes": "Dense"}
    for zone, word in expected.items():
        for minutes in LEAD_MINUTES:
            expect(document.locator(f"#nowcast-{zone}-{minutes}-status")).to_have_text(word)
    expect(document.locator("#nowcast-ceinture-15")).to_have_class(re.compile("--unknown"))
    # At half the free-flow speed, as long again as ten kilometres take without traffic.
    free_flow_kmh = live_app.network.zone_free_flow_kmh[RENNES.zones.index("penetrantes")]
    expect(document.locator("#nowcast-penetrantes-15-lost")).to_have_text(
        f"+{round(600 / free_flow_kmh)} min"
    )
    leads = road.locator(".road-leads")
    expect(leads.locator("dt")).to_have_text([f"+{minutes} min" for minutes in LEAD_MINUTES])
    expect(leads.locator("dd").first).to_contain_text("Dense")
    assert serious_problems(document, "#panel-place") == []
    document.keyboard.press("Escape")
    assert serious_problems(document, "#nowcast") == []
    document.locator("#worst-0").click()

    # The next snapshot has a nowcast of its own.
    newer = live_app.publish(observed_at=LATER)
    issue(live_app, newer, percent=90)
    expect(note).to_contain_text("Prévision faite à 12:46")
    expect(leads.locator("dd").first).to_contain_text("Libre")
    assert page.errors == []


def test_what_is_too_old_is_taken_away_on_a_phone_as_well(live_app, visit):
    snapshot = live_app.publish()
    issue(live_app, snapshot)
    page = visit(live_app.url, PHONE, color_scheme="dark", bypass_csp=True)
    page.until_painted(snapshot)
    document = page.page
    cell = document.locator("#nowcast-centre-ville-60-status")
    expect(cell).to_have_text("Bloqué")
    assert serious_problems(document, "#nowcast") == []
    live_app.clock.set(OBSERVED_AT + timedelta(minutes=16))
    document.reload()
    expect(document.locator("#nowcast-note")).to_contain_text("n'est plus à jour")
    expect(cell).to_have_text(NO_VALUE)
    expect(document.locator("#nowcast-centre-ville-now-status")).to_have_text(WORDS)
