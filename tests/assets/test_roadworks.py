"""Roadworks in the browser: fetched once per version, listed, and told on the card of a road."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded

NOW = 1_787_000_000
TOLD = {
    "version": "abc",
    "source": "live",
    "day": "2026-08-18",
    "roadworks": [
        {
            "id": "1",
            "place": "Rue <b>Saint-Martin</b>",
            "town": "Rennes",
            "purpose": "",
            "level": "avoid",
            "first_day": "2026-08-17",
            "last_day": "2026-12-31",
            "active": True,
            "kinds": ["Impasse"],
            "point": [-1.67, 48.11],
            "geometry": {"type": "Point", "coordinates": [-1.67, 48.11]},
            "segments": [3, 4],
        },
        {
            "id": "2",
            "place": "",
            "town": "Cesson-Sévigné",
            "purpose": "",
            "level": "unknown",
            "first_day": "2026-08-20",
            "last_day": "2027-01-02",
            "active": False,
            "kinds": [""],
            "point": None,
            "geometry": None,
            "segments": [],
        },
    ],
    "causes": {"3": 0, "7": 0},
}


@pytest.fixture
def page():
    """A page with its texts, and a server that answers with a document or fails."""
    with loaded("app.js", "wording.js", "writing.js", "roadworks.js") as page:
        page.js(
            f"""void Object.assign(trafficRennes, {{
                freshness: {{ now: () => {NOW} }},
                roadCard: {{ update: () => {{}} }},
                trafficMap: {{ toggle: (entry) => {{
                    const hidden = new Set(trafficRennes.page.hidden);
                    if (!hidden.delete(entry)) hidden.add(entry);
                    trafficRennes.change({{ hidden }});
                }} }},
                roadworksOf: (version) => {{
                    told.push(version);
                    return Promise.resolve(globalThis.answer)
                        .then((answer) => answer ?? Promise.reject(new Error("gone")));
                }},
            }})"""
        )
        page.change(
            texts=page.texts,
            settings={"map": {"roadworksUrl": "/r"}, "city": "Rennes", "timeZone": "Europe/Paris"},
        )
        yield page


def follow(page, mark, answer=TOLD):
    page.call("((answer) => { globalThis.answer = answer; })", answer)
    page.call("void trafficRennes.roadworks.follow", mark)


def items(page):
    """The words of each line of the list."""
    return page.js('textOf(document.getElementById("roadworks-list")).map((one) => one.join("|"))')


def test_they_are_listed_with_place_what_until_when_and_level(page):
    follow(page, ["abc", NOW - 60])
    assert items(page) == [
        "Rue <b>Saint-Martin</b>|Impasse · jusqu'au 31 décembre|secteur à éviter",
        "Cesson-Sévigné|Travaux · du 20 août au 2 janvier 2027|gêne non précisée",
    ]
    assert page.js('shown("legend-figures-roadworks")')["text"] == "1"


def test_the_document_is_fetched_once_per_version(page):
    follow(page, ["abc", NOW - 60])
    assert page.js("trafficRennes.roadworks.mark()") == ["abc", NOW - 60]
    follow(page, ["abc", NOW])
    assert page.js("told") == ["abc"]
    assert page.js("trafficRennes.roadworks.mark()") == ["abc", NOW]


def test_what_could_not_be_fetched_is_told_as_not_known_and_comes_with_the_next_refresh(page):
    follow(page, ["abc", NOW], answer=None)
    assert page.js("trafficRennes.roadworks.mark()") is None
    follow(page, ["abc", NOW])
    assert page.js("trafficRennes.roadworks.mark()") == ["abc", NOW]


def line_of(page):
    return page.js('shown("roadworks-line")')


def test_a_list_of_three_hours_is_old_and_one_that_never_came_is_waited_for(page):
    follow(page, ["abc", NOW - 3 * 3_600])
    assert line_of(page)["text"].startswith("Annoncés par Rennes Métropole. Liste reçue")
    assert line_of(page)["className"] == "roadworks-line"
    follow(page, ["abc", NOW - 3 * 3_600 - 1])
    assert line_of(page)["text"].startswith("Liste ancienne")
    assert "late" in line_of(page)["className"]
    follow(page, None)
    assert line_of(page)["text"] == page.texts["roadworks"]["waiting"]
    assert items(page) == []


def test_simulated_ones_are_said_to_be(page):
    follow(page, ["abc", NOW], TOLD | {"source": "demo"})
    assert line_of(page)["text"] == page.texts["roadworks"]["simulated"]


def test_a_road_tells_what_is_on_it_and_what_may_slow_it(page):
    follow(page, ["abc", NOW])
    on_it = "textOf({ children: trafficRennes.roadworks.partOf({ id: %d }) })"
    [[words]] = page.js(on_it % 3)
    assert words.startswith("Impasse, Rue <b>Saint-Martin</b>, jusqu'au")
    assert page.js(on_it % 7) == []
    assert page.js("trafficRennes.roadworks.causeOf({ id: 7 })").startswith("Cause probable")
    assert page.js("trafficRennes.roadworks.causeOf({ id: 5 })") is None


def test_the_legend_hides_them_on_the_map_and_not_in_the_list(page):
    page.js(
        "void (trafficRennes.page.driver = { showRoadworks: (c) => told.push(c.features.length) })"
    )
    follow(page, ["abc", NOW])
    page.js("void dash_clientside.traffic.toggleRoadworks()")
    page.js("void dash_clientside.traffic.toggleRoadworks()")
    # A line and a sign of the one that has a place.
    assert page.js("told") == ["abc", 2, 0, 2]
    assert len(items(page)) == 2


def test_the_list_can_be_of_those_that_the_map_shows(page):
    page.js("void (trafficRennes.page.driver = { showRoadworks: () => {}, isInView: () => false })")
    follow(page, ["abc", NOW])
    page.js("void dash_clientside.traffic.toggleRoadworksInView()")
    assert items(page) == [page.texts["roadworks"]["none_in_view"]]


def test_many_are_shown_on_demand(page):
    many = [TOLD["roadworks"][0] | {"id": str(n)} for n in range(30)]
    follow(page, ["abc", NOW], TOLD | {"roadworks": many})
    assert len(items(page)) == 12
    assert page.js('shown("roadworks-more")')["text"] == "Voir les 18 autres"
    page.js("void dash_clientside.traffic.showAllRoadworks()")
    assert len(items(page)) == 30
