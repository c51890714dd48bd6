"""A refresh through a cache that answers for all servers: what is asked, and what is told of it."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded

NOW = 1_724_669_220
OBSERVED_AT = NOW - 240
SNAPSHOT = {"version": "new", "source": "live", "observed_at": OBSERVED_AT, "document": "5a"}
CURRENT = {
    "time": NOW - 1,
    "snapshot": SNAPSHOT,
    "roadworks": ["w", 5],
    "day": "d",
    "forecasts": {"version": "model", "document": "f0"},
}
SHOWN = {"snapshot": "new", "forecasts": "model", "roadworks": ["w", 5], "day": "d"}
NOTHING_NEW = {"time": NOW - 1, "day": "d"}
BY_CALLBACK = "by its callback"


@pytest.fixture
def page():
    """A page beside a cache that has some documents."""
    with loaded("app.js", "documents.js", "refresh.js", "shared_refresh.js") as page:
        page.change(
            settings={
                "sharedRefresh": {"pointerUrl": "/live/current", "documentUrl": "/live/{version}"}
            }
        )
        page.js("void (trafficRennes.within = (ms, promise) => promise)")
        page.js(
            """void (globalThis.fetch = async (url) => {
                asked.push(url);
                if (!(url in documents)) return { ok: false, status: 404 };
                return { ok: true, json: async () => documents[url] };
            })"""
        )
        page.js("void Object.assign(globalThis, { asked: [], documents: {} })")
        yield page


def refresh(page, shown=None, **documents):
    """What was asked of the cache, and what the page was told."""
    documents = {
        "current": CURRENT,
        "5a": {"version": "new"},
        "f0": {"version": "model"},
    } | documents
    paths = {f"/live/{name}": content for name, content in documents.items() if content}
    page.call(
        "void ((state) => Object.assign(globalThis, state))",
        {"asked": [], "documents": paths, "told": []},
    )
    page.call("void dash_clientside.traffic.askShared", 1, None, shown)
    [[store, props]] = page.js("told")
    asked = [url.removeprefix("/live/") for url in page.js("asked")]
    if store == "refresh":
        assert props["n_intervals"] > 0
        return asked, BY_CALLBACK
    assert store == "news"
    return asked, props["data"]


def test_a_page_that_shows_what_is_current_asks_for_nothing_more(page):
    assert refresh(page, SHOWN) == (["current"], NOTHING_NEW)


def test_what_is_news_comes_by_its_document(page):
    assert refresh(page, SHOWN | {"snapshot": "old"}) == (
        ["current", "5a"],
        NOTHING_NEW | {"snapshot": {"version": "new"}},
    )
    asked, told = refresh(page, None)
    assert asked == ["current", "5a", "f0"]
    assert told == NOTHING_NEW | {
        "snapshot": {"version": "new"},
        "forecasts": {"version": "model"},
        "roadworks": ["w", 5],
    }


def test_that_there_are_no_roadworks_any_more_is_news(page):
    gone = CURRENT | {"roadworks": None}
    assert refresh(page, SHOWN, current=gone)[1] == NOTHING_NEW | {"roadworks": None}


@pytest.mark.parametrize(
    "documents",
    [
        # No server behind the cache, one without data, or one that has not this document.
        {"current": None},
        {"5a": None},
    ],
)
def test_what_the_cache_does_not_have_the_callback_is_asked_for(page, documents):
    assert refresh(page, SHOWN | {"snapshot": "old"}, **documents)[1] == BY_CALLBACK


def test_a_cache_that_goes_on_with_its_last_words_is_not_believed(page):
    def told_after(seconds, **changed):
        page.js(f"void (Date.now = () => {1_000 * (NOW + seconds)})")
        return refresh(page, SHOWN, current=CURRENT | changed)[1]

    assert told_after(0) == NOTHING_NEW
    assert told_after(9) == NOTHING_NEW
    assert told_after(11) == BY_CALLBACK
    # Of a server whose clock is minutes slow, which answers for all that.
    assert told_after(12, time=NOW - 300) == NOTHING_NEW | {"time": NOW - 300}
    assert told_after(22, time=NOW + 10) == NOTHING_NEW | {"time": NOW + 10}


def test_a_server_that_is_behind_takes_no_page_back(page):
    page.change(snapshot={"version": "newest", "source": "live", "observed_at": OBSERVED_AT + 180})
    shown = SHOWN | {"snapshot": "newest"}
    assert refresh(page, shown) == (["current"], {"time": NOW - 1})
    # Of another source they are news, however old.
    archive = CURRENT | {"snapshot": SNAPSHOT | {"source": "archive"}}
    assert refresh(page, shown, current=archive)[0] == ["current", "5a"]
