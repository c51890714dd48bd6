"""The names on the map: written where no backdrop has its own, once the roads are there."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded

# A map that keeps who listens, what its sources are told and which layers are visible.
MADE_UP_MAP = """void (globalThis.makeNames = (hasTiles) => {
    const listeners = {};
    globalThis.fetched = [];
    globalThis.visible = {};
    globalThis.fire = (type, event = {}) => listeners[type].forEach((listen) => listen(event));
    const map = {
        on: (type, listen) => (listeners[type] ??= []).push(listen),
        getLayer: () => (hasTiles ? {} : undefined),
        getSource: () => ({ setData: (url) => fetched.push(url) }),
        setLayoutProperty: (layer, name, value) => {
            visible[layer] = value;
        },
    };
    const settings = {
        tiles: "tiles",
        namesSource: "names",
        namesUrl: "/network/{version}/names",
        namesLayers: ["names-road"],
    };
    globalThis.names = new trafficRennes.MapNames(map, settings);
})"""


@pytest.fixture
def page():
    with loaded("app.js", "map_names.js") as page:
        page.js(MADE_UP_MAP)
        yield page


def follow(page, network):
    page.js(f"void names.follow('{network}')")


def tile(page, size):
    page.js(
        f"void fire('sourcedata', {{sourceId: 'tiles', tile: {{texture: {{size: [{size}]}}}}}})"
    )


def view(page):
    """Let a view be complete; whether names are visible on it."""
    page.js("void fire('idle')")
    return page.js("visible['names-road']") == "visible"


def test_without_a_backdrop_names_come_with_the_first_roads_and_once_a_network(page):
    page.js("void makeNames(false)")
    assert page.js("fetched") == []
    for network in ("a", "a", "b"):
        follow(page, network)
    assert page.js("fetched") == ["/network/a/names", "/network/b/names"]
    assert view(page)


def test_names_that_could_not_be_fetched_are_asked_for_with_the_next_refresh(page):
    page.js("void makeNames(false)")
    follow(page, "a")
    page.js("void fire('error', {sourceId: 'names'})")
    follow(page, "a")
    assert page.js("fetched") == ["/network/a/names"] * 2


def test_after_a_change_of_style_names_come_again(page):
    page.js("void makeNames(false)")
    follow(page, "a")
    page.js("void names.restore()")
    assert page.js("fetched") == ["/network/a/names"] * 2


def test_a_backdrop_that_comes_has_names_of_its_own(page):
    page.js("void makeNames(true)")
    follow(page, "a")
    tile(page, "256, 256")
    assert not view(page)
    assert page.js("fetched") == []


@pytest.mark.parametrize(
    "missing",
    [
        # The server has none: MapLibre makes one point of nothing.
        "fire('sourcedata', {sourceId: 'tiles', tile: {texture: {size: [1, 1]}}})",
        # Our own server is out of reach.
        "fire('error', {sourceId: 'tiles'})",
    ],
)
def test_names_take_the_place_of_a_backdrop_that_does_not_come_until_it_does(page, missing):
    page.js("void makeNames(true)")
    follow(page, "a")
    page.js(f"void {missing}")
    assert view(page)
    assert page.js("fetched") == ["/network/a/names"]
    tile(page, "256, 256")
    # Some tiles are there: names of both would double.
    page.js(f"void {missing}")
    assert not view(page)
    # Nothing asked for, nothing learnt.
    assert not view(page)
    page.js(f"void {missing}")
    assert view(page)
    assert page.js("fetched") == ["/network/a/names"]
