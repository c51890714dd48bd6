"""The table of all stretches: the map for who does not see it, at the moment shown."""

from __future__ import annotations

from playwright.sync_api import expect

from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, COMPACT, PHONE, serious_problems

pytestmark = BROWSER_TEST

SKIP = "Aller au tableau"


def column(page, place):
    """Texts of one column, in the order of the rows; 0 is the name."""
    return page.js(
        "(place) => [...document.querySelectorAll('#stretch-rows tr')]"
        ".map((row) => row.children[place].innerText)",
        place,
    )


def heading(page, name):
    return page.page.locator(".stretch-table").get_by_role("columnheader", name=name)


def open_table(page, live_app):
    page.page.get_by_role("link", name=SKIP).press("Enter")
    expect(page.page.locator("#all-stretches-summary")).to_be_focused()
    rows = page.page.locator("#stretch-rows tr")
    expect(rows).to_have_count(len(live_app.network.stretches))
    return rows


def test_it_says_what_the_map_shows_sorted_filtered_and_at_any_moment(live_app, visit):
    page = visit(live_app.url, COMPACT)
    page.until_painted(live_app.publish(Status.CONGESTED))
    assert page.page.locator("#stretch-rows tr").count() == 0
    rows = open_table(page, live_app)
    note = page.page.locator("#stretch-note")
    expect(note).to_contain_text("Maintenant · Tout le réseau")
    assert set(column(page, 2)) == {"Bloqué"}
    # As in the list of five.
    worst, ends = (page.page.locator(f"#worst-{part}-0").inner_text() for part in ("name", "ends"))
    place = column(page, 0).index("\n".join(filter(None, (worst, ends))))
    assert page.page.locator("#worst-delay-0").inner_text() == f"+{column(page, 4)[place]}"

    heading(page, "Longueur").get_by_role("button").click()
    expect(heading(page, "Longueur")).to_have_attribute("aria-sort", "descending")
    lengths = [float(text.split()[0].replace(",", ".")) for text in column(page, 1)]
    assert lengths == sorted(lengths, reverse=True)
    heading(page, "Longueur").get_by_role("button").press("Enter")
    expect(heading(page, "Longueur")).to_have_attribute("aria-sort", "ascending")
    assert heading(page, "Temps perdu").get_attribute("aria-sort") is None

    field = page.page.get_by_label("Nom d'une route ou d'un lieu")
    field.fill("rue de vern")
    page.until(lambda: rows.count() < len(live_app.network.stretches), "fewer rows")
    assert all("Vern" in name for name in column(page, 0))
    field.fill("")
    page.page.locator("#zone-rocade").click()
    expect(note).to_contain_text("Maintenant · Rocade")
    page.page.locator("#panel-back").click()

    live_app.publish(Status.FREE_FLOW)
    page.until(lambda: set(column(page, 2)) == {"Libre"}, "the table follows")
    page.page.locator("#strip-hour-8").click()
    expect(note).to_contain_text("8 h · Tout le réseau")
    page.until(lambda: set(column(page, 2)) - {"Libre"}, "the forecast of another hour")
    assert page.errors == []


def test_a_row_leads_to_its_road_and_back_to_the_row(live_app, visit):
    page = visit(live_app.url, PHONE, bypass_csp=True)
    page.until_painted(live_app.publish(Status.CONGESTED))
    rows = open_table(page, live_app)
    expect(rows.first.locator("td").first).to_be_visible()
    assert page.js("() => document.documentElement.scrollWidth") <= PHONE[0]
    assert serious_problems(page.page, "#all-stretches") == []
    button = rows.nth(1).get_by_role("button")
    name = button.inner_text()
    button.press("Enter")
    expect(page.page.locator("#panel-title")).to_be_focused()
    expect(page.page.locator("#panel-title")).to_have_text(name)
    page.page.keyboard.press("Escape")
    expect(button).to_be_focused()
    assert page.errors == []
