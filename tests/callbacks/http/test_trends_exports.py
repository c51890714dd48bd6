"""What views of the archive show, as files over HTTP."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from services.plain.trends.asking import Away, Busy, Done, Failed, Queued, Running
from services.plain.trends.curve import CurveQuery
from services.plain.trends.export import ExportAnswer
from services.web.trends_client import TrendsClient

CURVE = "/tendances/export.csv?vue=courbe&lieu=zone:centre-ville&jour=2026-11-24&mesure=speed"
BODY = "\ufeffclock;speed_kmh\r\n00:00;48.5\r\n".encode()


@pytest.fixture
def archive(monkeypatch, published):
    """The archive's process: what it is asked, and what it answers."""

    found = SimpleNamespace(outcome=Done(ExportAnswer(BODY, 1)), asked=[])

    def ask(_self, query, wait_s, asker=""):
        assert wait_s < 1
        found.asked.append(query)
        return found.outcome

    monkeypatch.setattr(TrendsClient, "ask", ask)
    return found


def problem(response, status):
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    return response.get_json()


def test_a_file_comes_as_it_was_made_under_a_name_that_tells_what_it_is(client, archive):
    response = client.get(f"{CURVE}&lang=en")
    assert response.status_code == 200
    assert response.data == BODY
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=tendances-courbe-zone-centre-ville-2026-11-24-speed.csv"
    )
    [query] = archive.asked
    assert (query.view, query.form, query.language) == ("courbe", "csv", "en")
    question = msgspec.msgpack.decode(query.question, type=CurveQuery)
    assert (question.place, question.measure) == ("zone:centre-ville", "speed")
    again = client.get(CURVE, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("form", "content_type", "end"),
    [
        ("parquet", "application/vnd.apache.parquet", ".parquet"),
        ("json", "application/json", "-definitions.json"),
    ],
)
def test_other_forms_have_their_own_types(client, archive, form, content_type, end):
    response = client.get(CURVE.replace("csv", form))
    assert response.content_type == content_type
    assert response.headers["Content-Disposition"].endswith(end)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("vue=nosuchview", "vue"),
        ("vue=courbe&jour=yesterday", "jour"),
        ("vue=courbe&mesure=noise", "mesure"),
        ("vue=courbe&du=2026-11-01&jours=mardi", "jours"),
        ("&".join(f"p{number}=1" for number in range(60)), "?"),
    ],
)
def test_what_makes_no_sense_is_said(client, archive, query, parameter):
    found = problem(client.get(f"/tendances/export.csv?{query}"), 400)
    assert found["parameter"] == parameter
    assert archive.asked == []


def test_one_place_is_no_map(client, archive):
    found = problem(client.get(CURVE.replace("csv", "geojson")), 400)
    assert "bouchons" in found["detail"]


def test_a_form_that_there_is_not_is_not_found(client, archive):
    assert client.get(CURVE.replace("csv", "xlsx")).status_code == 404


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("refused", 400),
        ("unknown_place", 400),
        ("nothing_stored", 404),
        ("no_history", 404),
        ("time", 422),
    ],
)
def test_why_there_is_no_file(client, archive, reason, status):
    archive.outcome = Failed(reason, "no such place")
    found = problem(client.get(CURVE), status)
    assert (found["detail"], found["reason"]) == ("no such place", reason)


@pytest.mark.parametrize(("reason", "status"), [("failed", 500), ("memory", 422)])
def test_what_our_errors_say_of_this_machine_is_told_nobody(client, archive, reason, status):
    archive.outcome = Failed(reason, "OperationalError: no host 10.0.0.7, /srv/traffic/data.db")
    found = problem(client.get(CURVE), status)
    assert found["reason"] == reason
    assert "10.0.0.7" not in str(found)
    assert "/srv" not in str(found)


@pytest.mark.parametrize("outcome", [Running(3, 10), Queued(2)])
def test_while_it_is_made_one_comes_back(client, archive, outcome):
    archive.outcome = outcome
    response = client.get(CURVE)
    problem(response, 503)
    assert response.headers["Retry-After"] == "1"
    patient = client.get(CURVE, headers={"Prefer": "respond-async"})
    problem(patient, 202)
    assert patient.headers["Retry-After"] == "1"


@pytest.mark.parametrize("outcome", [Away(), Busy()])
def test_where_nobody_answers_one_comes_back_later(client, archive, outcome):
    archive.outcome = outcome
    response = client.get(CURVE, headers={"Prefer": "respond-async"})
    problem(response, 503)
    assert response.headers["Retry-After"] == "10"


def test_before_there_is_a_network_there_is_nothing_to_ask(client):
    problem(client.get(CURVE), 503)
