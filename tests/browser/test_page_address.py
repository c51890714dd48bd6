"""The address of a view in Chromium: kept, read again, handed on, whatever the server does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from services.traffic.network import Network
from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP
from tests.factories import OBSERVED_AT, write_week_forecasts

pytestmark = BROWSER_TEST

ALL = "?t=2024-08-27T18&zone=rocade&view=48.1,-1.68,13&hide=libre,travaux&lang=fr"


@pytest.fixture
def app(start_app):
    app = start_app()
    write_week_forecasts(app.settings.data_dir)
    app.publish()
    return app


def search(page):
    return page.js("location.search")


def until_at(page, pattern):
    page.until(lambda: re.fullmatch(pattern, search(page)), f"the address {pattern}")


def zoom(page):
    return page.map("!map.isMoving() && Math.round(map.getZoom())")


def shows_all(page):
    """Whether everything that the address asks for is shown."""
    document = page.page
    expect(document.locator("#map-banner")).to_contain_text("mardi 27 août, 18 h — pas le trafic")
    expect(document.locator("#forecast-hour")).to_have_value("18")
    expect(document.locator("#forecast-zone")).to_have_value("rocade")
    expect(document.locator("#legend-freeFlow")).to_have_attribute("aria-pressed", "false")
    expect(document.locator("#legend-roadworks")).to_have_attribute("aria-pressed", "false")
    page.until(lambda: zoom(page) == 13, "the view")


def test_a_view_comes_back_by_its_address_reload_and_back(app, visit):
    page = visit(app.url + ALL, DESKTOP)
    shows_all(page)
    page.page.reload()
    shows_all(page)
    until_at(page, re.escape(ALL))
    page.page.goto(f"{app.url}api/v1/traffic")
    page.page.go_back()
    shows_all(page)
    page.page.get_by_role("button", name="Maintenant", exact=True).click()
    page.page.locator("#legend-freeFlow").click()
    until_at(page, r"\?zone=rocade&view=48\.1,-1\.68,13&hide=travaux&lang=fr")
    assert page.errors == []


def test_a_tile_is_a_link_that_goes_to_its_zone_and_a_road_is_in_the_address(app, visit):
    page = visit(app.url, DESKTOP)
    document = page.page
    tile = document.locator("#zone-rocade")
    page.until(lambda: page.map("map.loaded()"), "the map")
    before = page.map("map.getZoom()")
    assert search(page) == ""
    tile.click()
    until_at(page, r"\?zone=rocade&view=.*")
    page.until(lambda: page.map("!map.isMoving() && map.getZoom()") > before, "closer")
    outlined = "map.querySourceFeatures('roads-zone').map((road) => road.properties.zone)"
    page.until(lambda: set(page.map(outlined) or []) == {"rocade"}, "the outline of the zone")
    assert tile.get_attribute("href") == "/?zone=rocade"

    document.locator("#panel .worst-stretch:visible").first.click()
    until_at(page, r"\?zone=rocade&view=.*&road=[^&]+")
    title = document.locator("#panel-title").inner_text()
    document.reload()
    expect(document.locator("#panel-title")).to_have_text(title)
    document.locator("#panel-back").click()
    until_at(page, r"\?zone=rocade&view=[^&]+")
    assert page.errors == []


def test_nonsense_is_told_of_and_leaves_the_address_which_can_be_handed_on(app, visit):
    address = f"{app.url}?t=hier&zone=rocade&hide=zzz&road=nowhere&lang=fr"
    page = visit(address, DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    document = page.page
    message = document.locator("#page-message")
    for told in ("La route demandée", "Le moment demandé", "masquer"):
        expect(message).to_contain_text(told)
    expect(document.locator("#forecast-zone")).to_have_value("rocade")
    expect(document.locator("#moment-0")).to_have_attribute("aria-pressed", "true")
    until_at(page, r"\?zone=rocade(&view=[^&]+)?&lang=fr")
    message.get_by_role("button", name="Fermer").click()
    expect(message).to_be_hidden()

    page.until(lambda: "view=" in search(page) and not page.map("map.isMoving()"), "at the zone")
    document.get_by_role("button", name="+30 min", exact=True).click()
    document.get_by_role("button", name="Partager").click()
    expect(document.locator("#page-message")).to_contain_text("Adresse copiée")
    handed_on = page.js("navigator.clipboard.readText()")
    assert re.fullmatch(r"\?t=30min&zone=rocade(&view=[^&]+)?&lang=fr", search(page))
    assert handed_on == page.page.url == f"{app.url}{search(page)}"


def test_an_hour_chosen_while_the_server_is_away_is_answered_once_it_is_back(app, visit):
    page = visit(app.url, DESKTOP)
    document = page.page
    page.until(lambda: page.map("map.loaded()"), "the map")
    document.locator("#forecast-hour").select_option("14")
    banner = document.locator("#map-banner")
    expect(banner).to_contain_text("lundi 26 août, 14 h — pas le trafic actuel")
    app.stop()
    document.locator("#forecast-hour").select_option("18")
    # Nothing of 14 h stands under 18 h; what the page knows by itself it tells.
    expect(document.locator("#glance-congestion")).to_have_text("—")
    expect(document.locator("#forecast-answer")).to_contain_text("lundi 26 août, 18 h")
    expect(banner).to_contain_text("18 h : le serveur n'a pas encore répondu")
    expect(document.locator("#connection")).to_be_visible()
    expect(document.locator("#freshness")).not_to_contain_text("En direct")
    app.start()
    expect(banner).to_contain_text("lundi 26 août, 18 h — pas le trafic actuel")
    expect(document.locator("#connection")).to_be_hidden()
    expect(document.locator("#freshness")).to_contain_text("En direct")
    expect(document.locator("#glance-congestion")).not_to_have_text("—")


def without_first(network, count):
    """The network that is left once its first segments are gone: all others have other places."""
    return Network(
        city=network.city,
        version=f"{network.version}x{count}",
        segment_ids=network.segment_ids[count:],
        geometry=network.geometry[count:],
        names=network.names[count:],
        road_classes=network.road_classes[count:],
        speed_limit_kmh=network.speed_limit_kmh[count:],
    )


def test_another_network_leaves_a_road_its_own_state_and_says_where_it_is_gone(live_app, visit):
    whole, place = live_app.network, 10
    road = whole.segment_ids[place]

    def publish(network, minutes):
        codes = [
            Status.CONGESTED if one == road else Status.FREE_FLOW for one in network.segment_ids
        ]
        later = OBSERVED_AT + timedelta(minutes=minutes)
        return live_app.publish(codes, network=network, observed_at=later)

    publish(whole, 0)
    page = visit(f"{live_app.url}?road={road}", DESKTOP)
    state = page.page.locator("#panel-place .road-status")
    expect(state).to_have_text("Bloqué")
    publish(without_first(whole, 4), 1)
    expect(page.page.locator("#freshness-sentence")).to_contain_text("12:44")
    expect(state).to_have_text("Bloqué")
    publish(without_first(whole, place + 2), 2)
    expect(page.page.locator("#page-message")).to_contain_text("La route demandée")
    expect(page.page.locator("#panel-place")).to_be_hidden()
    until_at(page, r"(\?view=[^&]+)?")
    assert page.errors == []
