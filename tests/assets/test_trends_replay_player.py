"""What plays a day: how far it goes, where it goes round, and how an address has it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from components.trends.replay import SPEEDS
from services.city.rennes import RENNES
from services.traffic.day_curve import hours_of_day
from tests.assets.scripts import loaded

TUESDAY = date(2026, 11, 24)
AUTUMN = date(2026, 10, 25)
SPRING = date(2026, 3, 29)
HOUR = 3_600


@pytest.fixture(scope="module")
def page():
    scripts = ("app.js", "wording.js", "trends_replay_player.js")
    with loaded(*scripts) as page:
        page.change(settings={"timeZone": "Europe/Paris"})
        yield page


def day_of(day=TUESDAY, *, until_hour=None):
    hours = [int(hour.timestamp()) for hour in hours_of_day(RENNES, day)]
    end = hours[-1] + HOUR
    return {"start": hours[0], "until": end if until_hour is None else hours[until_hour]}


def begin(page, day=TUESDAY, **changes):
    return page.call("trafficRennes.replayPlayer.begin", day_of(day)) | changes


def call(page, name, *values):
    return page.call(f"trafficRennes.replayPlayer.{name}", *values)


def clock(player, name="at"):
    return RENNES.local(datetime.fromtimestamp(player[name], UTC)).strftime("%H:%M:%S")


def test_half_an_hour_a_second_at_first(page):
    play = begin(page, isPlaying=True)
    for _ in range(8):
        play = call(page, "advance", play, 125)
    assert clock(play) == "00:30:00"
    assert play["isPlaying"]


def test_the_page_has_a_button_for_each_speed(page):
    assert page.js("trafficRennes.replayPlayer.SPEEDS") == list(SPEEDS)


@pytest.mark.parametrize(("speed", "told"), [(10, "00:01:00"), (60, "00:06:00"), (300, "00:30:00")])
def test_minutes_a_second_are_what_the_speed_says(page, speed, told):
    assert clock(call(page, "advance", begin(page, speed=speed), 100)) == told


def test_a_tab_that_slept_goes_on_where_it_was(page):
    # A quarter of a second at most.
    assert clock(call(page, "advance", begin(page), 3_600_000)) == "00:07:30"


def test_the_end_of_the_day_is_the_end(page):
    play = begin(page, isPlaying=True)
    ended = call(page, "advance", play | {"at": play["until"] - 60}, 100)
    assert (ended["at"], ended["isPlaying"]) == (play["until"], False)
    again = call(page, "toggle", ended)
    assert (again["at"], again["isPlaying"]) == (play["start"], True)


def test_a_day_goes_round_as_a_whole_or_between_two_times(page):
    play = call(page, "toggleLoop", begin(page, isPlaying=True))
    round_again = call(page, "advance", play | {"at": play["until"] - 60}, 100)
    assert (clock(round_again), round_again["isPlaying"]) == ("00:02:00", True)
    seven, nine = play["start"] + 7 * HOUR, play["start"] + 9 * HOUR
    play = call(page, "loopFromHere", play | {"at": seven})
    play = call(page, "loopToHere", play | {"at": nine})
    assert (clock(play, "from"), clock(play, "to")) == ("07:00:00", "09:00:00")
    # Five minutes before its end at 30 minutes a second, and from before its beginning.
    assert clock(call(page, "advance", play | {"at": nine - 300}, 200)) == "07:01:00"
    assert clock(call(page, "advance", play | {"at": play["start"]}, 100)) == "07:00:00"
    assert not call(page, "toggleLoop", play)["isLoop"]


def test_an_end_before_the_beginning_goes_round_from_midnight(page):
    play = begin(page)
    seven, five = play["start"] + 7 * HOUR, play["start"] + 5 * HOUR
    play = call(page, "loopFromHere", play | {"at": seven})
    assert (clock(play, "from"), play["to"]) == ("07:00:00", play["until"])
    play = call(page, "loopToHere", play | {"at": five})
    assert (clock(play, "from"), clock(play, "to")) == ("00:00:00", "05:00:00")


def test_no_time_is_outside_the_day(page):
    play = begin(page)
    assert call(page, "seek", play, play["start"] - 1)["at"] == play["start"]
    assert call(page, "seek", play, play["until"] + 1)["at"] == play["until"]


def test_an_address_says_time_speed_and_loop(page):
    play = call(page, "read", begin(page), "?vue=relecture&t=08:15&vitesse=60&boucle=07:30-09:00")
    assert (clock(play), play["speed"], play["isLoop"]) == ("08:15:00", 60, True)
    assert (clock(play, "from"), clock(play, "to")) == ("07:30:00", "09:00:00")
    assert (
        call(page, "write", play, "?vue=relecture&lang=en")
        == "?vue=relecture&lang=en&t=08:15&vitesse=60&boucle=07:30-09:00"
    )


def test_what_is_so_anyway_is_not_written(page):
    assert call(page, "write", begin(page), "?vue=relecture&vitesse=60&boucle=07:30-09:00") == (
        "?vue=relecture&t=00:00"
    )


def test_the_end_of_a_day_is_no_midnight_of_its_beginning(page):
    play = begin(page)
    assert call(page, "write", play | {"at": play["until"]}, "") == "?t=24:00"
    assert call(page, "read", play, "?t=24:00")["at"] == play["until"]
    whole = call(page, "toggleLoop", play)
    assert call(page, "write", whole, "") == "?t=00:00&boucle=00:00-24:00"
    read = call(page, "read", play, "?boucle=00:00-24:00")
    assert (read["from"], read["to"], read["isLoop"]) == (play["start"], play["until"], True)


@pytest.mark.parametrize(
    "search",
    ["?t=25:00", "?t=8h15", "?t=", "?vitesse=31", "?vitesse=x", "?boucle=07:00", "?boucle=a-b",
     "?boucle=07:00-07:00", "?t=12:60"],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(page, search):
    assert call(page, "read", begin(page), search) == begin(page)


def test_a_time_that_is_not_over_yet_is_left_out(page):
    play = call(page, "begin", day_of(until_hour=9))
    assert call(page, "read", play, "?t=10:00") == play
    assert clock(call(page, "read", play, "?t=08:59")) == "08:59:00"


def test_every_minute_of_the_clock_changes_comes_back(page):
    for day, minutes in ((AUTUMN, 1_500), (SPRING, 1_380), (TUESDAY, 1_440)):
        page.js(f"void (globalThis.play = {json.dumps(begin(page, day))})")
        page.js("void (globalThis.player = trafficRennes.replayPlayer)")
        lost = page.js(
            f"Array.from({{ length: {minutes} }}, (_, minute) => play.start + 60 * minute).filter("
            "(at) => player.read(play, player.write({ ...play, at }, '')).at !== at)"
        )
        assert lost == []


def test_the_hour_that_comes_twice_is_told_apart(page):
    play = begin(page, AUTUMN)
    first, second = play["start"] + 2.5 * HOUR, play["start"] + 3.5 * HOUR
    assert call(page, "write", play | {"at": first}, "") == "?t=02:30"
    assert call(page, "write", play | {"at": second}, "") == "?t=02:30bis"


def test_the_hour_that_is_missing_is_no_time(page):
    play = begin(page, SPRING)
    assert call(page, "read", play, "?t=02:30") == play
    assert call(page, "read", play, "?t=12:00bis") == play
