"""How old the data are said to be, and whether the server answers."""

from __future__ import annotations

import json

import pytest

from components.header import AGE_TEXTS
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


HEADER = {
    "time": OBSERVED_AT + 240,
    "snapshot": {"source": "live", "observed_at": OBSERVED_AT},
    "feedFails": False,
    "settings": SETTINGS | {"currentUrl": "/live/current"},
}


@pytest.fixture
def subpage():
    """A page that no refresh reaches: its header comes with what it is told by."""
    scripts = ("app.js", "wording.js", "writing.js", "freshness.js", "refresh.js")
    with loaded(*scripts) as page:
        page.js(
            """void (trafficRennes.sharedRefresh = { current: async (url) => {
                told.push(url);
                if (!globalThis.current) throw new Error("no answer");
                return globalThis.current;
            } })"""
        )
        yield page


def open_subpage(page, **header):
    """Its header is there, 240 s after the snapshot was observed."""
    set_clock(page, 1_000)
    texts = {name: page.texts[name] for name in AGE_TEXTS}
    header = json.dumps(HEADER | {"texts": texts} | header)
    page.call("void ((told) => (document.getElementById('freshness').dataset.told = told))", header)
    page.js("void trafficRennes.freshness.write()")


def kind(page):
    return page.call("shown", "freshness")["className"].removeprefix("freshness freshness--")


def pass_time(page, seconds, current=None):
    """The clock goes on, and the page's timer with it; what the server answers by then."""
    page.call("void ((told) => (globalThis.current = told))", current)
    set_clock(page, 1_000 + seconds)
    page.js("void ticks.forEach((tick) => tick())")


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


@pytest.mark.parametrize(
    ("header", "expected", "short"),
    [
        ({}, "live", "En direct · il y a 4 min"),
        ({"snapshot": {"source": "archive", "observed_at": OBSERVED_AT}}, "archive", None),
        ({"snapshot": {"source": "demo", "observed_at": OBSERVED_AT}}, "demo", None),
        ({"snapshot": {"source": "live", "observed_at": OBSERVED_AT - 600}}, "late", None),
        ({"snapshot": None}, "waiting", "En attente…"),
        ({"snapshot": None, "feedFails": True}, "down", "Aucune donnée"),
    ],
)
def test_a_page_without_a_refresh_tells_the_age_that_its_header_comes_with(
    subpage, header, expected, short
):
    open_subpage(subpage, **header)
    assert kind(subpage) == expected
    assert short in {None, plain(subpage.call("shown", "freshness")["text"])}
    # The scripts of the map are left alone.
    assert subpage.js("[trafficRennes.page.settings, trafficRennes.page.texts]") == [None, None]


def test_it_asks_what_is_current_as_often_as_pages_are_refreshed(subpage):
    open_subpage(subpage)
    newer = {"source": "live", "observed_at": OBSERVED_AT + 180}
    current = {"time": OBSERVED_AT + 300, "snapshot": newer}
    pass_time(subpage, 59, current)
    assert subpage.js("told") == []
    pass_time(subpage, 60, current)
    assert subpage.js("told") == ["/live/current"]
    assert plain(subpage.call("shown", "freshness")["text"]) == "En direct · il y a 2 min"
    # A host that is behind has no news.
    behind = {"time": OBSERVED_AT + 360, "snapshot": HEADER["snapshot"]}
    pass_time(subpage, 120, behind)
    assert plain(subpage.call("shown", "freshness")["text"]) == "En direct · il y a 3 min"
    simulated = {"source": "demo", "observed_at": OBSERVED_AT + 360}
    pass_time(subpage, 180, {"time": OBSERVED_AT + 420, "snapshot": simulated})
    assert kind(subpage) == "demo"


def test_it_is_not_live_for_long_once_no_server_answers(subpage):
    open_subpage(subpage)
    pass_time(subpage, 60)
    assert kind(subpage) == "live"
    pass_time(subpage, 71)
    assert kind(subpage) == "silent"
    assert subpage.js("told") == ["/live/current"]
    pass_time(subpage, 120, {"time": OBSERVED_AT + 360, "snapshot": HEADER["snapshot"]})
    assert kind(subpage) == "live"


def test_the_map_is_told_by_its_refreshes_after_another_page(subpage):
    open_subpage(subpage)
    subpage.js("void renew('freshness')")
    subpage.change(settings=SETTINGS, texts=subpage.texts)
    answer(subpage, 60)
    assert told(subpage, "demo")[0] == "demo"
    assert subpage.js("trafficRennes.page.header") is None
    pass_time(subpage, 600)
    assert subpage.js("told") == []
