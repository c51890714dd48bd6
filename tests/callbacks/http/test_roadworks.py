"""Roadworks over HTTP: a document per version for the page, and an answer for the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from components.page import NEWS_STORE_ID, REFRESH_ID, SHOWN_STORE_ID
from services.traffic.roadworks import make_list
from tests.callbacks.conftest import NOW, DashClient, problem_of
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for
from tests.pages import routed
from tests.roadworks_replies import make_measure, make_roadwork

API = "/api/v1/roadworks"
TODAY = NOW.date()
NETWORK = make_network()
# The whole of a segment that has one line, and its other direction.
SEGMENT = 2
ALONG = {"type": "LineString", "coordinates": NETWORK.geometry[SEGMENT][0]}


def told_at(received_at=OBSERVED_AT, source="live", **measure):
    closed = make_measure(ALONG, "avoid", **{"first_day": TODAY, "last_day": TODAY, **measure})
    return make_list(source, received_at, [make_roadwork("80028", closed)])


@pytest.fixture
def shown(store):
    """What the worker has written: live traffic and a list of roadworks."""
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    store.write_roadworks(told_at())
    return store


def mark_in(client, shown_mark=None):
    """What a refresh says of roadworks to a page that has these."""
    values = {f"{REFRESH_ID}.n_intervals": 1, f"{SHOWN_STORE_ID}.data": {"roadworks": shown_mark}}
    response = DashClient(client).call(f"{NEWS_STORE_ID}.data", values, f"{REFRESH_ID}.n_intervals")
    news = response.get_json()["response"][NEWS_STORE_ID]["data"]
    return news.get("roadworks", "no news")


def page_document(client):
    version, _received = mark_in(client)
    return client.get(f"/roadworks/{version}").get_json()


def test_the_api_tells_them_as_geojson(client, shown):
    body = client.get(API).get_json()
    assert (body["type"], body["source"]) == ("FeatureCollection", "live")
    assert datetime.fromisoformat(body["received_at"]) == OBSERVED_AT
    assert body["day"] == TODAY.isoformat()
    [feature] = body["features"]
    assert (feature["id"], feature["geometry"]) == ("80028", ALONG)
    told = feature["properties"]
    assert NETWORK.segment_ids[SEGMENT] in told["segments"]
    assert told["measures"] == [
        {
            "kind": "Circulation interdite",
            "comment": "",
            "place": "Rue de Vern",
            "level": "avoid",
            "first_day": TODAY.isoformat(),
            "last_day": TODAY.isoformat(),
        }
    ]
    assert (told["level"], told["active"], told["town"]) == ("avoid", True, "Rennes")


def test_the_api_answers_with_nothing_where_it_is_the_same(client, shown):
    answer = client.get(API)
    assert answer.content_type == "application/geo+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get(API, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    shown.write_roadworks(told_at(kind="Rétrécissement"))
    changed = client.get(API, headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200


def test_before_the_first_list_the_api_says_so(client, published):
    assert "no list of roadworks" in problem_of(client.get(API), 503)["detail"]
    assert mark_in(client) == "no news"


def test_a_refresh_tells_the_mark_once(client, shown):
    mark = mark_in(client)
    assert mark[1] == OBSERVED_AT.timestamp()
    assert mark_in(client, mark) == "no news"
    # The same list an hour later: the page asks for no other document.
    shown.write_roadworks(told_at(OBSERVED_AT + timedelta(hours=1)))
    assert mark_in(client, mark) == [mark[0], mark[1] + 3_600]
    shown.write_roadworks(told_at(kind="Impasse"))
    assert mark_in(client, mark)[0] != mark[0]


def test_the_page_gets_places_and_likely_causes(client, shown):
    body = page_document(client)
    [told] = body["roadworks"]
    assert told["kinds"] == ["Circulation interdite"]
    assert SEGMENT in told["segments"]
    assert len(told["point"]) == 2
    assert body["causes"][str(SEGMENT)] == 0


def test_a_version_is_kept_for_ever_and_another_one_is_no_document(client, shown):
    version, _received = mark_in(client)
    answer = client.get(f"/roadworks/{version}")
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/roadworks/another").status_code == 204


def test_they_are_of_the_day_in_the_city(make_client, shown):
    evening = datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(hours=21, minutes=59)
    assert len(page_document(make_client(evening))["roadworks"]) == 1
    # Midnight in Rennes, in summer.
    assert page_document(make_client(evening + timedelta(minutes=1)))["roadworks"] == []


def test_simulated_ones_are_never_beside_live_traffic(client, store):
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    store.write_roadworks(told_at(source="demo"))
    assert mark_in(client) == "no news"
    store.publish(NETWORK, make_snapshot_for(NETWORK, source="demo"))
    assert page_document(client)["source"] == "demo"


def test_a_page_that_has_those_of_another_source_is_told_that_there_are_none(client, shown):
    mark = mark_in(client)
    shown.publish(NETWORK, make_snapshot_for(NETWORK, source="demo"))
    assert mark_in(client, mark) is None


def test_a_damaged_list_leaves_the_one_before(client, shown, caplog):
    before = page_document(client)
    (shown.data_dir / "roadworks" / "live.json").write_bytes(b"half of a li")
    assert page_document(client) == before
    assert "the list of live roadworks cannot be read" in caplog.text


@pytest.mark.parametrize("nonsense", [[], {}, "x", [1], ["a", "b", "c"], {"a": [[]]}])
def test_what_a_page_claims_to_have_is_only_compared(client, shown, nonsense):
    assert mark_in(client, nonsense)[1] == OBSERVED_AT.timestamp()


def test_where_nobody_publishes_any_the_page_has_no_place_for_them(make_client):
    def has_list(**settings):
        return "roadworks-list" in routed(make_client(**settings)).text

    assert has_list()
    assert has_list(source="demo")
    assert not has_list(roadworks_url="none")
    # A feed of somewhere else.
    assert not has_list(feed_url="http://127.0.0.1:9/feed")
    assert has_list(feed_url="http://127.0.0.1:9/feed", roadworks_url="http://127.0.0.1:9/works")
