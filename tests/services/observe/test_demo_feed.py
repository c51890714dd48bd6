"""The demo feed's reply: the API's words, pure, and equal to its arrays."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import orjson
import pytest

from services.city.rennes import RENNES
from services.observe.demo import DemoFeed
from services.plain.statuses import DATEX_NAMES

# Key by key, in the API's order, the types of the reply of `exports/json`.
SCHEMA: dict[str, tuple[type, ...]] = {
    "datetime": (str,),
    "predefinedlocationreference": (str,),
    "averagevehiclespeed": (int,),
    "traveltime": (int,),
    "traveltimereliability": (int,),
    "trafficstatus": (str,),
    "vehicleprobemeasurement": (int,),
    "geo_point_2d": (dict,),
    "geo_shape": (dict,),
    "gml_id": (str,),
    "id_rva_troncon_fcd_v1_1": (int,),
    "hierarchie": (str,),
    "hierarchie_dv": (str,),
    "denomination": (str,),
    "insee": (int,),
    "sens_circule": (str, type(None)),
    "vitesse_maxi": (int,),
}
RUSH_HOUR = datetime(2026, 1, 13, 7, 16, 42, tzinfo=UTC)


@pytest.fixture(scope="module")
def records(feed: DemoFeed) -> list[dict[str, object]]:
    return orjson.loads(feed.reply(RUSH_HOUR))


def test_has_the_keys_and_types_of_the_api(records: list[dict[str, object]]) -> None:
    assert len(records) == 2_859
    for record in records:
        assert list(record) == list(SCHEMA)
        for key, types in SCHEMA.items():
            assert type(record[key]) in types, key
        assert record["trafficstatus"] in DATEX_NAMES


def test_equals_the_arrays(feed: DemoFeed, records: list[dict[str, object]]) -> None:
    observed = feed.observations([RUSH_HOUR])
    columns = {
        "averagevehiclespeed": observed.speed_kmh[0].tolist(),
        "traveltime": observed.travel_time_s[0].tolist(),
        "traveltimereliability": observed.reliability_pct[0].tolist(),
        "trafficstatus": [DATEX_NAMES[code] for code in observed.status[0]],
        "vehicleprobemeasurement": observed.probes[0].tolist(),
        "predefinedlocationreference": list(feed.network.ids),
        "denomination": feed.network.names.tolist(),
        "vitesse_maxi": feed.network.limit_kmh.tolist(),
    }
    for key, expected in columns.items():
        assert [record[key] for record in records] == expected, key


def test_time_is_the_start_of_the_period_in_local_time(feed: DemoFeed) -> None:
    for at, expected in (
        (RUSH_HOUR, "2026-01-13T08:15:00+01:00"),
        (datetime(2026, 7, 14, 10, 2, 59, tzinfo=UTC), "2026-07-14T12:00:00+02:00"),
    ):
        stamps = {record["datetime"] for record in orjson.loads(feed.reply(at))}
        assert stamps == {expected}


def test_same_instant_gives_the_same_bytes_however_it_is_written(feed: DemoFeed) -> None:
    tokyo = RUSH_HOUR.astimezone(timezone(timedelta(hours=9)))
    period_end = RUSH_HOUR.replace(minute=17, second=59)
    assert feed.reply(RUSH_HOUR) == feed.reply(tokyo) == feed.reply(period_end)
    assert feed.reply(RUSH_HOUR) != feed.reply(RUSH_HOUR + timedelta(minutes=3))
    as_array = np.array([RUSH_HOUR.replace(tzinfo=None)], "datetime64[ms]")
    assert np.array_equal(
        feed.observations(as_array).speed_kmh, feed.observations([RUSH_HOUR]).speed_kmh
    )


def test_another_process_gives_the_same_bytes() -> None:
    script = (
        "import hashlib, datetime as d; from services.observe.demo import DemoFeed;"
        "r = DemoFeed(7, 700).reply(d.datetime(2026, 1, 13, 7, 16, tzinfo=d.UTC));"
        "print(hashlib.sha256(r).hexdigest())"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    reply = DemoFeed(7, 700).reply(datetime(2026, 1, 13, 7, 16, tzinfo=UTC))
    assert result.stdout.strip() == hashlib.sha256(reply).hexdigest()


def test_segments_and_their_order_never_change(feed: DemoFeed) -> None:
    moving = list(SCHEMA)[2:7]

    def fixed_part(at: datetime) -> list[dict[str, object]]:
        return [
            {key: value for key, value in record.items() if key not in (*moving, "datetime")}
            for record in orjson.loads(feed.reply(at))
        ]

    assert fixed_part(RUSH_HOUR) == fixed_part(RUSH_HOUR + timedelta(days=200, hours=5))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_refuses_a_seed_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match="seed="):
        DemoFeed(seed=seed)


def test_refuses_a_time_without_a_zone(feed: DemoFeed) -> None:
    with pytest.raises(ValueError, match="time zone"):
        feed.reply(datetime(2026, 1, 13, 8))


@pytest.mark.parametrize(
    "local",
    [
        datetime(2026, 10, 25, 2, 30, tzinfo=RENNES.time_zone),
        datetime(2026, 10, 25, 2, 30, tzinfo=RENNES.time_zone, fold=1),
        datetime(2026, 3, 29, 3, 0, tzinfo=RENNES.time_zone),
    ],
)
def test_answers_through_changes_of_the_clock(feed: DemoFeed, local: datetime) -> None:
    stamp = orjson.loads(feed.reply(local))[0]["datetime"]
    assert datetime.fromisoformat(stamp) == local.astimezone(UTC)


def test_answers_for_several_copies_of_the_network() -> None:
    records = orjson.loads(DemoFeed(segments=6_000).reply(RUSH_HOUR))
    assert len({record["predefinedlocationreference"] for record in records}) == 6_000
    assert {record["trafficstatus"] for record in records} >= set(DATEX_NAMES[:4])
