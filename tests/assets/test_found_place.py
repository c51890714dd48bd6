"""What becomes of a place or street that was found: which road is opened, and another network."""

from __future__ import annotations

import pytest

from services.plain.statuses import DATEX_NAMES
from tests.assets.scripts import loaded

UNKNOWN, FREE, HEAVY = 0, 1, 2
# Eight roads, each longer than the one before; the first network has them the other way round.
MADE_UP = """void (() => {
    const line = (id) => ({
        id,
        properties: { segment_id: `s${id}`, zone: id < 4 ? "rocade" : "quartiers" },
        geometry: {
            type: "LineString",
            coordinates: [[-1.7, 48.1], [-1.7 + 0.001 * (id + 1), 48.1]],
        },
    });
    const roads = Array.from({ length: 8 }, (_, id) => line(id));
    const networks = { one: roads, two: roads.map((road, id) => ({ ...roads[7 - id], id })) };
    Object.assign(trafficRennes, {
        networkFeatures: async (network) => networks[network],
        networkStretches: async () => ({
            stretches: roads.map(() => []),
            of: roads.map((_, id) => id),
        }),
        trafficMap: { shown: (id) => ({ code: codes[id], isHidden: false }) },
        roadCard: { show: async (id) => told.push(["road", id]) },
        panel: { open: () => {}, leave: () => {}, rewrite: () => told.push(["rewritten"]) },
        moment: { say: (text) => told.push(["said", text]) },
        find: { placeOf: async () => globalThis.foundAgain },
    });
    document.getElementById("map-frame").scrollIntoView = () => {};
    const outlineZone = (features) => {
        globalThis.outlined = features.map(({ properties }) => properties.segment_id);
    };
    trafficRennes.change({ driver: { outlineZone, fit: () => {} } });
})()"""
SCRIPTS = ("app.js", "documents.js", "wording.js", "find_match.js", "places.js", "found_place.js")


@pytest.fixture
def page():
    with loaded(*SCRIPTS, "zone_on_map.js") as page:
        settings = {
            "statuses": DATEX_NAMES,
            "map": {"networkUrl": "", "stretchesUrl": ""},
        }
        page.change(texts=page.texts, settings=settings, snapshot={"network": "one"})
        page.js(MADE_UP)
        yield page


def open_road(page, codes):
    """The road that is opened of one found, whose segments have these statuses."""
    page.call("((codes) => void (globalThis.codes = codes))", codes)
    page.js("void (told.length = 0)")
    segments = list(range(len(codes)))
    page.call("void trafficRennes.foundPlace.open", {"kind": "road", "segments": segments})
    return dict(page.js("told"))["road"]


@pytest.mark.parametrize(
    ("codes", "opened"),
    [
        # The longest of what most of it is.
        ([FREE, FREE, HEAVY], 1),
        # Not one that is not measured, however much of it is not.
        ([FREE, UNKNOWN, UNKNOWN], 0),
        ([UNKNOWN, UNKNOWN], 1),
    ],
)
def test_a_street_is_opened_where_it_is_measured(page, codes, opened):
    assert open_road(page, codes) == opened


def test_the_outline_of_a_zone_is_that_of_the_network_shown(page):
    page.change(zone="rocade")
    assert page.js("outlined") == ["s0", "s1", "s2", "s3"]
    page.change(snapshot={"network": "two"})
    assert page.js("outlined") == ["s3", "s2", "s1", "s0"]


PLACE = {"kind": "corridor", "name": "N 24", "key": "corridor,N 24,centre", "segments": [0, 1]}


def test_a_place_is_looked_for_anew_on_another_network(page):
    page.call("void trafficRennes.foundPlace.open", PLACE)
    assert page.js("trafficRennes.page.place") == PLACE["key"]
    assert page.js("outlined") == ["s0", "s1"]
    page.call("((place) => void (globalThis.foundAgain = place))", PLACE | {"segments": [6, 7]})
    page.change(snapshot={"network": "two"})
    assert page.js("outlined") == ["s1", "s0"]
    assert page.js("trafficRennes.page.place") == PLACE["key"]


def test_a_place_that_another_network_has_no_more_is_left_with_a_word(page):
    page.call("void trafficRennes.foundPlace.open", PLACE)
    page.js("void (told.length = 0)")
    page.change(snapshot={"network": "two"})
    assert page.js("trafficRennes.page.place") is None
    assert page.js("outlined") == []
    assert ["said", page.texts["address_problem"]["find"]] in page.js("told")
