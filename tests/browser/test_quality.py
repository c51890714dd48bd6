"""The page of forecast quality in a browser: on every screen, for everyone, by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from services.city.rennes import RENNES
from services.learn.hourly import score_past_hours
from services.learn.zone_tables import ZoneTables
from services.operations.database import open_operations
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, serious_problems
from tests.factories import OBSERVED_AT
from tests.services.learn.histories import BLOCKED, FREE, times, write, write_table

pytestmark = BROWSER_TEST

START = datetime(2026, 3, 1, 23, tzinfo=UTC)
NOW = START + timedelta(days=3, hours=8)


def score(live_app):
    """Three days of a rush hour, evaluated an hour and a day ahead."""
    data_dir = live_app.settings.data_dir
    write_table(data_dir / "models", "2026-03-01-aaaaaa", (0.8, 0.15, 0.05))
    write(data_dir, times(START, 72), lambda moment: BLOCKED if moment.hour == 7 else FREE)
    operations = open_operations(live_app.settings)
    score_past_hours(
        RENNES,
        data_dir,
        "demo",
        [ZoneTables(RENNES, data_dir, data_dir, "demo", [])],
        operations,
        now=NOW,
    )
    live_app.clock.set(NOW)


def test_it_reads_well_on_a_phone_and_in_the_dark(live_app, visit):
    score(live_app)
    for screen, scheme in ((PHONE, "light"), (DESKTOP, "dark")):
        page = visit(f"{live_app.url}qualite", screen, color_scheme=scheme, bypass_csp=True).page
        expect(page.get_by_role("heading", level=1)).to_have_text("Prévisions : justes ?")
        expect(page.locator(".quality-headline")).to_contain_text("d'erreur")
        plot = page.locator(".quality-plot").first
        expect(plot).to_be_visible()
        assert plot.evaluate("image => image.complete && image.naturalHeight > 0")
        page.get_by_text("Les mêmes chiffres en tableau").first.click()
        expect(page.locator(".quality-table").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= screen[0]
        assert serious_problems(page) == []


def test_the_map_links_to_it_and_back(live_app, visit):
    live_app.publish()
    page = visit(f"{live_app.url}camera", DESKTOP)
    page.page.get_by_role("link", name="Prévisions : justes ?").click()
    expect(page.page.get_by_text("Pas encore de prévision vérifiée")).to_be_visible()
    # How old the data are is told there too, and goes on without the map's refreshes.
    age = page.page.locator("#freshness")
    expect(age).to_have_text("En direct · il y a 4 min")
    live_app.clock.set(OBSERVED_AT + timedelta(minutes=12))
    expect(age).to_have_text("En retard · il y a 12 min")
    page.page.get_by_role("link", name="Carte", exact=True).click()
    expect(page.page.locator("#map")).to_be_visible()
