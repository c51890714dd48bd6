"""How old the data are said to be, and whether the server answers."""

from __future__ import annotations

import pytest

from services.city.rennes import RENNES
from tests.assets.scripts import loaded
from tests.components.trees import plain

# 12:43 in Rennes.
OBSERVED_AT = 1_724_668_980
SETTINGS = {"refreshSeconds": 60, "lateAfterSeconds": 600, "timeZone": RENNES.time_zone.key}


@pytest.fixture
def page():
    with loaded("app.js", "wording.js", "writing.js", "freshness.js") as page:
        page.change(settings=SETTINGS, texts=page.texts)
        set_clock(page, 1_000)
        yield page


def set_clock(page, seconds):
    """The browser's own clock, which may be wrong."""
    page.js(f"void (Date.now = () => {1000 * seconds})")


def told(page, source="live"):
    page.change(snapshot={"source": source, "observed_at": OBSERVED_AT} if source else None)
    says = page.call("shown", "freshness")
    kind = says["className"].removeprefix("freshness freshness--")
    assert says["text"]
    sentence = page.call("shown", "freshness-sentence")["text"]
    return kind, plain(sentence), page.call("shown", "connection")["hidden"]


def answer(page, age_seconds):
    """The server answers: the snapshot is that old by its clock."""
    page.call("trafficRennes.freshness.answered", OBSERVED_AT + age_seconds)


@pytest.mark.parametrize(
    ("source", "age_seconds", "kind", "words"),
    [
        ("live", 240, "live", "En direct · observé à 12:43, il y a 4 min"),
        ("live", 600, "live", "En direct · observé à 12:43, il y a 10 min"),
        ("live", 601, "late", "Données en retard : observées à 12:43, il y a 10 min"),
        ("live", 2 * 365 * 86_400, "old", None),
        ("archive", 240, "archive", None),
        ("archive", 90_000, "old", None),
        ("demo", 240, "demo", None),
        (None, 240, "waiting", "En attente des premières données…"),
    ],
)
def test_the_worst_that_holds_is_said(page, source, age_seconds, kind, words):
    answer(page, age_seconds)
    said, text, is_reached = told(page, source)
    assert (said, is_reached) == (kind, True)
    assert words in {None, text}


def test_data_of_the_first_of_a_month_are_said_as_those_of_other_days(page):
    days_on = 6 * 86_400
    page.call("trafficRennes.freshness.answered", OBSERVED_AT + days_on + 2 * 86_400)
    page.change(snapshot={"source": "live", "observed_at": OBSERVED_AT + days_on})
    assert "1er septembre" in plain(page.call("shown", "freshness")["text"])


def test_a_feed_that_cannot_be_reached_is_said_until_there_are_data(page):
    answer(page, 240)
    page.change(feedFails=True)
    kind, text, _ = told(page, None)
    assert (kind, text) == ("down", "Aucune donnée pour l'instant — le flux est injoignable")
    assert "injoignable" in page.call("shown", "freshness-announcement")["text"]
    assert told(page)[0] == "live"


def test_the_age_goes_on_by_the_server_s_clock_while_it_is_silent(page):
    answer(page, 240)
    set_clock(page, 1_000 + 120)
    assert told(page)[1] == "En direct · observé à 12:43, il y a 6 min"


def test_what_the_server_has_not_confirmed_is_not_live(page):
    answer(page, 240)
    page.call("void dash_clientside.traffic.asked", 1, None)
    set_clock(page, 1_010)
    assert told(page)[0] == "live"
    set_clock(page, 1_011)
    assert told(page)[::2] == ("silent", False)
    # An hour later, that it is late says more.
    set_clock(page, 1_000 + 3_600)
    assert told(page)[::2] == ("late", False)
    answer(page, 240)
    assert told(page)[::2] == ("live", True)


def test_the_page_itself_is_no_question(page):
    answer(page, 240)
    page.call("void dash_clientside.traffic.asked", None, None)
    set_clock(page, 1_300)
    assert told(page)[2] is True
