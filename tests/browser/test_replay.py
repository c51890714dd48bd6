"""A stored day in Chromium: it plays on the map, goes round, is dragged, and leads back to now."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest
from dash import html
from playwright.sync_api import expect

from callbacks.pages.trends import page as pages
from callbacks.pages.trends.page_view import PageView
from services.city.rennes import RENNES
from services.plain.trends.asking import Away, Done, Failed
from services.plain.trends.replay import ReplayAnswer, ReplayQuery
from services.traffic.status import Status
from services.trends.replay import Frame, ReplayDay, encode_replay
from services.web.trends_client import TrendsClient
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, serious_problems
from tests.factories import OBSERVED_AT

pytestmark = BROWSER_TEST

# A Sunday; pages are looked at on the day after.
DAY = OBSERVED_AT.date() - timedelta(days=1)
STEP_S = 180
MIDNIGHT_S = int(RENNES.midnight(DAY).timestamp())
TITLE = "Relecture du dimanche 25 août — pas en direct"


def status_at(hour):
    if hour < 8:
        return Status.FREE_FLOW
    return Status.CONGESTED if hour < 10 else Status.HEAVY


def played_day(network, source="demo"):
    """Jams from 8 to 10 h on all roads, nothing observed until 11 h, dense traffic afterwards."""
    frames = []
    for place in range(86_400 // STEP_S):
        hour, at = place * STEP_S / 3_600, MIDNIGHT_S + place * STEP_S
        if hour == 10:
            frames.append(Frame(at, None, None))
        if not 10 <= hour < 11:
            codes = np.full(len(network), status_at(hour), np.uint8)
            frames.append(Frame(at, codes, float(status_at(hour)) / 4))
    end = MIDNIGHT_S + 86_400
    return ReplayDay(
        DAY, source, network.version, len(network), MIDNIGHT_S, end, end, tuple(frames)
    )


@pytest.fixture
def archive(monkeypatch, live_app):
    """The process of the archive, which knows one day."""
    document = encode_replay(played_day(live_app.network))

    def ask(_client, query, *_wait):
        if not isinstance(query, ReplayQuery):
            return Away()
        if query.day == DAY:
            return Done(ReplayAnswer(document, is_over=True))
        return Failed("nothing_stored", f"nothing is kept of {query.day}")

    monkeypatch.setattr(TrendsClient, "ask", ask)


def open_day(visit, live_app, size=DESKTOP, asked="", **options):
    page = visit(f"{live_app.url}tendances/?vue=relecture&jour={DAY}{asked}", size, **options)
    expect(page.page.locator("#replay-chart svg")).to_be_visible()
    return page


def until_on_map(page, status):
    page.until(lambda: page.status_on_map(0) == status, f"{status!r} on the map")


def shown_time(page):
    return page.page.locator("#replay-time").inner_text()


def test_the_moment_of_the_address_is_on_the_map_and_said_not_to_be_now(archive, live_app, visit):
    page = open_day(visit, live_app, asked="&t=08:15&vitesse=60", bypass_csp=True)
    expect(page.page.locator("#replay-title")).to_have_text(TITLE)
    expect(page.page.locator("#replay-simulated")).to_be_visible()
    expect(page.page.locator("#replay-time")).to_have_text("08:15")
    until_on_map(page, Status.CONGESTED)
    # Who asks for a moment looks at it.
    expect(page.page.locator("#replay-play")).to_have_text("Lire")
    expect(page.page.locator("#replay-speed-60")).to_have_attribute("aria-pressed", "true")
    slider = page.page.locator("#replay-slider")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^08:15, Congestion \+75"))
    expect(page.page.locator("#replay-sentence")).to_contain_text(
        "Sans données : de 10:00 à 11:00."
    )
    assert serious_problems(page.page, ".replay") == []
    _point_at_a_road(page, live_app.network)
    assert page.errors == []


def _point_at_a_road(page, network):
    """It says its name and status at that time, pointed at here or in another view."""
    page.until(lambda: page.map("map.loaded()"), "a map that is drawn")
    name = str(network.names[20])
    page.page.mouse.move(*page.point_of(network, 20))
    label = page.page.locator("#road-label")
    expect(label).to_contain_text("Bloqué à 08:15")
    page.page.mouse.move(0, 0)
    expect(label).to_be_hidden()
    page.js(f"() => trafficRennes.trendsCursor.tellCell(20, {MIDNIGHT_S + 7 * 3600}, 'scan')")
    expect(label).to_contain_text("Libre à 07:00")
    expect(label).to_contain_text(name)
    expect(page.page.locator("#replay-time")).to_have_text("07:00")
    # What is said of the road follows the time.
    page.js(f"() => trafficRennes.trendsCursor.tellTime({MIDNIGHT_S + 12 * 3600}, 'scan')")
    expect(label).to_contain_text("Dense à 12:00")
    page.js("() => trafficRennes.trendsCursor.tellCell(null, null, 'scan')")
    expect(label).to_be_hidden()


def test_a_day_plays_goes_round_and_leads_back_to_now(archive, live_app, visit):
    page = open_day(visit, live_app, asked="&t=07:00&vitesse=300&boucle=07:00-09:00")
    until_on_map(page, Status.FREE_FLOW)
    page.page.locator("body").press("Space")
    expect(page.page.locator("#replay-play")).to_have_text("Pause")
    until_on_map(page, Status.CONGESTED)
    # It goes round: free roads again, and never past the end.
    until_on_map(page, Status.FREE_FLOW)
    page.page.locator("body").press("Space")
    expect(page.page.locator("#replay-play")).to_have_text("Lire")
    stopped = shown_time(page)
    assert "07:00" <= stopped <= "09:00"
    page.until(lambda: f"t={stopped}" in page.page.url, "the time in the address")
    assert {f"jour={DAY}", "vitesse=300", "boucle=07:00-09:00"} <= set(
        page.page.url.split("?")[1].split("&")
    )
    page.page.locator(".replay-now").click()
    expect(page.page.locator("#map-frame .legend")).to_be_visible()
    assert page.page.url == live_app.url
    assert page.errors == []


def test_time_is_chosen_on_the_curve_and_by_keys(archive, live_app, visit):
    page = open_day(visit, live_app)
    # Who asks for no moment sees the day go by.
    expect(page.page.locator("#replay-play")).to_have_text("Pause")
    page.until(lambda: shown_time(page) > "00:10", "it plays")
    # Above what stays at the foot of the window.
    middle = "{ block: 'center', behavior: 'instant' }"
    page.js(f"() => document.querySelector('#replay-chart').scrollIntoView({middle})")
    chart = page.page.locator("#replay-chart").bounding_box()
    # As assets/day_chart.js lays it out: 52 px in front of the axis, 16 behind.
    noon_x = chart["x"] + 52 + (chart["width"] - 52 - 16) / 2
    middle_y = chart["y"] + chart["height"] / 2
    page.page.mouse.move(noon_x - 100, middle_y)
    page.page.mouse.down()
    page.page.mouse.move(noon_x, middle_y)
    page.page.mouse.up()
    expect(page.page.locator("#replay-play")).to_have_text("Lire")
    page.until(lambda: "11:57" <= shown_time(page) <= "12:03", "noon")
    until_on_map(page, Status.HEAVY)
    slider = page.page.locator("#replay-slider")
    slider.focus()
    slider.press("Home")
    expect(page.page.locator("#replay-time")).to_have_text("00:00")
    slider.press("ArrowRight")
    expect(page.page.locator("#replay-time")).to_have_text("00:01")
    until_on_map(page, Status.FREE_FLOW)
    # Nothing observed is unknown, and says so.
    page.js(f"() => trafficRennes.trendsCursor.tellTime({MIDNIGHT_S + 10.5 * 3600}, 'scan')")
    expect(page.page.locator("#replay-level")).to_have_text("Pas de données")
    until_on_map(page, Status.UNKNOWN)


def test_a_day_without_data_says_so_and_the_next_one_is_a_click_away(archive, live_app, visit):
    page = open_day(visit, live_app, PHONE, reduced_motion="reduce")
    # Nothing moves by itself for who wants no motion.
    expect(page.page.locator("#replay-play")).to_have_text("Lire")
    expect(page.page.locator("#replay-time")).to_have_text("00:00")
    page.js(f"() => trafficRennes.trendsCursor.tellTime({MIDNIGHT_S + 8.5 * 3600}, 'curve')")
    until_on_map(page, Status.CONGESTED)
    page.page.locator("#replay-previous").click()
    message = page.page.locator("#replay-message")
    expect(message).to_have_text("Rien n'est conservé de cette journée : choisissez un autre jour.")
    expect(page.page.locator("#replay-play")).to_be_disabled()
    until_on_map(page, Status.UNKNOWN)
    page.until(lambda: f"jour={DAY - timedelta(days=1)}" in page.page.url, "the day in the address")
    page.page.locator("#replay-next").click()
    expect(page.page.locator("#replay-title")).to_have_text(TITLE)
    # At the time that was looked at before.
    expect(page.page.locator("#replay-time")).to_have_text("08:30")
    until_on_map(page, Status.CONGESTED)
    expect(message).to_be_hidden()


def test_a_view_beside_the_map_points_at_its_roads(archive, live_app, visit, monkeypatch):
    kept = PageView("scan", ("jour",), lambda _asked: None, lambda *_: [html.P("diagramme")])
    monkeypatch.setattr(pages.scan, "VIEW", kept)
    monkeypatch.setattr(pages, "VIEWS", (kept,))
    live_app.stop()
    live_app.start()
    page = visit(f"{live_app.url}tendances/?vue=scan&jour={DAY}")
    expect(page.page.locator("#day-map-title")).to_have_text(TITLE)
    # The day at its worst, until somebody points at a time.
    expect(page.page.locator("#day-map-time")).to_have_text("08:00")
    until_on_map(page, Status.CONGESTED)
    at_noon = f"{{ segment: 20, epoch_s: {MIDNIGHT_S + 12 * 3600}, by: 'scan' }}"
    page.js(
        f"() => document.dispatchEvent(new CustomEvent('trends:cell', {{ detail: {at_noon} }}))"
    )
    expect(page.page.locator("#road-label")).to_contain_text("Dense à 12:00")
    expect(page.page.locator("#day-map-time")).to_have_text("12:00")
    until_on_map(page, Status.HEAVY)
    assert page.errors == []
