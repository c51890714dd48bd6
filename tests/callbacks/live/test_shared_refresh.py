"""What is current, and news by their marks, as a cache in front of several hosts asks for them."""

from __future__ import annotations

import pytest

from components.page import NEWS_STORE_ID, REFRESH_ID, SHARED_REFRESH_ID
from services.traffic.status import Status
from tests.callbacks.conftest import NOW, DashClient
from tests.factories import make_snapshot_for, write_forecasts

TICK = f"{REFRESH_ID}.n_intervals"


@pytest.fixture
def client(make_client):
    return make_client(shared_cache=True)


def current(client):
    answer = client.get("/live/current")
    assert answer.status_code == 200
    return answer.get_json()


def test_what_is_current_fits_a_packet_and_is_kept_for_seconds(client, published):
    _, snapshot = published
    answer = client.get("/live/current")
    assert len(answer.data) < 500
    assert answer.headers["Cache-Control"] == "public, max-age=2, stale-while-revalidate=4"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
    told = answer.get_json()
    assert told["time"] == NOW.timestamp()
    assert told["snapshot"]["version"] == snapshot.version
    assert told["snapshot"]["observed_at"] == snapshot.observed_at.timestamp()


def test_the_documents_are_what_the_callback_answers(client, published, tmp_path):
    write_forecasts(tmp_path)
    news = DashClient(client).call(f"{NEWS_STORE_ID}.data", {TICK: 1}, TICK).get_json()
    told = current(client)
    for name in ("snapshot", "forecasts"):
        document = client.get(f"/live/{told[name]['document']}")
        assert document.get_json() == news["response"][NEWS_STORE_ID]["data"][name]
        assert document.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert document.get_json()["version"] == told[name]["version"]


def test_the_last_snapshots_stay_for_a_cache_that_is_behind(client, published, store):
    network, _ = published
    marks = []
    for status in (Status.HEAVY, Status.CONGESTED, Status.FREE_FLOW):
        store.publish(network, make_snapshot_for(network, status))
        marks.append(current(client)["snapshot"]["document"])
    assert len(set(marks)) == 3
    assert [client.get(f"/live/{mark}").status_code for mark in marks] == [200] * 3


def test_a_process_that_was_not_asked_before_has_what_another_told_of(
    client, make_client, published
):
    mark = current(client)["snapshot"]["document"]
    assert make_client(shared_cache=True).get(f"/live/{mark}").status_code == 200


@pytest.mark.parametrize("path", ["/live/current", "/live/" + 32 * "0"])
def test_what_a_host_does_not_have_nobody_keeps(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_cache_in_front_pages_are_refreshed_by_the_callback(make_client, published):
    plain = make_client()
    [timer] = [
        item
        for item in plain.get("/_dash-dependencies").get_json()
        if item["output"] == f"{NEWS_STORE_ID}.data"
    ]
    assert [part["id"] for part in timer["inputs"]] == [REFRESH_ID, "wake"]


def test_the_callback_stays_for_pages_whose_cache_has_no_answer_and_for_the_watch(
    client, published
):
    callbacks = client.get("/_dash-dependencies").get_json()
    fired = {
        item["clientside_function"]["function_name"]
        for item in callbacks
        if any(part["id"] == SHARED_REFRESH_ID for part in item["inputs"])
    }
    assert fired == {"askShared", "asked"}
    # By the name of its timer the watch finds what refreshes a page.
    [answered] = [item for item in callbacks if item["output"] == f"{NEWS_STORE_ID}.data"]
    assert [f"{part['id']}.{part['property']}" for part in answered["inputs"]] == [TICK]
