"""The next hour over HTTP: a document per version for the page, and an answer for the API."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from callbacks.http.nowcast import zones_content
from services.city.rennes import RENNES
from services.forecast.nowcast_files import (
    LearnerState,
    current_file,
    write_learner_state,
    write_nowcast,
)
from services.forecast.nowcasts import LEAD_MINUTES, UNKNOWN_PERCENT
from services.plain.statuses import ZONE_STATUSES
from services.traffic.zone_states import zone_state
from tests.callbacks.conftest import problem_of
from tests.factories import (
    MODEL_VERSION,
    OBSERVED_AT,
    make_network,
    make_nowcast_table,
    make_snapshot_for,
)

NETWORK = make_network()
SNAPSHOT = make_snapshot_for(NETWORK)
URL = f"/nowcast/{SNAPSHOT.version}"
API = "/api/v1/nowcast"
LATE = OBSERVED_AT + timedelta(minutes=16)


@pytest.fixture
def published(store):
    store.publish(NETWORK, SNAPSHOT)
    return store


@pytest.fixture
def issued(published, tmp_path):
    write_nowcast(tmp_path, make_nowcast_table(NETWORK, SNAPSHOT))


class TestCard:
    def test_each_zone_has_its_leads(self, client, issued):
        body = client.get(URL).get_json()
        assert body["state"] == "ready"
        assert body["version"] == SNAPSHOT.version
        assert body["observed_at"] == OBSERVED_AT.timestamp()
        assert body["basis"] == ["initial", 0, 28]
        zones = dict(zip(RENNES.zone_choices, body["zones"], strict=True))
        assert zones["ceinture"] is None
        for zone, status in {"centre-ville": "blocked", "rocade": "free"}.items():
            assert len(zones[zone]) == len(LEAD_MINUTES)
            assert {lead[0] for lead in zones[zone]} == {status}

    def test_the_minutes_lost_lie_inside_their_band(self, client, issued):
        zones = client.get(URL).get_json()["zones"]
        for leads in filter(None, zones):
            for _status, probability, lost, low, high in leads:
                assert 0 <= low <= lost <= high
                assert 0.333 <= probability < 1
        # At half the free-flow speed, as long again as ten kilometres take without traffic.
        place = RENNES.zones.index("penetrantes")
        free_flow_kmh = NETWORK.zone_free_flow_kmh[place]
        assert zones[place][0][2] == round(600 / free_flow_kmh) > 5

    def test_they_are_those_of_a_tile_at_the_same_ratio(self, client, issued):
        zones = client.get(URL).get_json()["zones"]
        table = make_nowcast_table(NETWORK, SNAPSHOT)
        speeds = NETWORK.zone_free_flow_kmh
        for zone, leads, speed in zip(RENNES.zone_choices, zones, speeds, strict=True):
            told = [lead[2] for lead in leads or ()]
            ratios = [lead.p50 for lead in table.zone(zone) or ()]
            assert told == [zone_state(ratio, speed).lost_min for ratio in ratios]

    def test_a_zone_without_a_free_flow_has_no_minutes_to_tell(self):
        nothing = replace(NETWORK, speed_limit_kmh=np.full(len(NETWORK), np.nan))
        content = zones_content(make_nowcast_table(NETWORK, SNAPSHOT), nothing)
        assert content["zones"] == [None] * len(RENNES.zone_choices)

    def test_a_version_never_changes_and_is_kept_for_ever(self, client, issued):
        answer = client.get(URL, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert len(answer.data) < 1_000

    def test_the_one_before_fills_the_gap_until_the_next_is_there(self, client, issued, store):
        newer = make_snapshot_for(NETWORK, observed_at=OBSERVED_AT + timedelta(minutes=3))
        store.publish(NETWORK, newer)
        answer = client.get(f"/nowcast/{newer.version}")
        assert answer.get_json()["version"] == SNAPSHOT.version
        assert answer.headers["Cache-Control"] == "no-cache"

    def test_before_the_first_snapshot_it_is_waited_for(self, client):
        answer = client.get("/nowcast/none")
        assert answer.get_json() == {"state": "waiting"}
        assert answer.headers["Cache-Control"] == "no-cache"

    def test_before_the_first_nowcast_it_is_waited_for(self, client, published):
        assert client.get(URL).get_json() == {"state": "waiting"}

    def test_without_a_model_there_is_none(self, client, published, tmp_path):
        write_learner_state(tmp_path, LearnerState(has_model=False, reason="no model"))
        assert client.get(URL).get_json() == {"state": "none"}

    def test_without_a_learner_there_is_none(self, make_client, published):
        assert make_client(learner="off").get(URL).get_json() == {"state": "none"}

    def test_after_a_quarter_of_an_hour_it_is_outdated(self, make_client, issued):
        assert make_client(LATE).get(URL).get_json() == {"state": "outdated"}

    def test_one_of_another_network_is_not_shown(self, client, published, tmp_path):
        other = make_network(24)
        write_nowcast(tmp_path, make_nowcast_table(other, make_snapshot_for(other)))
        assert client.get(URL).get_json() == {"state": "waiting"}

    def test_a_damaged_one_breaks_no_page(self, client, published, tmp_path):
        current_file(tmp_path).parent.mkdir(parents=True)
        current_file(tmp_path).write_bytes(b"torn")
        assert client.get(URL).get_json() == {"state": "waiting"}
        assert client.get("/").status_code == 200


class TestRoads:
    def test_every_segment_has_its_quantiles_in_the_order_of_the_network(self, client, issued):
        answer = client.get(f"{URL}/roads")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        body = answer.get_json()
        assert body["version"] == SNAPSHOT.version
        packed = np.frombuffer(base64.b64decode(body["percent"]), np.uint8)
        percent = packed.reshape(3, len(LEAD_MINUTES), len(NETWORK))
        assert set(percent[..., 0].ravel()) == {UNKNOWN_PERCENT}
        assert percent[:, 0, 1].tolist() == [40, 50, 60]

    def test_one_that_is_gone_or_outdated_is_nothing_and_no_error(self, make_client, issued):
        for gone in (
            make_client().get("/nowcast/0123456789abcdef/roads"),
            make_client(LATE).get(f"{URL}/roads"),
        ):
            assert (gone.status_code, gone.data) == (204, b"")
            assert gone.headers["Cache-Control"] == "no-store"


class TestApi:
    def test_it_answers_for_a_zone(self, client, issued):
        answer = client.get(f"{API}?zone=rocade")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-cache"
        body = answer.get_json()
        assert (body["zone"], body["state"], body["simulated"]) == ("rocade", "ready", True)
        assert body["model_version"] == MODEL_VERSION
        assert body["trained_on"]["days"] == 28
        assert body["observed_at"] == "2024-08-26T10:43:00+00:00"
        assert [lead["minutes"] for lead in body["leads"]] == list(LEAD_MINUTES)
        first = body["leads"][0]
        assert first["at"] == "2024-08-26T10:58:00+00:00"
        assert first["speed_ratio"] == {"p10": 0.9, "p50": 0.95, "p90": 1.0}
        assert first["status"] == "free"

    @pytest.mark.parametrize("zone", [zone for zone in RENNES.zone_choices if zone != "ceinture"])
    def test_probabilities_are_distributions_and_the_status_the_likeliest(
        self, client, issued, zone
    ):
        for lead in client.get(f"{API}?zone={zone}").get_json()["leads"]:
            shares = lead["probabilities"]
            assert set(shares) == set(ZONE_STATUSES)
            assert sum(shares.values()) == pytest.approx(1.0, abs=1e-3)
            assert shares[lead["status"]] == max(shares.values())

    def test_no_zone_is_the_centre(self, client, issued):
        assert client.get(API).get_json()["zone"] == "centre-ville"

    def test_an_unknown_zone_is_told(self, client, issued):
        assert problem_of(client.get(f"{API}?zone=mars"), 400)["parameter"] == "zone"

    def test_a_zone_of_which_nothing_is_known_has_none(self, client, issued):
        answer = client.get(f"{API}?zone=ceinture")
        assert answer.status_code == 200
        assert answer.get_json() == {"zone": "ceinture", "state": "none", "leads": []}

    def test_without_one_there_is_nothing_to_say_and_nothing_wrong(self, client, published, caplog):
        answer = client.get(API)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.get_json() == {"zone": "centre-ville", "state": "waiting", "leads": []}
        assert caplog.records == []

    def test_before_the_first_snapshot_one_is_waited_for(self, client):
        assert client.get(API).get_json()["state"] == "waiting"

    def test_an_outdated_one_is_no_answer(self, make_client, issued):
        assert make_client(LATE).get(API).get_json()["leads"] == []
