"""The roads of another moment: each hour is asked for once, and never another shown for it."""

from __future__ import annotations

import pytest

from services.forecast.zone_forecasts import DAY_NAMES
from tests.assets.scripts import loaded
from tests.components.trees import plain

FIGURES = {"counts": [1, 1, 1, 1, 0], "shares": [250, 250, 250, 250, 0], "worst": []}
# Free, heavy at most likely, jammed, uncertain.
STATUSES = "OY=="
SUNDAY = {"day": "sunday", "hour": 14, "today": "sunday", "date": "2026-11-29"}
MONDAY_8 = {"kind": "hour", "day": "monday", "date": "2026-11-30", "hour": 8}
QUESTION = ["map-forecast-request", {"data": {"day": "monday", "hour": 8}}]


@pytest.fixture
def page():
    scripts = ("app.js", "wording.js", "writing.js", "statuses.js", "map_forecast.js", "moment.js")
    with loaded(*scripts) as page:
        page.js(
            """void Object.assign(trafficRennes, {
                freshness: { now: () => 0 },
                nowcast: {
                    told: () => ({ kind: globalThis.kind, note: "note" }),
                    roadsTold: () => trafficRennes.page.nextHourRoads,
                },
            })"""
        )
        # Timers are run by the test.
        page.js("void (globalThis.setTimeout = (run) => { globalThis.giveUp = run; return 1; })")
        page.change(
            texts=page.texts,
            settings={
                "days": DAY_NAMES,
                "timeZone": "Europe/Paris",
                "zoneChoices": ["rocade", "metropole"],
                "nowcast": {"leadMinutes": [15, 30]},
            },
            coming=SUNDAY,
            frame={},
            snapshot={"network": "n"},
        )
        yield page


def choose(page, **moment):
    """Choose a moment; what the server was asked."""
    page.js("void (told.length = 0)")
    page.call("void trafficRennes.moment.choose", MONDAY_8 | moment)
    return questions(page)


def questions(page):
    return [item for item in page.js("told") if item[0] == "map-forecast-request"]


def answer(page, hour=8, **values):
    told = {"day": "monday", "hour": hour, "model": "m", "network": "n", "note": ""}
    told |= FIGURES | {"statuses": STATUSES, "basis": ["initial", 12, 84]} | values
    page.call("void dash_clientside.traffic.mapForecastAnswered", told)


def state(page):
    return page.js("trafficRennes.page.forecast?.state")


def banner(page):
    return plain(page.call("shown", "map-banner")["text"])


def test_an_hour_is_asked_for_once_and_again_when_its_date_is_another(page):
    assert choose(page) == [QUESTION]
    assert (state(page), banner(page)) == (
        "waiting", "Prévision · lundi 30 novembre, 8 h : en cours de lecture…",
    )  # fmt: skip
    answer(page)
    assert banner(page) == (
        "Prévision · lundi 30 novembre, 8 h — pas le trafic actuel"
        " · appris à 12 % de la circulation observée"
    )
    assert page.js("[...trafficRennes.page.forecast.codes]") == [1, 2, 3, 0]
    assert page.js("[...trafficRennes.page.forecast.leaning]") == [1]
    page.change(moment={"kind": "now"})
    assert state(page) is None
    assert page.call("shown", "map-banner")["hidden"] is True
    assert choose(page) == []
    assert state(page) == "ready"
    page.change(moment={"kind": "now"})
    # Past midnight in the city, whatever the date of the browser.
    page.change(coming=SUNDAY | {"today": "monday", "date": "2026-11-30"})
    assert choose(page) == [QUESTION]


def test_an_answer_that_comes_late_is_not_shown_for_another_hour(page):
    choose(page)
    choose(page, hour=9)
    answer(page)
    assert state(page) == "waiting"
    assert questions(page)[-1][1]["data"]["hour"] == 9
    answer(page, 9)
    assert state(page) == "ready"
    assert "9 h" in banner(page)


def test_a_choice_that_fails_says_so_and_is_asked_again_once_the_server_answers(page):
    choose(page)
    page.js("void giveUp()")
    assert state(page) == "unanswered"
    assert "le serveur n'a pas encore répondu" in banner(page)
    page.js("void giveUp()")
    page.js("void (told.length = 0)")
    page.js("void giveUp()")
    assert questions(page) == [QUESTION]
    # Whatever comes meanwhile is not taken for its answer.
    page.change(snapshot={"network": "n", "version": "b"})
    assert state(page) == "unanswered"
    answer(page)
    assert state(page) == "ready"


def test_what_the_server_cannot_tell_is_said_and_asked_anew_with_the_next_snapshot(page):
    choose(page)
    page.call("void dash_clientside.traffic.mapForecastAnswered", {"problem": "Pas de modèle."})
    assert banner(page) == "Prévision · lundi 30 novembre, 8 h. Pas de modèle."
    page.js("void (told.length = 0)")
    page.js("void trafficRennes.mapForecast.update()")
    assert questions(page) == []
    page.change(snapshot={"network": "n", "version": "b"})
    assert questions(page) == [QUESTION]
    assert state(page) == "missing"
    answer(page)
    assert state(page) == "ready"


def test_a_lead_shows_the_roads_of_the_next_hour(page):
    page.js("void (globalThis.kind = 'waiting')")
    page.call("void trafficRennes.moment.choose", {"kind": "ahead", "minutes": 30})
    assert state(page) == "waiting"
    page.js("void (globalThis.kind = 'ready')")
    page.change(nextHour={"observed_at": 0, "basis": ["initial", 0, 28], "version": "a"})
    # The roads of another network are not these.
    page.call(
        """((leads) => void trafficRennes.change({ nextHourRoads: {
            version: "a", network: "other", leads,
            codes: leads.map(() => ({ codes: [1, 2], leaning: new Set([1]) })),
        } }))""",
        [FIGURES, {**FIGURES, "jam_km": 4.5}],
    )
    assert state(page) == "waiting"
    page.js(
        "void trafficRennes.change("
        "{ nextHourRoads: { ...trafficRennes.page.nextHourRoads, network: 'n' } })"
    )
    assert state(page) == "ready"
    assert page.js("trafficRennes.page.forecast.answer.jam_km") == 4.5
    assert "dans 30 minutes, vers 01:30 — pas le trafic actuel" in banner(page)
    # Too old by now: nothing is shown for it.
    page.js("void (globalThis.kind = 'outdated', trafficRennes.mapForecast.update())")
    assert state(page) == "missing"
    assert banner(page).endswith(". note")
