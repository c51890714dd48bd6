"""An answer of the server in the browser: what is news is shown, and told as shown."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded

SNAPSHOT = {"version": "abc", "statuses": "KYA=", "counts": [1, 1, 1, 1, 0]}
TABLE = {"version": "model 2026-11-29"}


@pytest.fixture
def page():
    """A page whose parts say what they do, in the order that they do it."""
    with loaded("app.js", "statuses.js", "refresh.js") as page:
        page.js(
            """void Object.assign(trafficRennes, {
                freshness: { answered: (time) => told.push(`answered at ${time}`) },
                moment: { followTime: () => {} },
                address: { follow: () => {} },
                forecast: { retry: () => {} },
                mapForecast: { update: () => told.push("asked again") },
                roadworks: { follow: (mark) => mark && told.push(`roadworks ${mark[0]}`),
                             mark: () => ["w", 5] },
                day: { follow: (version) => version && told.push(`day ${version}`),
                       version: () => "d" },
                nowcast: { ask: () => told.push("asked for the next hour") },
                trafficMap: { painted: () => {
                    told.push("painting");
                    return new Promise((resolve) => {
                        globalThis.finish = () => { told.push("painted"); resolve(); };
                    });
                } },
            })"""
        )
        page.js("trafficRennes.follow(['snapshot'], () => told.push('figures'))")
        yield page


def refresh(page, **news):
    """Hand an answer over; what was done by then."""
    page.call(
        """((news) => void dash_clientside.traffic.refreshed(news, {}, {}).then((shown) => {
            globalThis.result = shown;
        }))""",
        {"time": 7, **news},
    )
    return page.js("told")


def test_the_figures_do_not_wait_for_a_map_that_is_still_to_come(page):
    assert refresh(page, snapshot=SNAPSHOT, forecasts=TABLE) == [
        "answered at 7",
        "asked again",
        "painting",
        "figures",
    ]
    assert page.js("Array.from(trafficRennes.page.codes)") == [1, 2, 3, 0]
    assert page.js("trafficRennes.page.zoneTable") == TABLE


def test_roads_come_first_once_there_is_a_map(page):
    page.change(driver={})
    assert refresh(page, snapshot=SNAPSHOT) == ["answered at 7", "asked again", "painting"]
    page.js("void finish()")
    assert page.js("told") == ["answered at 7", "asked again", "painting", "painted", "figures"]


def test_an_answer_without_news_asks_for_the_next_hour(page):
    page.change(snapshot=SNAPSHOT)
    page.js("told.splice(0)")
    assert refresh(page) == ["answered at 7", "asked again", "asked for the next hour"]


def test_what_is_shown_is_told_once_it_is_painted(page):
    refresh(page, snapshot=SNAPSHOT, forecasts=TABLE)
    assert page.js("globalThis.result") is None
    page.js("void finish()")
    assert page.js("globalThis.result") == {
        "snapshot": "abc",
        "forecasts": TABLE["version"],
        "roadworks": ["w", 5],
        "day": "d",
    }


def test_roadworks_are_told_of_where_there_is_news(page):
    page.change(snapshot=SNAPSHOT)
    page.js("told.splice(0)")
    assert refresh(page, roadworks=["v", 9])[:3] == ["answered at 7", "asked again", "roadworks v"]


def test_another_curve_of_the_day_is_told_of_where_there_is_one(page):
    assert refresh(page, day="e")[:3] == ["answered at 7", "asked again", "day e"]


@pytest.mark.parametrize(
    ("told", "time", "is_news"),
    [
        # From a host that is behind the one that answered before, in all it tells.
        ({"source": "live", "observed_at": 820}, 1_000, False),
        ({"source": "archive", "observed_at": 820}, 1_000, True),
        ({"source": "live", "observed_at": 1_000}, 1_000, True),
        # The clock was put right since: what is shown was of a time to come.
        ({"source": "live", "observed_at": 820}, 830, True),
    ],
)
def test_an_answer_from_before_what_is_shown_changes_nothing(page, told, time, is_news):
    page.change(snapshot={"version": "b", "source": "live", "observed_at": 1_000})
    page.js("told.splice(0)")
    answer = SNAPSHOT | told
    refresh(page, time=time, snapshot=answer, forecasts=TABLE, day="e")
    page.js("void globalThis.finish?.()")
    assert page.js("told")[0] == f"answered at {time}"
    assert ("day e" in page.js("told")) is is_news
    assert (page.js("trafficRennes.page.snapshot.version") == "abc") is is_news
    assert (page.js("trafficRennes.page.zoneTable") is not None) is is_news
