from __future__ import annotations

import json
import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from services.base.errors import FeedRefused
from services.city.rennes import RENNES
from services.observe import gate
from services.observe.feeds.reply import CheckedReply, check_reply
from services.traffic.network import decode_network, encode_network
from services.traffic.status import Status, status_of_speed_ratio
from tests.feed_replies import OBSERVED_AT, RECEIVED_AT, encode, make_record, make_records

THERE_AND_BACK = [[[-1.7, 48.1], [-1.6, 48.1]], [[-1.6, 48.1], [-1.7, 48.1]]]


def check(records: object, **options: object) -> CheckedReply:
    body = records if isinstance(records, bytes) else encode(records)
    return check_reply(
        body, **{"city": RENNES, "source": "live", "received_at": RECEIVED_AT, **options}
    )


def refused_field(records: object, **options: object) -> str:
    with pytest.raises(FeedRefused) as refusal:
        check(records, **options)
    return refusal.value.field


def test_a_sound_reply_gives_every_segment_in_order_of_its_id():
    records = make_records()
    random.Random(1).shuffle(records)  # noqa: S311 - an order, not a secret
    reply = check(records)
    assert reply.network.segment_ids == tuple(f"{10_000 + n}_D" for n in range(40))
    assert reply.snapshot.observed_at == OBSERVED_AT
    assert reply.snapshot.source == "live"
    assert reply.snapshot.rejected_rows == 0
    assert reply.snapshot.columns["speed_kmh"].tolist() == [45.0] * 40


def test_the_order_of_a_reply_changes_neither_network_nor_snapshot():
    records = make_records()
    assert check(records).snapshot.version == check(records[::-1]).snapshot.version
    assert check(records).network.version == check(records[::-1]).network.version


def test_renumbered_technical_ids_keep_the_network():
    renumbered = [
        {**record, "gml_id": "other", "id_rva_troncon_fcd_v1_1": 7} for record in make_records()
    ]
    assert check(renumbered).network.version == check(make_records()).network.version


def test_both_geometry_types_are_read():
    one_part = make_record(0)
    coordinates = one_part["geo_shape"]["geometry"]["coordinates"]
    two_parts = make_record(1)
    two_parts["geo_shape"] = {
        "geometry": {"type": "MultiLineString", "coordinates": [coordinates[:2], coordinates[1:]]}
    }
    reply = check([one_part, two_parts])
    # Parts that touch are one line.
    assert [len(parts) for parts in reply.network.geometry] == [1, 1]
    assert reply.network.length_m[0] == pytest.approx(reply.network.length_m[1])


def test_filler_speed_of_unknown_segments_is_never_a_speed():
    records = make_records()
    records[3] |= {
        "trafficstatus": "unknown",
        "vehicleprobemeasurement": 0,
        "averagevehiclespeed": 50,
    }
    table = check(records).snapshot.columns
    assert table["status"][3] == Status.UNKNOWN
    assert np.isnan(table["speed_kmh"][3])
    assert np.isnan(table["travel_time_s"][3])


def test_unknown_segments_need_no_other_value():
    records = make_records()
    for record in records[:30]:
        record |= {"trafficstatus": "unknown", "averagevehiclespeed": None, "traveltime": None}
        record |= {"traveltimereliability": None, "vehicleprobemeasurement": None}
    snapshot = check(records).snapshot
    assert snapshot.rejected_rows == 0
    assert snapshot.status_codes().tolist() == [Status.UNKNOWN] * 30 + [Status.FREE_FLOW] * 10
    assert snapshot.columns["probes"][:30].tolist() == [0] * 30


def test_a_closed_segment_is_read():
    records = make_records()
    records[5]["trafficstatus"] = "impossible"
    assert check(records).snapshot.columns["status"][5] == Status.IMPOSSIBLE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("averagevehiclespeed", None),
        ("averagevehiclespeed", "45"),
        ("averagevehiclespeed", -3),
        ("averagevehiclespeed", 900),
        ("averagevehiclespeed", True),
        ("traveltime", None),
        ("traveltimereliability", 130),
        ("trafficstatus", "fluide"),
        ("trafficstatus", None),
        ("vehicleprobemeasurement", 1.5),
    ],
)
def test_a_single_bad_row_becomes_unknown_and_is_counted(field, value):
    records = make_records()
    records[7][field] = value
    snapshot = check(records).snapshot
    assert snapshot.rejected_rows == 1
    assert snapshot.columns["status"][7] == Status.UNKNOWN
    assert (snapshot.columns["status"] == Status.FREE_FLOW).sum() == 39


@pytest.mark.parametrize(
    "field",
    [
        "averagevehiclespeed",
        "trafficstatus",
        "predefinedlocationreference",
        "geo_shape",
        "vitesse_maxi",
        "datetime",
        "denomination",
    ],
)
def test_a_renamed_field_refuses_the_reply_by_name(field):
    renamed = [
        {("x_" + key if key == field else key): value for key, value in record.items()}
        for record in make_records()
    ]
    assert refused_field(renamed) == field


def test_wrong_types_everywhere_refuse_the_reply_by_name():
    texts = [{**record, "traveltime": "12"} for record in make_records()]
    assert refused_field(texts) == "traveltime"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Service indisponible</body></html>",
        b"[]",
        b"null",
        b"12",
        b'["a"]',
        encode(make_records())[:-40],
        b'{"error_code": "InvalidRESTParameterError", "message": "limit"}',
        b"\xff\xfe\x00",
        encode(make_records()).replace("Réseau".encode(), "Réseau".encode("latin-1")),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        encode(make_records()).replace(b'"Rue 0"', b"[" * 9_000 + b"]" * 9_000),
        encode([{}, {}]),
    ],
)
def test_what_is_no_list_of_records_is_refused_as_a_body(body):
    assert refused_field(body) == "body"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b"\xef\xbb\xbfdateTime;predefinedLocationReference\n2025-11-24;10000_D\n",
            "CSV, not JSON",
        ),
        (b"<html><body>Service indisponible</body></html>", "not JSON"),
        (encode({"error_code": "X", "message": "Unknown dataset"}), "Unknown dataset"),
        (encode({"nhits": 1, "records": [{"fields": make_record(0)}]}), "nhits, records"),
        (encode({"total_count": 1, "results": make_records()}), "total_count, results"),
        (encode({"type": "FeatureCollection", "features": []}), "type, features"),
        (encode([{"recordid": "a", "fields": r} for r in make_records()]), "any field of the feed"),
    ],
)
def test_another_form_of_the_dataset_says_which_one_is_needed(body, said):
    with pytest.raises(FeedRefused, match="exports/json") as refusal:
        check(body)
    assert refusal.value.field == "body"
    assert said in refusal.value.reason
    assert len(str(refusal.value)) < 400


def test_an_error_object_tells_its_message():
    with pytest.raises(FeedRefused, match="Unknown dataset"):
        check({"error_code": "404", "message": "Unknown dataset"})


def test_a_repeated_id_is_taken_once_and_counted():
    reply = check([*make_records(), make_record(3, averagevehiclespeed=5)])
    assert len(reply.network) == 40
    assert reply.snapshot.rejected_rows == 1
    assert reply.snapshot.columns["speed_kmh"][3] == 45.0


def test_too_many_repeated_ids_refuse_the_reply():
    assert refused_field(make_records() + make_records()) == "predefinedlocationreference"


def test_a_segment_outside_the_area_is_left_out_and_counted():
    records = make_records()
    records[2]["geo_shape"]["geometry"]["coordinates"] = [[2.35, 48.85], [2.36, 48.85]]
    reply = check(records)
    assert len(reply.network) == 39
    assert reply.snapshot.rejected_rows == 1


def test_latitudes_and_longitudes_exchanged_refuse_the_reply():
    records = make_records()
    for record in records:
        line = record["geo_shape"]["geometry"]["coordinates"]
        record["geo_shape"]["geometry"]["coordinates"] = [[lat, lon] for lon, lat in line]
    assert refused_field(records) == "geo_shape"


def test_null_points_leave_the_segment_out():
    records = make_records()
    records[0]["geo_shape"] = None
    records[0]["geo_point_2d"] = None
    assert len(check(records).network) == 39


def test_an_old_time_is_late_not_wrong():
    snapshot = check(make_records(), received_at=RECEIVED_AT + timedelta(days=2)).snapshot
    assert snapshot.source == "live"
    assert snapshot.observed_at == OBSERVED_AT


def test_a_time_in_the_future_is_refused():
    assert refused_field(make_records(), received_at=RECEIVED_AT - timedelta(hours=1)) == "datetime"


@pytest.mark.parametrize(
    "text",
    [
        "hier", "2025-11-24T08:40:00", "", None, 5, {"a": [[]]},
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1970-01-01T00:00:00+00:00",
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(text):
    assert refused_field([{**record, "datetime": text} for record in make_records()]) == "datetime"


def test_a_time_that_goes_back_is_refused():
    previous = check(make_records()).snapshot
    earlier = [{**record, "datetime": "2025-11-24T08:37:00+01:00"} for record in make_records()]
    assert refused_field(earlier, previous=previous) == "datetime"


def test_the_hour_that_comes_twice_does_not_go_back():
    # 2025-10-26: 02:55 +02:00 comes five minutes before 02:00 +01:00.
    before = [{**record, "datetime": "2025-10-26T02:55:00+02:00"} for record in make_records()]
    after = [{**record, "datetime": "2025-10-26T02:00:00+01:00"} for record in make_records()]
    previous = check(before).snapshot
    assert check(after, previous=previous).snapshot.observed_at - previous.observed_at == timedelta(
        minutes=5
    )


def test_nothing_known_anywhere_is_refused():
    silent = [
        {**r, "trafficstatus": "unknown", "vehicleprobemeasurement": 0} for r in make_records()
    ]
    assert refused_field(silent) == "trafficstatus"


def test_a_known_network_is_kept_and_missing_segments_read_unknown():
    whole = check(make_records())
    part = check(make_records()[:-4], known_network=whole.network)
    assert part.network is whole.network
    assert part.snapshot.columns["status"].tolist() == [1] * 36 + [0] * 4


def test_a_reply_that_lacks_most_of_the_network_is_refused():
    whole = check(make_records())
    assert refused_field(make_records()[:10], known_network=whole.network) == "records"


@pytest.mark.parametrize(
    "reply",
    [
        [*make_records(4), make_record(99)],
        [make_record(99)],
        [*make_records(19), *(make_record(number) for number in range(90, 95))],
    ],
)
def test_new_segments_make_up_for_no_missing_network(reply):
    whole = check(make_records())
    assert refused_field(reply, known_network=whole.network) == "records"


@pytest.mark.parametrize("present", [21, 30, 37])
def test_a_new_segment_joins_what_is_known_while_far_more_are_missing(present):
    whole = check(make_records())
    # Its id comes before all others: the order of ids is kept.
    new = make_record(99, predefinedlocationreference="0_D")
    reply = [*make_records(present), new]
    part = check(reply, known_network=whole.network)
    assert part.network.segment_ids == ("0_D", *whole.network.segment_ids)
    assert part.network.names.tolist() == [new["denomination"], *whole.network.names]
    assert part.network.length_m[1:].tolist() == whole.network.length_m.tolist()
    missing = 40 - present
    assert part.snapshot.status_codes().tolist() == [1] * (1 + present) + [0] * missing
    assert part.snapshot.rejected_rows == 0
    # What joined stays, also as it is kept, and the whole reply brings the whole network.
    version = part.network.version
    kept = decode_network(RENNES, encode_network(part.network), version)
    assert check(reply, known_network=kept).network is kept
    assert check(make_records(present), known_network=kept).network is kept
    assert len(check([*make_records(), new], known_network=kept).network) == 41


def test_a_new_segment_that_cannot_be_drawn_joins_nothing():
    whole = check(make_records())
    reply = [*make_records(20), make_record(99, vitesse_maxi=None)]
    part = check(reply, known_network=whole.network)
    assert part.network is whole.network
    assert part.problems == {"vitesse_maxi": 1}


@pytest.mark.parametrize("kept", [0, 4, 20])
def test_segments_may_get_other_ids_all_at_once(kept):
    whole = check(make_records())
    renumbered = [*make_records(kept), *(make_record(100 + number) for number in range(40 - kept))]
    assert len(check(renumbered, known_network=whole.network).network) == 40


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("predefinedlocationreference", "1" * 65),
        ("denomination", "x" * 100_000),
        ("hierarchie", "x" * 101),
        ("geo_shape", {"geometry": {"type": "LineString", "coordinates": [[-1.7, 48.1]] * 9_000}}),
        (
            "geo_shape",
            {"geometry": {"type": "MultiLineString", "coordinates": THERE_AND_BACK * 300}},
        ),
    ],
)
def test_a_field_too_long_leaves_its_segment_out_by_name(field, value):
    records = make_records()
    records[3][field] = value
    reply = check(records)
    assert len(reply.network) == 39
    assert reply.problems == {field: 1}
    assert reply.network.names.nbytes + reply.network.road_classes.nbytes < 50_000
    assert refused_field([{**record, field: value} for record in records]) == field


def test_more_segments_than_any_network_has_are_refused(monkeypatch):
    monkeypatch.setattr(gate, "MAX_SEGMENTS", 39)
    assert refused_field(make_records()) == "records"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"[" + b"{}," * 400 + b"{}]", "objects"),
        (b'[{"datetime":[' + b"[]," * 900 + b"[]]}]", "lists"),
        (b'[{"datetime":[' + b"1.5," * 4_000 + b"1]}]", "values"),
    ],
)
def test_a_reply_that_would_fill_the_memory_is_refused_before_it_is_decoded(
    body, name, monkeypatch
):
    monkeypatch.setattr(gate, "MAX_SEGMENTS", 40)
    assert len(check(make_records()).network) == 40
    with pytest.raises(FeedRefused, match=f"^body: [0-9]+ {name}, too many for 40 records$"):
        check(body)


def test_a_new_segment_makes_a_new_network():
    whole = check(make_records())
    grown = check(make_records(41), known_network=whole.network)
    assert grown.network.version != whole.network.version
    assert len(grown.network) == 41


def test_a_changed_speed_limit_makes_a_new_network():
    whole = check(make_records())
    changed = check(
        [make_record(0, vitesse_maxi=30), *make_records()[1:]], known_network=whole.network
    )
    assert changed.network.speed_limit_kmh[0] == 30


def test_refusing_names_the_field_for_the_journal():
    with pytest.raises(FeedRefused, match=r"^averagevehiclespeed: missing from every record$"):
        check([{k: v for k, v in r.items() if k != "averagevehiclespeed"} for r in make_records()])


@pytest.mark.realdata
def test_the_real_reply_is_read_whole(rennes_reply):
    reply = check_reply(rennes_reply, city=RENNES, source="live", received_at=RECEIVED_AT)
    assert len(reply.network) == 2_859
    assert reply.snapshot.rejected_rows == 0
    counts = np.bincount(reply.snapshot.status_codes(), minlength=5).tolist()
    assert counts == [607, 1403, 737, 112, 0]
    assert reply.snapshot.observed_at == datetime.fromisoformat("2024-08-26T12:43:00+02:00")
    assert reply.network.length_m.sum() == pytest.approx(421_200, rel=0.01)


@pytest.mark.realdata
def test_the_thresholds_are_those_of_the_feed(rennes_reply):
    reply = check_reply(rennes_reply, city=RENNES, source="live", received_at=RECEIVED_AT)
    ratio = reply.snapshot.columns["speed_kmh"] / reply.network.speed_limit_kmh
    codes = status_of_speed_ratio(ratio, RENNES.thresholds)
    assert (codes != reply.snapshot.status_codes()).sum() <= 45


@pytest.mark.realdata
def test_a_year_later_the_same_ids_and_line_strings(rennes_reply, rennes_records):
    whole = check_reply(rennes_reply, city=RENNES, source="live", received_at=RECEIVED_AT)
    assert {json.loads(line)["geo_shape"]["geometry"]["type"] for line in rennes_records} == {
        "LineString"
    }
    later = check_reply(
        b"[" + b",".join(rennes_records) + b"]", city=RENNES, source="live", received_at=RECEIVED_AT
    )
    assert set(later.network.segment_ids) <= set(whole.network.segment_ids)
