from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pytest

from app import create_app
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.traffic.status import Status
from services.traffic.usual_hour import compare_segments
from tests.callbacks.conftest import NOW, problem_of
from tests.factories import make_network, make_snapshot_for, make_usual_hour
from tests.fault_server import fault_server, reply_with
from tests.pages import routed


def test_traffic_is_the_latest_snapshot_as_geojson(client, published):
    network, snapshot = published
    response = client.get("/api/v1/traffic")
    assert response.content_type == "application/geo+json"
    body = orjson.loads(response.data)
    assert body["type"] == "FeatureCollection"
    assert body["source"] == "live"
    assert body["version"] == snapshot.version
    assert body["observed_at"] == "2024-08-26T10:43:00+00:00"
    assert set(body) >= {"received_at", "counts"}
    assert sum(body["counts"].values()) == len(body["features"]) == len(network)
    first = body["features"][0]
    assert set(first["properties"]) == {
        "id", "name", "status", "speed_kmh", "speed_limit_kmh", "travel_time_s",
        "reliability_pct", "probes", "road_class", "usual_speed_kmh", "compared_with_usual",
        "free_flow_kmh",
    }  # fmt: skip
    described = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    named = {*body, *first["properties"]} - {"type", "features"}
    assert not [name for name in named if f"`{name}`" not in described]
    assert first["geometry"]["type"] == "MultiLineString"
    assert body["features"][1]["geometry"]["type"] == "LineString"


def test_the_filler_of_unknown_segments_is_null_in_the_api(client, published):
    features = orjson.loads(client.get("/api/v1/traffic").data)["features"]
    unknown = [f["properties"] for f in features if f["properties"]["status"] == "unknown"]
    assert unknown
    assert {(p["speed_kmh"], p["travel_time_s"]) for p in unknown} == {(None, None)}


def test_traffic_is_compared_with_the_usual_where_that_is_known(client, store):
    network = make_network()
    store.publish(network, make_snapshot_for(network))
    untold = client.get("/api/v1/traffic")
    store.write_usual_hour(make_usual_hour(network))
    store.publish(network, make_snapshot_for(network))
    told = client.get("/api/v1/traffic", headers={"If-None-Match": untold.headers["ETag"]})
    assert told.status_code == 200

    def compared(response):
        properties = [f["properties"] for f in orjson.loads(response.data)["features"]]
        return {(p["status"], p["compared_with_usual"]) for p in properties}, [
            p["usual_speed_kmh"] for p in properties
        ]

    assert compared(told) == (
        {
            ("freeFlow", "quieter"), ("heavy", "usual"), ("congested", "busier"),
            ("unknown", None), ("impossible", None),
        },
        (0.5 * network.speed_limit_kmh).tolist(),
    )  # fmt: skip
    pairs, speeds = compared(untold)
    assert {name for _, name in pairs} == set(speeds) == {None}


def test_traffic_answers_304_while_nothing_changed(client, published, store):
    network, _ = published
    etag = client.get("/api/v1/traffic").headers["ETag"]
    again = client.get("/api/v1/traffic", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    store.publish(network, make_snapshot_for(network, Status.HEAVY))
    assert client.get("/api/v1/traffic", headers={"If-None-Match": etag}).status_code == 200


def test_documents_come_compressed_where_the_client_takes_it(client, published):
    network, _ = published
    for path in ("/api/v1/traffic", f"/network/{network.version}.geojson"):
        plain = client.get(path)
        small = client.get(path, headers={"Accept-Encoding": "gzip, deflate"})
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.data) == plain.data
        assert "Accept-Encoding" in small.headers["Vary"]


def test_before_the_first_snapshot_the_api_says_so(client):
    response = client.get("/api/v1/traffic")
    assert "no snapshot" in problem_of(response, 503)["detail"]
    assert int(response.headers["Retry-After"]) > 0


def test_the_network_is_cached_for_ever_by_version(client, published):
    network, _ = published
    response = client.get(f"/network/{network.version}.geojson")
    assert "immutable" in response.headers["Cache-Control"]
    assert len(orjson.loads(response.data)["features"]) == len(network)


@pytest.mark.parametrize("version", ["unknown", "..%2f..%2fapp", "%00"])
def test_an_unknown_network_is_404(client, published, version):
    assert client.get(f"/network/{version}.geojson").status_code == 404
    assert client.get(f"/network/{version}/names").status_code == 404


def test_the_names_of_a_network_are_cached_like_its_roads(client, published):
    network, _ = published
    response = client.get(f"/network/{network.version}/names")
    assert "immutable" in response.headers["Cache-Control"]
    assert response.content_type == "application/geo+json"
    names = {item["properties"]["name"] for item in orjson.loads(response.data)["features"]}
    assert {"Rennes", "Pacé", "Rocade", "Rue de Vern"} <= names


def test_details_come_by_column_for_the_current_snapshot_only(client, published):
    network, snapshot = published
    body = orjson.loads(client.get(f"/snapshot/{snapshot.version}/details").data)
    assert body["version"] == snapshot.version
    assert {
        len(body[name]) for name in ("speed_kmh", "travel_time_s", "reliability_pct", "probes")
    } == {len(network)}
    assert client.get("/snapshot/older/details").status_code == 204


def test_each_zone_has_its_worst_stretches_and_corridors(client, published):
    _, snapshot = published
    zones = client.get(f"/snapshot/{snapshot.version}/zone-places").json
    assert list(zones) == list(RENNES.zones)
    network_wide = client.get("/api/v1/stretches").json["stretches"]
    delays = sorted((worst[1] for zone in zones.values() for worst in zone["worst"]), reverse=True)
    assert delays[0] == network_wide[0]["delay_s"]
    for zone in zones.values():
        of_zone = [worst[1] for worst in zone["worst"]]
        assert of_zone == sorted(of_zone, reverse=True)
        assert len(of_zone) <= 5
    assert client.get("/snapshot/older/zone-places").status_code == 204


def test_the_usual_comes_with_the_details(client, store):
    network = make_network()
    usual = make_usual_hour(network)
    store.write_usual_hour(usual)
    snapshot = make_snapshot_for(network)
    store.publish(network, snapshot)
    details = orjson.loads(client.get(f"/snapshot/{snapshot.version}/details").data)
    assert details["usual_low_kmh"] == np.rint(0.4 * network.speed_limit_kmh).tolist()
    assert details["usual_high_kmh"] == np.rint(0.6 * network.speed_limit_kmh).tolist()
    assert details["compared"] == compare_segments(network, snapshot, usual).tolist()


def test_where_nothing_is_usual_yet_nothing_is_told_of_it(client, published):
    _, snapshot = published
    details = orjson.loads(client.get(f"/snapshot/{snapshot.version}/details").data)
    assert details["compared"] is details["usual_low_kmh"] is details["usual_high_kmh"] is None


@pytest.mark.parametrize("hour", ["0", "8", "08", "23"])
def test_a_forecast_echoes_its_question(client, hour):
    body = client.get(f"/api/v1/forecast?hour={hour}&day=tuesday&zone=rocade").get_json()
    assert (body["hour"], body["day"], body["zone"]) == (int(hour), "tuesday", "rocade")
    assert body["status"] in ("free", "dense", "blocked")
    assert sum(body["probabilities"].values()) == pytest.approx(1, abs=0.01)
    assert max(body["probabilities"], key=body["probabilities"].get) == body["status"]
    assert body["model_version"]
    assert body["trained_on"]


def test_the_shipped_model_says_that_it_learnt_from_simulated_data(client):
    body = client.get("/api/v1/forecast?hour=8").get_json()
    assert body["simulated"] is True
    assert (body["basis"], body["observed_share"]) == ("initial", 0.0)


def test_day_and_zone_have_defaults(client):
    body = client.get("/api/v1/forecast?hour=8").get_json()
    # NOW is a Monday.
    assert (body["day"], body["zone"]) == ("monday", "centre-ville")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("hour=24", "hour"),
        ("hour=-1", "hour"),
        ("hour=abc", "hour"),
        ("hour=", "hour"),
        ("", "hour"),
        ("hour=8.5", "hour"),
        ("hour=8&day=lundi", "day"),
        ("hour=8&day=", "day"),
        ("hour=8&zone=paris", "zone"),
        ("hour=8&zone=", "zone"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_parameter(client, query, parameter):
    body = problem_of(client.get(f"/api/v1/forecast?{query}"), 400)
    assert body["parameter"] == parameter
    assert "expected" in body["detail"]


def test_unknown_paths_and_methods_of_the_api_are_problems(client):
    problem_of(client.get("/api/v1/nothing"), 404)
    for ask, path, allowed in (
        (client.post, "/api/v1/traffic", "GET"),
        (client.get, "/api/v1/segmentation", "POST"),
    ):
        response = ask(path)
        problem_of(response, 405)
        assert allowed in response.headers["Allow"]


def test_a_fault_of_ours_is_journalled_and_not_shown(tmp_path, monkeypatch, caplog):
    settings = load_settings(data_dir=tmp_path, monitor_level="off")
    app = create_app(settings, clock=lambda: NOW)

    @app.server.get("/api/v1/broken")
    def broken():
        raise RuntimeError("secret detail")

    response = app.server.test_client().get("/api/v1/broken")
    problem_of(response, 500)
    assert "secret detail" not in response.text
    assert "secret detail" in caplog.text


def test_health_and_readiness(client, store):
    assert client.get("/healthz").get_json() == {"status": "ok"}
    waiting = client.get("/readyz")
    assert waiting.status_code == 503
    assert waiting.get_json()["checks"]["snapshot"]["reason"] == "no snapshot has been received yet"
    network = make_network()
    store.publish(network, make_snapshot_for(network))
    path = store.data_dir / "networks" / f"{network.version}.geojson"
    path.write_bytes(b"")
    damaged = client.get("/readyz").get_json()["checks"]["snapshot"]
    assert damaged["ok"] is False
    assert f"cannot be read: network {network.version} was damaged" in damaged["reason"]
    store.publish(network, make_snapshot_for(network))
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_json()["checks"]["snapshot"]["age_s"] == 240
    assert ready.get_json()["checks"]["forecasts"]["ok"] is True


def test_readiness_says_why_the_object_storage_brings_nothing(tmp_path):
    (tmp_path / "replication").mkdir()
    (tmp_path / "replication" / "traffic.problem").write_text("it denies")
    settings = load_settings(data_dir=tmp_path, storage_url=f"file://{tmp_path}/bucket")
    told = create_app(settings).server.test_client().get("/readyz").get_json()
    assert told["storage"] == {"problems": {"traffic": "it denies"}}


def test_pages_only_load_from_here(client):
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "http" not in policy
    assert 'src="http' not in response.text
    assert 'href="http' not in response.text


@pytest.mark.parametrize("path", ["/nothing", "/network", "/a/b/c"])
def test_an_unknown_page_is_404_in_the_language_of_the_user(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "Page introuvable" in response.text
    assert 'href="/"' in response.text


def test_no_cookie_is_set_on_a_visitor(client, published):
    for path in ("/", "/api/v1/traffic", "/_dash-layout", "/healthz"):
        assert "Set-Cookie" not in client.get(path).headers


def test_importing_the_application_does_no_work_and_no_tensorflow(tmp_path):
    code = (
        "import sys, app\n"
        "assert not any(tmp for tmp in ('tensorflow', 'keras') if tmp in sys.modules)\n"
        "from services.base.settings import load_settings\n"
        "app.create_app(load_settings()).server.test_client().get('/api/v1/forecast?hour=8')\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    environment = {"TRAFFIC_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin"}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr


def test_metrics_are_open_unless_a_token_is_asked_for(make_client):
    client = make_client()
    client.get("/healthz")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert 'traffic_requests_total{callback="-",endpoint="healthz",status="2xx"} 1.0' in answer.text
    token = "a-token-of-sixteen-letters"
    locked = make_client(metrics_token=token)
    assert locked.get("/metrics").status_code == 401
    assert locked.get("/metrics", headers={"Authorization": "Bearer no"}).status_code == 401
    given = locked.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert given.status_code == 200


def test_an_error_answer_names_its_request_in_body_and_header(make_client):
    client = make_client()
    given = "0123456789abcdef"
    answer = client.get("/api/v1/forecast?hour=99", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given
    assert answer.get_json()["request_id"] == given
    assert "X-Request-ID" not in client.get("/healthz").headers


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"output": "made.up", "inputs": []}', b'{"output": []}']
)
def test_a_callback_that_does_not_exist_is_the_caller_s_fault(make_client, body):
    answer = make_client().post(
        "/_dash-update-component", data=body, content_type="application/json"
    )
    assert answer.status_code == 400


def test_a_script_that_does_not_exist_is_not_found(make_client):
    client = make_client()
    for path in ("/_dash-component-suites/no/such.js", "/_dash-component-suites/dash/such.js"):
        assert client.get(path).status_code == 404


def test_what_is_too_large_is_refused(make_client):
    client = make_client()
    answer = client.post(
        "/_dash-update-component", data=b"x" * 2_000_000, content_type="application/json"
    )
    assert answer.status_code == 413
    assert client.post("/api/v1/traffic", data=b"x" * 2_000_000).status_code == 405


def test_pages_allow_no_device_and_tls_stays_tls(make_client):
    client = make_client(trusted_proxies=1)
    plain = client.get("/")
    assert "camera=()" in plain.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in plain.headers
    secure = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert "max-age=31536000" in secure.headers["Strict-Transport-Security"]
    untrusted = make_client().get("/", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in untrusted.headers


def test_the_backdrop_comes_from_this_server_alone(make_client):
    png = b"\x89PNG\r\n\x1a\n"
    with fault_server(reply_with(png)) as server:
        template = server.url + "/{z}/{x}/{y}.png"
        client = make_client(tiles_url=template)
        page = client.get("/")
        assert server.url not in routed(client).text
        assert "127.0.0.1" not in page.headers["Content-Security-Policy"]
        answer = client.get("/tiles/12/2028/1421.png")
        assert answer.data == png
        assert "max-age=604800" in answer.headers["Cache-Control"]
        again = client.get(
            "/tiles/12/2028/1421.png", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
        assert client.get("/tiles/12/0/0.png").status_code == 204
    missing = client.get("/tiles/12/2027/1421.png")
    assert (missing.status_code, missing.data) == (204, b"")
    assert missing.headers["Cache-Control"] == "public, max-age=60"
    assert make_client(tiles_url="none").get("/tiles/12/2028/1421.png").status_code == 404
