"""The monitoring counts by the days and hours of Rennes, those on which the clock changes too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from services.city.rennes import RENNES
from tests.services.web.monitoring.app import build_server, database_of, log_in, settings_in

CHANGES = [date(2026, 3, 29), date(2026, 10, 25)]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """The operator's, where one request was made in each hour around both changes of the clock."""
    tmp_path = tmp_path_factory.mktemp("data")
    client = log_in(build_server(settings_in(tmp_path, monitor_level="1")))
    with closing(sqlite3.connect(database_of(tmp_path))) as connection, connection:
        connection.execute("INSERT INTO CustomGraph (title) VALUES ('graph')")
        for day in CHANGES:
            first = datetime(day.year, day.month, day.day, tzinfo=RENNES.time_zone).astimezone(UTC)
            for hour in range(-24, 2 * 24 + 2):
                time = f"{first + timedelta(hours=hour, minutes=30):%Y-%m-%d %H:%M:%S.%f}"
                connection.execute(
                    "INSERT INTO Request (endpoint_id, duration, time_requested, version_requested,"
                    " group_by, ip, status_code)"
                    " SELECT id, 1, ?, '1', '-', '-', 200 FROM Endpoint WHERE name = 'pair'",
                    (time,),
                )
                connection.execute(
                    "INSERT INTO CustomGraphData (graph_id, time, value) VALUES (1, ?, 1)", (time,)
                )
    return client


def period(day: date) -> str:
    return f"{day - timedelta(days=1)}/{day + timedelta(days=1)}"


@pytest.mark.parametrize(("day", "hours"), [(CHANGES[0], 23), (CHANGES[1], 25)])
def test_a_day_on_which_the_clock_changes_has_its_own_hours(
    client: FlaskClient, day: date, hours: int
) -> None:
    answer = client.get(f"/dashboard/api/hourly_load/{period(day)}")
    assert answer.status_code == 200
    load = answer.json
    assert load["days"][1] == day.isoformat()
    per_day = [sum(hour[k] for hour in load["data"]) for k in range(3)]
    assert per_day == [24, hours, 24]
    # 02:00 does not exist in spring and comes twice in autumn.
    assert load["data"][2][1] == {23: 0, 25: 2}[hours]
    assert [load["data"][hour][2] for hour in range(24)] == [1] * 24
    by_day = client.get(f"/dashboard/api/requests/{period(day)}").json
    (pair,) = [item for item in by_day["data"] if item["name"] == "pair"]
    assert pair["values"] == [24, hours, 24]
    alone = client.get(f"/dashboard/api/custom_graph/1/{day}/{day}").json
    assert len(alone) == hours
    times = [datetime.fromisoformat(value["time"]) for value in alone]
    assert {time.astimezone(RENNES.time_zone).date() for time in times} == {day}
    assert all(time.utcoffset() == time.astimezone(RENNES.time_zone).utcoffset() for time in times)


def test_pages_are_told_whose_clock_they_write_times_by(client: FlaskClient) -> None:
    assert f'data-time-zone="{RENNES.time_zone.key}"' in client.get("/dashboard/overview").text
