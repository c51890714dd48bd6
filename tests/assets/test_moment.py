"""The one moment of the page: who chooses it, and what becomes of it as time passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.city.rennes import RENNES
from services.forecast.nowcasts import LEAD_MINUTES
from services.forecast.zone_forecasts import DAY_NAMES
from tests.assets.scripts import loaded
from tests.components.trees import plain

# A Monday, half past seven in Rennes.
NOW = datetime(2026, 11, 30, 6, 30, tzinfo=UTC)


@pytest.fixture
def page():
    with loaded("app.js", "wording.js", "writing.js", "moment.js") as page:
        page.js(
            """void Object.assign(trafficRennes, {
                freshness: { now: () => globalThis.time },
                zoneOnMap: { fit: () => told.push(["fit", trafficRennes.page.zone]) },
            })"""
        )
        settings = {
            "days": DAY_NAMES,
            "timeZone": RENNES.time_zone.key,
            "zones": RENNES.zones,
            "zoneChoices": RENNES.zone_choices,
            "nowcast": {"leadMinutes": LEAD_MINUTES},
        }
        page.change(texts=page.texts, settings=settings, frame={})
        at(page, NOW)
        yield page


def at(page, moment):
    """Have the server tell a time."""
    page.js(f"void (globalThis.time = {moment.timestamp()})")
    page.js("void trafficRennes.moment.followTime(time)")


def select(page, **changed):
    """Have the visitor change a selector."""
    for name, value in changed.items():
        page.call("void happen", "change", {"id": f"forecast-{name}", "value": value})


def moment(page):
    return page.js("trafficRennes.page.moment")


def test_an_hour_chosen_has_its_date(page):
    select(page, hour="18")
    assert (moment(page)["day"], moment(page)["hour"], moment(page)["date"]) == (
        "monday", 18, "2026-11-30",
    )  # fmt: skip
    select(page, day="sunday")
    assert (moment(page)["hour"], moment(page)["date"]) == (18, "2026-12-06")
    assert plain(page.js("trafficRennes.moment.words(trafficRennes.page.moment)")) == (
        "dimanche 6 décembre, 18 h"
    )


def test_a_day_chosen_while_now_is_shown_asks_for_the_coming_hour(page):
    select(page, day="tuesday")
    assert (moment(page)["day"], moment(page)["hour"]) == ("tuesday", 8)


def test_what_the_page_itself_tells_the_selectors_changes_nothing(page):
    page.call("void trafficRennes.moment.choose", {"kind": "ahead", "minutes": 30})
    page.js("void (told.length = 0)")
    page.call("void dash_clientside.traffic.selectorsDrawn", "", "monday", "metropole")
    assert moment(page)["kind"] == "ahead"
    assert page.js("trafficRennes.page.zone") is None
    assert page.js("told") == []


def test_selectors_that_dash_draws_as_at_first_are_told_what_is_shown(page):
    """As it does where Plotly's script fails: nobody has chosen that."""
    page.call("void trafficRennes.moment.chooseZone", "rocade")
    page.call("void trafficRennes.moment.choose", {"kind": "hour", "day": "tuesday", "hour": 18})
    page.js("void (told.length = 0)")
    page.call("void dash_clientside.traffic.selectorsDrawn", "", "monday", "metropole")
    assert page.js("trafficRennes.page.zone") == "rocade"
    assert moment(page)["hour"] == 18
    assert dict(page.js("told")) == {
        "forecast-hour": {"value": "18"},
        "forecast-day": {"value": "tuesday"},
        "forecast-zone": {"value": "rocade"},
    }


def test_one_control_shows_what_is_chosen(page):
    page.call("void trafficRennes.moment.choose", {"kind": "ahead", "minutes": 45})
    assert page.call("shown", "moment-45")["aria-pressed"] == "true"
    assert page.call("shown", "moment-0")["aria-pressed"] == "false"
    page.js("void (told.length = 0)")
    page.call("void trafficRennes.moment.choose", {"kind": "hour", "day": "tuesday", "hour": 18})
    assert page.call("shown", "moment-45")["aria-pressed"] == "false"
    told = dict(page.js("told"))
    assert told["forecast-hour"] == {"value": "18"}
    assert told["forecast-day"] == {"value": "tuesday"}
    assert page.call("shown", "map-frame")["data-moment"] == "hour"


def test_a_zone_chosen_takes_the_map_there(page):
    select(page, zone="rocade")
    assert page.js("trafficRennes.page.zone") == "rocade"
    assert ["fit", "rocade"] in page.js("told")
    assert page.js("trafficRennes.moment.zoneTold()") == "rocade"
    select(page, zone="metropole")
    assert page.js("trafficRennes.page.zone") is None


def test_an_hour_that_has_passed_gives_way_to_now_with_a_word(page):
    select(page, hour="18")
    at(page, NOW.replace(hour=17, minute=59))
    assert moment(page)["hour"] == 18
    at(page, NOW.replace(hour=18))
    assert moment(page)["kind"] == "now"
    assert plain(page.call("shown", "page-message-text")["text"]) == (
        "lundi 30 novembre, 18 h : c'est passé. La page montre de nouveau le trafic de maintenant."
    )


def test_an_hour_of_today_that_was_past_when_it_was_chosen_stays_until_midnight(page):
    select(page, hour="3")
    at(page, NOW + timedelta(hours=5))
    assert moment(page)["hour"] == 3
    at(page, NOW + timedelta(days=1))
    assert moment(page)["kind"] == "now"


def test_days_are_offered_from_today_on_as_midnight_passes(page):
    page.js("void (told.length = 0)")
    at(page, NOW.replace(hour=23, minute=30))
    options = dict(page.js("told"))["forecast-day"]["options"]
    assert [option["label"] for option in options[:3]] == [
        "Aujourd'hui (mardi)", "Demain (mercredi)", "jeudi",
    ]  # fmt: skip


# The Friday before summer time begins, and the one before it ends.
SPRING = datetime(2027, 3, 26, 9, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 23, 9, tzinfo=UTC)


def hours_offered(page):
    """What the selector was told last."""
    told = [
        props["options"]
        for id_, props in page.js("told")
        if id_ == "forecast-hour" and "options" in props
    ]
    return [int(option["value"]) for option in told[-1]]


def test_the_hour_that_summer_time_begins_with_is_not_offered(page):
    at(page, SPRING)
    select(page, hour="8")
    select(page, day="sunday")
    assert hours_offered(page) == [0, 1, *range(3, 24)]
    assert not page.js("trafficRennes.moment.isOffered(2)")
    select(page, day="monday")
    assert hours_offered(page) == [*range(24)]


def test_who_looks_at_that_hour_of_another_day_is_told_and_shown_the_next_one(page):
    at(page, SPRING)
    select(page, hour="2")
    select(page, day="sunday")
    assert (moment(page)["date"], moment(page)["hour"]) == ("2027-03-28", 3)
    assert plain(page.call("shown", "page-message-text")["text"]) == (
        "dimanche 28 mars, 2 h : cette heure n'existe pas, on passe à l'heure d'été. "
        "La page montre 3 h."
    )


def test_the_hour_that_comes_twice_in_autumn_is_offered_until_it_has_been_twice(page):
    at(page, AUTUMN)
    select(page, hour="2")
    select(page, day="sunday")
    assert (moment(page)["date"], moment(page)["hour"]) == ("2026-10-25", 2)
    for twice in (datetime(2026, 10, 25, 0, 59), datetime(2026, 10, 25, 1, 59)):
        at(page, twice.replace(tzinfo=UTC))
        assert moment(page)["kind"] == "hour"
    at(page, datetime(2026, 10, 25, 2, tzinfo=UTC))
    assert moment(page)["kind"] == "now"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T06:40", ("monday", 8)),  # 7:40 in Rennes
        ("2026-11-23T07:00", ("monday", 9)),
        ("2026-11-22T22:59", ("monday", 0)),  # Sunday, 23:59
        ("2026-10-24T23:30", ("sunday", 2)),  # 1:30, before the clocks go back
        ("2026-10-25T00:30", ("sunday", 2)),  # 2:30, for the first time: another 2 h follows
        ("2026-03-29T00:30", ("sunday", 3)),  # 1:30: there is no 2 h
    ],
)
def test_the_coming_hour_is_that_of_rennes(page, now, expected):
    seconds = datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    coming = page.call("trafficRennes.moment.comingAt", seconds, DAY_NAMES)
    assert (coming["day"], coming["hour"]) == expected
