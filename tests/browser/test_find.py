"""A place found by its name or around the visitor, in Chromium."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, PHONE, serious_problems
from tests.factories import rennes_network

pytestmark = BROWSER_TEST

# In the synthetic network, and in no figure of it.
PLACE = {"latitude": 48.10731, "longitude": -1.68417, "accuracy": 400}
FAR_AWAY = {"latitude": 48.85341, "longitude": 2.34881, "accuracy": 20}
LOCATED = {"geolocation": PLACE, "permissions": ["geolocation"]}
NO_WEBGL = """
    const original = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
    };
"""


def open_painted(live_app, visit, *arguments, **options):
    page = visit(live_app.url, *arguments, **options)
    page.until_painted(live_app.store.current_snapshot())
    return page


@pytest.fixture(scope="module")
def shared(start_shared_app, visit_shared):
    """One application and one page, which may know where it is, for tests that can share them."""
    app = start_shared_app()
    app.publish()
    return app, open_painted(app, visit_shared, **LOCATED)


@pytest.fixture
def app(shared):
    return shared[0]


@pytest.fixture
def painted(shared):
    """The shared page, with nothing looked for and nothing looked at."""
    _, page = shared
    page.page.locator("#find-field").press("Escape")
    back = page.page.locator("#panel-back")
    if back.is_visible():
        back.click()
    expect(page.page.locator("#panel-network")).to_be_visible()
    page.errors.clear()
    return page


def write(page, text):
    """Write into the field, key by key as far as the page can tell."""
    field = page.page.get_by_role("combobox", name=re.compile("Chercher une rue"))
    field.fill(text)
    return field


def options_of(page):
    return page.page.locator("#find-list").get_by_role("option")


def outlined(page):
    """Segments that the map outlines as the place looked at."""
    shown = page.map("map.getSource('roads-zone').serialize().data.features.map(({id}) => id)")
    return set(shown or ())


def segments_called(live_app, name):
    return set((live_app.network.names == name).nonzero()[0].tolist())


def test_a_street_is_found_and_opened_by_the_keyboard_alone_once_the_server_answers(
    live_app, visit
):
    page = open_painted(live_app, visit)
    documents = [f"network/{live_app.network.version}/{name}" for name in ("places", "stretches")]
    # Nothing is fetched for a search that nobody began.
    assert not set(documents) & set(page.requests)
    field = page.page.locator("#find-field")
    page.page.route("**/places", lambda route: route.abort())
    field.focus()
    page.until(lambda: set(documents) <= set(page.requests), "names fetched")
    options, told = options_of(page), page.page.locator("#find-state")
    field.press_sequentially("liberte")
    expect(told).to_contain_text("le serveur ne répond pas")
    page.page.unroute("**/places")
    write(page, "liberté")
    expect(options.first).to_contain_text("Liberté")
    expect(field).to_be_focused()
    page.errors.clear()

    write(page, "")
    field.press_sequentially("bd liberte")
    expect(options.first).to_contain_text("Bd de la Liberté")
    expect(options.first).to_contain_text("Rue ou route")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(told).to_contain_text("trouvé")
    assert serious_problems(page.page, "#find") == []

    field.press("ArrowDown")
    active = field.get_attribute("aria-activedescendant")
    expect(page.page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.page.locator("#panel-title")).to_contain_text("Bd de la Liberté")
    expect(page.page.locator("#panel-title")).to_be_focused()
    expect(options).to_have_count(0)
    page.until(
        lambda: outlined(page) == segments_called(live_app, "Boulevard de la Liberté"),
        "all of the street outlined",
    )
    page.until(lambda: "road=" in page.page.url, "the address names the road")

    page.page.keyboard.press("Escape")
    expect(page.page.locator("#panel-network")).to_be_visible()
    expect(field).to_be_focused()
    page.until(lambda: outlined(page) == set(), "nothing outlined")
    assert page.errors == []


def test_a_zone_is_looked_at_when_it_is_found(painted):
    page = painted
    write(page, "centre ville")
    options_of(page).filter(has_text="Zone").click()
    page.until(lambda: "zone=centre-ville" in page.page.url, "the address names the zone")


def test_a_town_lists_the_stretches_near_it_each_of_which_opens(live_app, visit):
    live_app.publish(network=rennes_network())
    page = open_painted(live_app, visit, PHONE)
    field = write(page, "st gregoire")
    expect(options_of(page).first).to_contain_text("Commune")
    field.press("Enter")
    expect(page.page.locator("#panel-title")).to_have_text("Saint-Grégoire")
    page.until(lambda: "find=commune,Saint" in page.page.url, "the address names the town")
    page.page.reload()
    expect(page.page.locator("#panel-title")).to_have_text("Saint-Grégoire")
    first = page.page.locator(".found-stretch").first
    name = first.locator(".found-name").inner_text()
    first.click()
    expect(page.page.locator("#panel-title")).to_have_text(name)
    assert page.errors == []


def test_what_is_not_there_is_said_and_escape_leaves_the_search(painted):
    page = painted
    field = write(page, "A84")
    told = page.page.locator("#find-state")
    expect(told).to_contain_text("Aucune rue")
    expect(told).to_have_css("position", "absolute")
    field.press("Escape")
    expect(field).to_have_value("")
    expect(told).to_be_empty()


def test_without_a_map_a_street_is_found_in_the_panel(live_app, visit):
    page = visit(live_app.url, script=NO_WEBGL)
    expect(page.page.locator("#map-unavailable")).to_be_visible()
    field = write(page, "liberte")
    expect(options_of(page).first).to_contain_text("Liberté")
    field.press("Enter")
    expect(page.page.locator("#panel-title")).to_contain_text("Bd de la Liberté")


def parts_of(request):
    """Address, headers and body of a request, as one text."""
    return json.dumps([request.url, request.headers, request.post_data or ""])


def test_the_visitors_place_is_shown_and_told_to_nobody(app, painted):
    page = painted
    sent = []
    page.page.on("request", lambda request: sent.append(parts_of(request)))
    button = page.page.get_by_role("button", name="Autour de moi")
    button.click()
    expect(page.page.locator("#panel-title")).to_have_text("Autour de vous")
    place = page.page.locator("#panel-place")
    expect(place).to_contain_text("reste dans votre navigateur")
    expect(place).to_contain_text("0,4 km près")
    dot = "map.getSource('near-me').serialize().data.features.map(f => f.geometry.coordinates)"
    assert page.map(dot) == [[PLACE["longitude"], PLACE["latitude"]]]
    zoom = page.map("map.getZoom()")
    contains = f"map.getBounds().contains([{PLACE['longitude']}, {PLACE['latitude']}])"
    page.until(lambda: page.map(f"!map.isMoving() && {contains}"), "arrived")

    # A move by hand from there, and refreshes whose headers say where they come from.
    page.page.locator("#zoom-out").click()
    page.until(lambda: page.map(f"!map.isMoving() && map.getZoom() !== {zoom}"), "moved")
    before = len(sent)
    app.publish(observed_at=app.clock())
    page.until(lambda: len(sent) >= before + 2, "refreshes")
    told = "".join([page.page.url, *sent])
    for number in (PLACE["latitude"], PLACE["longitude"]):
        # Not even to a hundred metres.
        assert f"{abs(number):.3f}" not in told
        assert str(abs(number))[:6] not in told
    assert "view=" not in told
    page.page.get_by_role("button", name="Tout le réseau").click()
    page.until(lambda: page.map(dot) == [], "no dot")
    assert page.errors == []


def test_who_does_not_tell_the_browser_is_told_how_to_and_a_place_off_the_map_is_said(
    live_app, visit
):
    page = open_painted(live_app, visit, permissions=[], geolocation=FAR_AWAY)
    page.page.locator("#near-me").click()
    expect(page.page.locator("#page-message-text")).to_contain_text("autorisez-la")
    page.page.context.grant_permissions(["geolocation"])
    page.page.locator("#near-me").click()
    expect(page.page.locator("#page-message-text")).to_contain_text("hors de la carte")
    expect(page.page.locator("#panel-network")).to_be_visible()
