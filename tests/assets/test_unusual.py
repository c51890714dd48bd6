"""Unusual events in the browser: listed, counted, and standing out on the map when asked for."""

from __future__ import annotations

import pytest

from tests.assets.scripts import LANGUAGES, loaded

# Zones with a comparison of the usual, and without.
COMPARED = {"version": "a", "source": "live", "zones": [["free", 2, 1], None]}
NOT_COMPARED = COMPARED | {"version": "b", "zones": [["free", 0, 1], None]}
SINCE = 1_787_000_000
TOLD = {
    "version": "a",
    "events": [
        {
            "stretch": ["inner_north", "between", "Rocade", "Porte A", "Porte B", 1_240],
            "segments": [4, 5, 6],
            "delay_s": 371,
            "trend": "growing",
            "since": SINCE,
            "cause": "",
        },
        {
            "stretch": ["inwards", "whole", "Rue <b>Vern</b>", "", "", 420],
            "segments": [9],
            "delay_s": 75,
            "trend": "easing",
            "since": SINCE,
            "cause": "Rue de Vern au n° 7",
        },
    ],
}


@pytest.fixture
def open_page():
    """A page with its map, and a server that answers with a document or fails."""
    opened = []

    def open_in(language="fr"):
        context = loaded("app.js", "wording.js", "writing.js", "unusual.js", language=language)
        page = context.__enter__()
        opened.append(context)
        page.js(
            """void Object.assign(trafficRennes, {
                snapshotEvents: (version) => Promise.resolve(globalThis.answer)
                    .then((answer) => answer ?? Promise.reject(new Error("gone"))),
            })"""
        )
        page.js(
            """void (trafficRennes.page.driver = {
                fadeUsual: (roads) => told.push(roads && [...roads]),
            })"""
        )
        page.change(
            texts=page.texts,
            settings={"map": {"eventsUrl": "/e"}, "timeZone": "Europe/Paris"},
            forecast=None,
        )
        return page

    yield open_in
    for context in opened:
        context.__exit__(None, None, None)


def update(page, snapshot=COMPARED, answer=TOLD):
    page.call("((answer) => { globalThis.answer = answer; })", answer)
    page.change(snapshot=snapshot)
    page.js("void trafficRennes.usual.update()")


def items(page):
    return page.js('textOf(document.getElementById("unusual-list")).map((one) => one.join("|"))')


def line(page):
    return page.js('shown("unusual-line")')


def toggle(page):
    return page.js('[shown("unusual-toggle").hidden, shown("unusual-label").text]')


def test_they_are_listed_with_place_delay_since_when_trend_and_cause(open_page):
    page = open_page()
    update(page)
    first, second = items(page)
    assert first.split("|") == [
        "Rocade nord intérieure",
        "+6\u00a0min",
        "Porte A → Porte B",
        "1,2\u202fkm · depuis 22:53 · en hausse",
    ]
    assert second.startswith("Rue <b>Vern</b> vers le centre|+1\u00a0min\u00a015\u202fs|0,4")
    assert second.endswith("en baisse|Cause probable\u00a0: travaux, Rue de Vern au n° 7")
    assert line(page)["hidden"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_known_and_what_is_not_there_are_told_apart(open_page, language):
    page = open_page(language)
    words = page.texts["unusual"]
    update(page, NOT_COMPARED)
    assert (line(page)["text"], items(page)) == (words["unknown"], [])
    update(page, COMPARED | {"source": "archive"})
    assert line(page)["text"] == words["unknown"]
    update(page, answer={"version": "a", "events": []})
    assert (line(page)["text"], items(page)) == (words["none"], [])


def test_the_button_counts_them_and_lets_their_roads_stand_out(open_page):
    page = open_page()
    update(page)
    assert toggle(page) == [False, "Inhabituel · 2"]
    assert page.js("told.at(-1)") is None

    assert page.js("dash_clientside.traffic.toggleUnusual()") == "true"
    assert page.js("told.at(-1)") == [4, 5, 6, 9]

    # Nothing any more: the button stays while it is pressed.
    update(page, answer={"version": "a", "events": []})
    assert toggle(page) == [False, "Inhabituel"]
    assert page.js("told.at(-1)") == []
    assert page.js("dash_clientside.traffic.toggleUnusual()") == "false"
    assert page.js("told.at(-1)") is None
    assert toggle(page)[0] is True


def test_what_could_not_be_fetched_leaves_what_is_shown(open_page):
    page = open_page()
    update(page)
    update(page, COMPARED | {"version": "c"}, answer=None)
    assert len(items(page)) == 2


def test_a_forecast_on_the_map_hides_the_button_and_lets_nothing_stand_out(open_page):
    page = open_page()
    update(page)
    page.js("dash_clientside.traffic.toggleUnusual()")
    page.change(forecast={"state": "ready", "answer": {}, "codes": []})
    page.js("void trafficRennes.usual.update()")
    assert toggle(page)[0] is True
    assert page.js("told.at(-1)") is None
    assert len(items(page)) == 2
