from __future__ import annotations

import pytest

from callbacks.http.segment_forecasts import PATH
from tests.callbacks.conftest import problem_of
from tests.factories import MODEL_VERSION, make_network, make_snapshot_for, write_week_forecasts

NETWORK = make_network()


@pytest.fixture
def published(tmp_path, store):
    write_week_forecasts(tmp_path)
    store.publish(NETWORK, make_snapshot_for(NETWORK))


def test_every_segment_has_its_forecast_by_column(client, published):
    body = client.get(f"{PATH}?hour=8&day=monday").get_json()
    assert (body["hour"], body["day"]) == (8, "monday")
    assert (body["model_version"], body["simulated"]) == (MODEL_VERSION, True)
    assert (body["basis"], body["observed_share"]) == ("initial", 0.0)
    assert body["network_version"] == NETWORK.version
    assert body["thresholds"] == {"congested_up_to": 0.3, "free_from": 0.7}
    assert body["id"] == list(NETWORK.segment_ids)
    columns = [
        body["status"],
        body["days_observed"],
        body["observed_shares"],
        *body["probabilities"].values(),
        *body["speed_ratio"].values(),
    ]
    assert {len(column) for column in columns} == {len(NETWORK)}
    assert body["status"][:3] == ["heavy", "heavy", "heavy"]
    assert body["days_observed"][:3] == [1, 12, 12]
    assert [body["speed_ratio"][name][2] for name in ("p10", "p50", "p90")] == [0.4, 0.5, 0.6]
    assert sum(column[2] for column in body["probabilities"].values()) == pytest.approx(1, abs=0.02)


def test_segments_that_the_model_does_not_know_are_null(client, tmp_path, store):
    write_week_forecasts(tmp_path, make_network(24))
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    body = client.get(f"{PATH}?hour=8&day=monday").get_json()
    unknown = NETWORK.segment_ids.index(
        next(item for item in NETWORK.segment_ids if item not in make_network(24).segment_ids)
    )
    assert body["status"][unknown] == "uncertain"
    assert body["days_observed"][unknown] == 0
    assert body["speed_ratio"]["p50"][unknown] is None
    assert body["probabilities"]["heavy"][unknown] is None


def test_no_day_is_today_in_rennes(client, published):
    assert client.get(f"{PATH}?hour=8").get_json()["day"] == "monday"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("", "hour"), ("hour=24", "hour"), ("hour=8&day=lundi", "day"), ("hour=x", "hour")],
)
def test_a_wrong_question_names_its_parameter(client, published, query, parameter):
    assert problem_of(client.get(f"{PATH}?{query}"), 400)["parameter"] == parameter


def test_before_the_first_network_it_says_so(client):
    assert "no network" in problem_of(client.get(f"{PATH}?hour=8"), 503)["detail"]


def test_without_a_model_it_says_so(make_client, tmp_path, store, monkeypatch):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    problem_of(make_client().get(f"{PATH}?hour=8"), 503)
