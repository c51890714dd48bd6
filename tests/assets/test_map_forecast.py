"""The forecast on the map: each hour is asked for once, as long as its date is the same."""

from __future__ import annotations

import pytest

from services.forecast.zone_forecasts import DAY_NAMES
from tests.assets.scripts import loaded
from tests.components.trees import plain


@pytest.fixture
def page():
    with loaded("app.js", "writing.js", "wording.js", "map_forecast.js") as page:
        page.js(
            """void Object.assign(trafficRennes, {
                segmentsOf: () => 4,
                unpackStatuses: () => [1, 6, 3, 0],
            })"""
        )
        page.change(
            texts=page.texts, settings={"days": list(DAY_NAMES)}, moment={"today": "sunday"}
        )
        yield page


def choose(page, day, hour):
    """Ask for the map of an hour; what the server was asked."""
    page.js("void (told.length = 0)")
    page.js("void (dash_clientside.callback_context.triggered_id = 'map-forecast')")
    page.call("void dash_clientside.traffic.chooseMapMoment", None, None, day, hour)
    return page.js("told")


def answer(page, day, hour):
    told = {"day": day, "hour": hour, "model": "m", "network": "n", "statuses": "", "note": ""}
    told["basis"] = ["initial", 12, 84]
    page.call("void dash_clientside.traffic.mapForecastAnswered", told)


def test_an_hour_is_asked_for_once_and_again_when_its_date_is_another(page):
    question = ["map-forecast-request", {"data": {"day": "monday", "hour": 8}}]
    assert choose(page, "monday", 8) == [question]
    answer(page, "monday", 8)
    assert plain(page.call("shown", "map-banner-text")["text"]).endswith(
        "pas le trafic actuel · appris à 12 % de la circulation observée"
    )
    # The second one is heavy at most likely, and drawn fainter.
    assert page.js("[...trafficRennes.page.forecast.codes]") == [1, 2, 3, 0]
    assert page.js("[...trafficRennes.page.forecast.leaning]") == [1]
    assert choose(page, "monday", 8) == []
    # Past midnight in the city, whatever the date of the browser.
    page.change(moment={"today": "monday"})
    assert choose(page, "monday", 8) == [question]
