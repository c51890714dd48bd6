"""The map in Chromium: painted, refreshed, read and hidden as people use it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import expect

from services.traffic.status import Status
from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE
from tests.factories import OBSERVED_AT, make_network
from tests.fault_server import fault_server, reply_with

pytestmark = BROWSER_TEST

# Centre and zoom at which all of the synthetic network is in view.
WHOLE_VIEW = ([-1.68, 48.11], 11)
LATER = OBSERVED_AT + timedelta(minutes=3)
COUNT_STATES = """() => {
    const map = trafficRennes.mapHandle(document.querySelector('#map .js-plotly-plot'));
    const original = map.setFeatureState;
    window.statesSet = [];
    map.setFeatureState = function (target, state) {
        window.statesSet.push(target.id);
        return original.call(this, target, state);
    };
}"""
RELOAD_STYLE = "map.setStyle(JSON.parse(JSON.stringify(map.getStyle())), {diff: false}) && true"


@pytest.fixture(scope="module")
def shared(start_shared_app, visit_shared):
    """One application and one page for the tests that can share them."""
    app = start_shared_app()
    app.publish()
    # Moves of the map that are over at once: nothing here is about how it gets there.
    return app, visit_shared(app.url, reduced_motion="reduce")


@pytest.fixture
def painted(shared):
    """The shared page, as it was in the beginning."""
    app, page = shared
    resize(page, *DESKTOP)
    page.page.mouse.move(5, 5)
    page.page.keyboard.press("Escape")
    for hidden in page.page.locator(".legend-entry[aria-pressed=false]").all():
        hidden.click()
    page.until_painted(page.go_back_to(app, network=make_network()))
    jump(page, *WHOLE_VIEW)
    page.until(lambda: page.map("map.loaded() && !map.isMoving()"), "map at rest")
    page.requests.clear()
    page.errors.clear()
    return page


@pytest.fixture
def app(shared):
    return shared[0]


def resize(page, width, height):
    """Change the window's size and wait until the map fills its place again."""
    page.page.set_viewport_size({"width": width, "height": height})
    page.until(
        lambda: page.map(
            "map.getCanvas().clientWidth === document.getElementById('map').clientWidth"
            " && map.getCanvas().clientHeight === document.getElementById('map').clientHeight"
            " && map.loaded() && !map.isMoving()"
        ),
        "the map fills its place",
    )


def jump(page, place, zoom):
    """Move the view as a hand does: Plotly keeps it only if there is an event behind it."""
    by_hand = "{originalEvent: {type: 'test'}}"
    page.map(f"map.jumpTo({{center: {place}, zoom: {zoom}}}, {by_hand}) && true")


def center_on(page, app, segment, zoom=14):
    jump(page, app.network.geometry[segment][0][1], zoom)
    page.until(lambda: page.map("map.loaded() && !map.isMoving()"), "map at rest")


def hover(page, app, segment):
    """Bring the pointer to a segment as a hand does, in two moves."""
    x, y = page.point_of(app.network, segment)
    page.page.mouse.move(x + 60, y + 60)
    page.page.mouse.move(x, y)


def test_a_refresh_repaints_what_changed_and_keeps_the_view(app, painted):
    painted.page.locator("#zoom-in").click()
    painted.until(lambda: painted.map("map.getZoom() > 11.5 && !map.isMoving()"), "zoomed in")
    view = painted.map("[map.getZoom(), map.getCenter().lng, map.getCenter().lat]")
    first = app.store.current_snapshot()
    painted.js(COUNT_STATES)

    codes = first.status_codes().copy()
    codes[[0, 17, 59]] = Status.CONGESTED
    second = app.publish(codes, observed_at=LATER)
    painted.until_painted(second)
    expect(painted.page.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
    assert [painted.status_on_map(i) for i in range(60)] == codes.tolist()
    assert sorted(painted.js("window.statesSet")) == [0, 17, 59]
    assert painted.map("[map.getZoom(), map.getCenter().lng, map.getCenter().lat]") == view
    assert painted.errors == []


def test_a_resize_keeps_the_view(painted):
    painted.page.locator("#zoom-in").click()
    painted.until(lambda: painted.map("map.getZoom() > 11.5 && !map.isMoving()"), "zoomed in")
    zoom = painted.map("map.getZoom()")
    resize(painted, 1500, 900)
    assert painted.map("map.getZoom()") == pytest.approx(zoom)


def click(page, app, segment):
    """Click a segment where it is drawn."""
    page.page.mouse.click(*page.point_of(app.network, segment))


def test_hidden_legend_entries_stay_hidden_through_refreshes(app, painted):
    button = painted.page.locator("#legend-heavy")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_contain_text("Dense")
    expect(button).to_have_attribute("title", re.compile("12 tronçons"))
    segment = 2
    assert painted.status_on_map(segment) == Status.HEAVY
    center_on(painted, app, segment)
    label = painted.page.locator("#road-label")
    hover(painted, app, segment)
    expect(label).to_contain_text("Dense")

    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(label).to_be_hidden()
    opacity = "map.getPaintProperty('roads', 'line-opacity')"
    hidden = ["match", ["coalesce", ["feature-state", "status"], -1], [1, 3], 1, 0]
    assert painted.map(opacity) == hidden

    painted.until_painted(app.publish(Status.HEAVY, observed_at=LATER))
    assert painted.map(opacity) == hidden
    expect(button).to_have_attribute("aria-pressed", "false")
    hover(painted, app, segment)
    painted.page.mouse.move(5, 5)
    expect(label).to_be_hidden()

    button.click()
    hover(painted, app, segment)
    expect(label).to_be_visible()


def test_a_road_that_is_clicked_is_told_in_the_panel_and_asked_for_once_per_snapshot(app, painted):
    def details():
        return sum(url.endswith("/details") for url in painted.requests)

    assert details() == 0
    congested, unknown = 3, 5
    center_on(painted, app, congested)
    hover(painted, app, congested)
    expect(painted.page.locator("#road-label")).to_contain_text("de la Liberté")
    assert details() == 0
    click(painted, app, congested)
    expect(painted.page.locator("#panel-network")).to_be_hidden()
    card = painted.page.locator("#panel-place")
    expect(card).to_contain_text("10 km/h")
    for text in ("Bd de la Liberté", "Bloqué", "50 km/h", "60 %", "12:43"):
        expect(card).to_contain_text(text)
    assert details() == 1

    center_on(painted, app, unknown)
    click(painted, app, unknown)
    expect(card).to_contain_text("pas de mesure")
    expect(card).to_contain_text("Inconnu")
    # The limit alone; which of the narrow spaces stands there is the browser's own idea.
    assert re.findall(r"(\S+)[\u00a0\u202f]km/h", card.inner_text()) == ["50"]
    assert details() == 1

    app.publish(Status.FREE_FLOW, observed_at=LATER)
    expect(card).to_contain_text("Libre")
    expect(card).to_contain_text("45 km/h")
    assert details() == 2

    # What the map does not show any more is not told of either.
    painted.page.locator("#legend-freeFlow").click()
    expect(card).to_be_hidden()
    expect(painted.page.locator("#panel-network")).to_be_visible()
    assert painted.errors == []


def test_details_that_are_gone_are_asked_for_once_and_promised(app, painted):
    center_on(painted, app, 3)
    app.publish(Status.HEAVY, observed_at=LATER)
    painted.until(lambda: painted.status_on_map(0) == Status.HEAVY, "a new version")
    painted.page.route("**/details", lambda route: route.fulfill(status=404))
    for _ in range(3):
        click(painted, app, 3)
    card = painted.page.locator("#panel-place")
    expect(card).to_contain_text("à la prochaine mise à jour")
    expect(card).to_contain_text("Dense")
    painted.page.unroute("**/details")
    assert sum(url.endswith("/details") for url in painted.requests) == 1


def test_a_tap_raises_the_sheet_with_the_road_beside_which_it_stays_seen(live_app, visit):
    page = visit(live_app.url, PHONE)
    page.until_painted(live_app.publish())
    center_on(page, live_app, 3)
    page.page.touchscreen.tap(*page.point_of(live_app.network, 3))
    card = page.page.locator("#panel-place")
    expect(card).to_contain_text("Bd de la Liberté")
    expect(card).to_contain_text("Bloqué")
    page.until(lambda: page.map("!map.isMoving()"), "map at rest")
    _, y = page.point_of(live_app.network, 3)
    assert page.page.locator("#panel").bounding_box()["y"] > y, "the sheet hides the road"
    card.get_by_role("button", name="Tout le réseau").tap()
    expect(card).to_be_hidden()


def test_the_keyboard_reads_the_road_at_the_centre(app, painted):
    center_on(painted, app, 3)
    canvas = painted.page.locator("#map .maplibregl-canvas")
    canvas.focus()
    expect(canvas).to_have_attribute("aria-label", re.compile("Carte du trafic"))
    canvas.press("Enter")
    card = painted.page.locator("#panel-place")
    expect(card.get_by_role("heading")).to_be_focused()
    expect(card).to_contain_text("Bd de la Liberté")
    painted.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(canvas).to_be_focused()


def test_a_worst_road_is_flown_to_and_told(painted):
    worst = painted.page.locator("#worst-0")
    name = painted.page.locator("#worst-name-0").inner_text()
    worst.focus()
    worst.press("Enter")
    card = painted.page.locator("#panel-place")
    expect(card).to_contain_text(name)
    painted.until(lambda: painted.map("map.getZoom() > 14 && !map.isMoving()"), "flown there")
    painted.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(worst).to_be_focused()

    painted.page.locator("#whole-view").click()
    painted.until(lambda: painted.map("map.getZoom() < 12 && !map.isMoving()"), "whole view")
    # Programmed moves are kept like those made by hand: a resize does not undo them.
    resize(painted, 1300, 820)
    assert painted.map("map.getZoom()") < 12


def test_another_network_replaces_the_roads_and_keeps_the_zoom(app, painted):
    jump(painted, [-1.7, 48.12], 12.5)
    app.publish(Status.CONGESTED, network=make_network(24), observed_at=LATER)
    painted.until(
        lambda: (
            "network/synthetic24.geojson" in painted.requests
            and painted.status_on_map(23) == Status.CONGESTED
            and painted.map("map.loaded()")
        ),
        "new network",
    )
    # What was known of the old network's other segments is gone.
    assert painted.status_on_map(59) is None
    assert painted.map("map.getZoom()") == pytest.approx(12.5)
    expect(painted.page.locator("#legend-congested")).to_have_attribute(
        "title", re.compile("24 tronçons")
    )
    assert painted.errors == []


def test_statuses_and_hidden_entries_come_back_after_a_change_of_style(app, painted):
    painted.page.locator("#legend-unknown").click()
    snapshot = app.store.current_snapshot()
    assert painted.map(RELOAD_STYLE)
    painted.until_painted(snapshot)
    _, _, shown, *_ = painted.map("map.getPaintProperty('roads-dashed', 'line-opacity')")
    assert shown == [Status.IMPOSSIBLE]


def test_without_the_private_handle_the_map_draws_by_traces(live_app, visit):
    # The one function that reaches for the map finds nothing.
    broken = "window.trafficRennes.mapHandle = () => null;"
    page = visit(live_app.url, after={"**/assets/own.js*": broken})
    lengths = (
        "() => (document.querySelector('#map .js-plotly-plot')?.data || [])"
        ".map((trace) => trace.lon.length)"
    )
    page.until(lambda: len(page.js(lengths)) == 5 and min(page.js(lengths)) > 1, "five traces")

    live_app.publish(Status.CONGESTED, observed_at=LATER)
    expect(page.page.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
    page.until(lambda: [n > 1 for n in page.js(lengths)] == [0, 0, 0, 1, 0], "all congested")

    page.page.locator("#legend-congested").click()
    opacity = "() => document.querySelector('#map .js-plotly-plot').data[3].opacity"
    page.until(lambda: page.js(opacity) == 0, "congested hidden")
    page.page.locator("#legend-congested").click()

    page.page.locator("#worst-0").click()
    expect(page.page.locator("#panel-place")).to_contain_text("Bloqué")
    assert page.js("() => document.querySelector('#map .js-plotly-plot')._fullLayout.map.zoom") > 14
    assert page.errors == []


WRITTEN = """map.queryRenderedFeatures({layers: trafficRennes.page.settings.map.namesLayers})
    .map((name) => name.properties.name)"""
NAMES = {"Rennes", "Saint-Grégoire", "Rocade"}


def test_the_map_has_names_of_its_own_server_where_no_other_can_be_reached(painted):
    painted.until(lambda: set(painted.map(WRITTEN) or []) >= NAMES, "names on the map")
    assert painted.errors == []


def test_without_tiles_roads_draw_and_refresh_under_names_that_leave_their_place_to_tiles(
    start_app, visit
):
    app = start_app(tiles_url="http://127.0.0.1:9/{z}/{x}/{y}.png")
    missing: list[str] = []
    page = visit(app.url)
    page.page.on(
        "response", lambda answer: missing.append(answer.url) if answer.status == 204 else None
    )
    page.until_painted(app.publish())
    expect(page.page.locator(".map-attribution")).to_contain_text("OpenStreetMap")
    expect(page.page.locator(".map-attribution")).to_contain_text("ODbL")
    page.until(lambda: set(page.map(WRITTEN) or []) >= NAMES, "names on the map")
    page.until_painted(app.publish(Status.HEAVY, observed_at=LATER))
    page.page.locator("#zoom-in").click()
    page.until(lambda: page.map("map.getZoom() > 11.5 && !map.isMoving()"), "zoomed in")
    page.until(lambda: any("/tiles/" in url for url in missing), "tiles asked for, of this server")
    # Nothing to show is no error in a visitor's console.
    assert page.errors == []

    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "white").save(picture, "PNG")
    page.page.route(
        "**/tiles/**",
        lambda route: route.fulfill(body=picture.getvalue(), content_type="image/png"),
    )
    page.page.locator("#zoom-in").click()
    page.until(lambda: page.map("map.loaded() && !map.isMoving()"), "tiles")
    page.until(lambda: page.map(WRITTEN) == [], "no names over those of the tiles")


def test_the_backdrop_is_drawn_from_this_server(start_app, visit):
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "white").save(picture, "PNG")
    with fault_server(reply_with(picture.getvalue())) as server:
        app = start_app(tiles_url=server.url + "/{z}/{x}/{y}.png")
        page = visit(app.url)
        page.until_painted(app.publish())
        page.until(lambda: server.requests, "tiles fetched")
        page.until(lambda: page.map("map.isSourceLoaded('tiles')"), "tiles")
        assert page.errors == []


def test_without_webgl_the_page_says_so_and_the_rest_goes_on(live_app, visit):
    road = live_app.network.segment_ids[3]
    page = visit(
        f"{live_app.url}?road={road}",
        script="""
            const original = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
                return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
            };
        """,
    )
    expect(page.page.locator("#map-unavailable")).to_be_visible()
    # A road is told in the panel, whether the address or a list asks for it.
    page.until(lambda: page.js("trafficRennes.page.road") == road, "the road of the address")
    page.page.locator("#panel-back").click()
    page.page.locator("#worst-0").click()
    expect(page.page.locator("#panel-title")).to_be_visible()
    assert [error for error in page.errors if "WebGL" not in error] == []
    live_app.publish(Status.CONGESTED, observed_at=LATER)
    expect(page.page.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
    expect(page.page.locator("#legend-figures-congested")).to_contain_text("100")


def test_without_its_script_the_map_says_so_and_the_panel_tells_of_roads(live_app, visit):
    page = visit("about:blank")
    page.page.route("**/vendor/plotly*", lambda route: route.abort())
    road = live_app.network.segment_ids[3]
    page.page.goto(f"{live_app.url}?zone=rocade&road={road}")
    expect(page.page.locator("#map-unavailable")).to_contain_text("rechargez la page")
    live_app.publish(Status.CONGESTED, observed_at=LATER)
    expect(page.page.locator("#freshness-sentence")).to_contain_text("observé à 12:46")
    expect(page.page.locator("#panel-title")).to_be_visible()
    # What Dash draws anew then is not taken for the visitor's choice.
    expect(page.page.locator("#forecast-zone")).to_have_value("rocade")
    expect(page.page).to_have_url(re.compile(f"zone=rocade&road={road}"))


def test_roads_that_could_not_be_fetched_are_asked_for_again(live_app, visit):
    page = visit(live_app.url, fail_once="**/network/*.geojson")
    page.until(lambda: page.map("map.getSource('roads')"), "a map")
    last = live_app.publish(Status.HEAVY, observed_at=LATER)
    page.until_painted(last)
    page.until(lambda: page.map("map.querySourceFeatures('roads').length > 0"), "roads on the map")
