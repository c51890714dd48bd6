from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.history import layout, upkeep, writer
from services.history.__main__ import main
from services.observe.archives import run
from services.observe.archives.run import Importer
from services.traffic.status import Status
from services.traffic.store import Store
from tests.conftest import REAL_DATA
from tests.factories import OBSERVED_AT, make_network, make_records, make_snapshot_for
from tests.services.history.days import (
    append,
    file_names,
    keep_network,
    moments,
    observations,
    typical_week,
)
from tests.services.observe import archives
from tests.waiting import wait_until

DAY = OBSERVED_AT.date()
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def data_dir(tmp_path):
    Store(RENNES, tmp_path / "data").prepare()
    return tmp_path / "data"


def write(directory, name, content):
    path = directory / name
    path.write_bytes(content)
    return path


def take(data_dir, *paths, source="live", adds_to_the_usual_week=False):
    """What the command does; writing the usual week takes longest and matters to few tests."""
    importer = Importer(data_dir, source, NOW, lambda *_said: None, city=RENNES)
    reports = [importer.take_file(path) for path in paths]
    list(importer.take_waiting())
    if adds_to_the_usual_week:
        importer.finish()
    return reports if len(reports) > 1 else reports[0]


def by_id(data_dir, day=DAY, source="live"):
    """The observations of a day by segment id and time, whatever their network."""
    frame = observations(data_dir, source, day)
    networks = {v: Store(RENNES, data_dir).network(v) for v in set(frame["network_version"])}
    frame["id"] = [
        networks[version].segment_ids[segment]
        for version, segment in zip(frame["network_version"], frame["segment"], strict=True)
    ]
    frame["limit"] = [
        networks[version].speed_limit_kmh[segment]
        for version, segment in zip(frame["network_version"], frame["segment"], strict=True)
    ]
    columns = ["id", "observed_at", "status", "speed_kmh", "reliability_pct", "probes", "limit"]
    return frame[columns].sort_values(["id", "observed_at"]).reset_index(drop=True)


@pytest.mark.parametrize("multi_line", [False, True])
@pytest.mark.parametrize("shape", archives.SHAPES)
def test_every_shape_of_an_archive_brings_the_same_observations(
    tmp_path, data_dir, network, shape, multi_line
):
    records = make_records(network, multi_line=multi_line)
    report = take(data_dir, write(tmp_path, "archive", archives.SHAPES[shape](records)))
    assert report.problem is None
    assert not report.skipped
    assert report.taken == len(network)
    snapshot = make_snapshot_for(network)
    found = by_id(data_dir)
    assert found["id"].tolist() == list(network.segment_ids)
    assert set(found["observed_at"]) == {OBSERVED_AT}
    assert found["limit"].tolist() == network.speed_limit_kmh.tolist()
    for name in ("status", "speed_kmh", "reliability_pct", "probes"):
        np.testing.assert_array_equal(found[name], snapshot.columns[name], err_msg=name)


def test_what_the_worker_observed_is_there_already_whatever_the_shape(tmp_path, data_dir, network):
    keep_network(data_dir, network)
    writer.append_snapshot(data_dir, make_snapshot_for(network))
    for name, shape in archives.SHAPES.items():
        report = take(data_dir, write(tmp_path, name, shape(make_records(network))))
        assert (report.taken, report.already_there) == (0, len(network)), name
    assert len(list((data_dir / "networks").iterdir())) == 1
    assert file_names(data_dir, "live", DAY) == ["104300.parquet"]


@pytest.mark.parametrize("content", [b"", b"{}", None])
def test_a_damaged_network_is_made_anew_by_an_import_of_the_same(
    tmp_path, data_dir, network, content, caplog
):
    archive = write(tmp_path, "archive.json", archives.exports_json(make_records(network)))
    take(data_dir, archive, adds_to_the_usual_week=True)
    [path] = (data_dir / "networks").iterdir()
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    report = take(data_dir, archive, adds_to_the_usual_week=True)
    assert (report.taken, report.already_there) == (0, len(network))
    assert by_id(data_dir)["id"].tolist() == list(network.segment_ids)
    assert f"{path.name} is unreadable and set aside" in caplog.text
    assert typical_week(data_dir, "live", network).days == 1


def test_the_same_file_twice_and_overlapping_ones_add_nothing_twice(tmp_path, data_dir, network):
    times = moments(datetime(2024, 8, 25, 23, 0, tzinfo=UTC), 40)
    records = [make_records(network, observed_at=moment) for moment in times]
    early = write(tmp_path, "early.json", archives.exports_json([*chain(*records[:25])]))
    late = write(tmp_path, "late.csv", archives.csv_with_names([*chain(*records[15:])]))
    first, again, other = take(data_dir, early, early, late)
    assert (first.taken, first.already_there) == (25 * 60, 0)
    assert (again.taken, again.already_there) == (0, 25 * 60)
    assert (other.taken, other.already_there) == (15 * 60, 10 * 60)
    assert sorted(first.by_day) == [date(2024, 8, 25), date(2024, 8, 26)]
    found = pd.concat([by_id(data_dir, day) for day in sorted(other.by_day | first.by_day)])
    assert len(found) == 40 * 60
    assert not found.duplicated(["id", "observed_at"]).any()
    assert len(list((data_dir / "networks").iterdir())) == 1


def test_importing_twice_leaves_every_file_as_it_was(tmp_path, data_dir, network):
    path = write(tmp_path, "archive.json", archives.exports_json(make_records(network)))
    take(data_dir, path, adds_to_the_usual_week=True)
    stamps = {p: p.stat().st_mtime_ns for p in data_dir.rglob("*.parquet")}
    take(data_dir, path, adds_to_the_usual_week=True)
    assert {p: p.stat().st_mtime_ns for p in data_dir.rglob("*.parquet")} == stamps


def test_pages_of_a_hundred_rows_make_up_a_whole_snapshot(tmp_path, data_dir, network):
    records = make_records(network)
    pages = [
        write(tmp_path, f"page{start}.json", archives.api_2(records[start : start + 20]))
        for start in (0, 20, 40)
    ]
    take(data_dir, *pages)
    found = by_id(data_dir)
    assert found["id"].tolist() == list(network.segment_ids)
    np.testing.assert_array_equal(found["status"], make_snapshot_for(network).columns["status"])


def test_gzip_is_unpacked_also_when_files_were_joined(tmp_path, data_dir, network):
    content = archives.csv_with_names(make_records(network))
    packed = gzip.compress(content[:20_000]) + gzip.compress(content[20_000:]) + bytes(512)
    report = take(data_dir, write(tmp_path, "archive.csv.gz", packed))
    assert report.taken == len(network)
    assert report.problem is None


def test_gzip_damaged_in_the_middle_brings_what_came_before(tmp_path, data_dir, network):
    times = moments(OBSERVED_AT, 40)
    records = [*chain(*(make_records(network, observed_at=moment) for moment in times))]
    packed = bytearray(gzip.compress(archives.json_lines(records)))
    packed[len(packed) // 2 :] = bytes(len(packed) - len(packed) // 2)
    report = take(data_dir, write(tmp_path, "archive.jsonl.gz", bytes(packed)))
    assert 0 < report.taken < len(records)
    assert "gzip" in str(report.problem)


def test_what_is_there_is_never_changed_by_an_archive(tmp_path, data_dir, network):
    append(data_dir, network, [OBSERVED_AT])
    before = by_id(data_dir)
    other = make_records(network, Status.CONGESTED)
    later = make_records(network, Status.HEAVY, observed_at=OBSERVED_AT + timedelta(minutes=3))
    report = take(data_dir, write(tmp_path, "archive.json", archives.exports_json(other + later)))
    assert (report.taken, report.already_there) == (60, 60)
    found = by_id(data_dir)
    pd.testing.assert_frame_equal(
        found[found["observed_at"] == OBSERVED_AT].reset_index(drop=True), before
    )


def test_times_of_any_zone_are_the_same_instants(tmp_path, data_dir, network):
    zones = ("2026-03-29T01:59:00+01:00", "2026-03-29T03:02:00+02:00", "2026-03-29T01:05:00Z")
    autumn = ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T01:33:00+00:00")
    records = [record | {"datetime": t} for t in zones + autumn for record in make_records(network)]
    report = take(data_dir, write(tmp_path, "clock.json", archives.exports_json(records)))
    assert report.taken == 6 * len(network)
    spring = by_id(data_dir, date(2026, 3, 29))["observed_at"].dt.strftime("%H:%M").unique()
    assert sorted(spring) == ["00:59", "01:02", "01:05"]
    twice = by_id(data_dir, date(2026, 10, 25))["observed_at"].dt.strftime("%H:%M").unique()
    assert sorted(twice) == ["00:30", "01:30", "01:33"]


BEYOND = "datetime: in the future, or before there was this feed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"datetime": "2026-10-25T02:30:00"}, "datetime: a time without its zone"),
        ({"datetime": "yesterday"}, "datetime: not an ISO 8601 time"),
        ({"datetime": None}, "datetime: missing"),
        ({"datetime": ""}, "datetime: missing"),
        ({"datetime": 1732437780}, "datetime: a number, not an ISO 8601 time with its zone"),
        ({"datetime": 1732437780.5}, "datetime: a number, not an ISO 8601 time with its zone"),
        ({"datetime": "1732437780000"}, "datetime: a number, not an ISO 8601 time with its zone"),
        ({"datetime": "2031-01-01T00:00:00Z"}, BEYOND),
        ({"datetime": "0001-01-01T00:00:00+01:00"}, BEYOND),
        ({"averagevehiclespeed": 900}, "averagevehiclespeed: not a value of the feed"),
        ({"averagevehiclespeed": "45"}, "averagevehiclespeed: not a value of the feed"),
        ({"trafficstatus": "fluide"}, "trafficstatus: not a value of the feed"),
        ({"traveltimereliability": None}, "traveltimereliability: not a value of the feed"),
        ({"vehicleprobemeasurement": 1.5}, "vehicleprobemeasurement: not a value of the feed"),
        ({"predefinedlocationreference": None}, "predefinedlocationreference: missing"),
        ({"predefinedlocationreference": 10273}, "predefinedlocationreference: not a text"),
        (
            {"predefinedlocationreference": "1" * 65},
            "predefinedlocationreference: over 64 characters",
        ),
        ({"vitesse_maxi": 7_000}, "vitesse_maxi: the segment cannot be drawn"),
        ({"vitesse_maxi": "vite"}, "vitesse_maxi: not a number"),
        (
            {"geo_shape": {"geometry": {"type": "LineString", "coordinates": [[2.3, 48.8]] * 2}}},
            "geo_shape: the segment cannot be drawn",
        ),
        ({"geo_shape": None}, "geo_shape: missing, and no network here knows the segment"),
    ],
)
def test_a_bad_row_is_left_out_and_counted_by_its_reason(
    tmp_path, data_dir, network, changes, reason
):
    records = make_records(network)
    # A segment that was measured: "unknown" needs no other value.
    records[7] |= {"trafficstatus": "freeFlow"} | changes
    report = take(data_dir, write(tmp_path, "archive.json", archives.exports_json(records)))
    assert dict(report.skipped) == {reason: 1}
    assert report.taken == len(network) - 1
    assert any(reason in line for line in report.lines())


def test_unknown_rows_need_no_other_value(tmp_path, data_dir, network):
    records = make_records(network)
    unknown = [record for record in records if record["trafficstatus"] == "unknown"]
    for record in unknown:
        record |= {"averagevehiclespeed": None, "traveltime": None, "traveltimereliability": None}
    report = take(data_dir, write(tmp_path, "archive.json", archives.exports_json(records)))
    assert unknown
    assert not report.skipped
    assert (by_id(data_dir)["status"] == Status.UNKNOWN).sum() == len(unknown)


def test_rows_that_do_not_fit_a_csv_header_are_counted(tmp_path, data_dir, network):
    content = archives.csv_with_names(make_records(network)) + b"cut;short\r\n"
    report = take(data_dir, write(tmp_path, "archive.csv", content))
    assert dict(report.skipped) == {"not a record": 1}
    assert report.taken == len(network)


def test_a_bad_line_of_json_lines_costs_that_line(tmp_path, data_dir, network):
    lines = archives.json_lines(make_records(network)).splitlines()
    lines[4] = lines[4][:50]
    report = take(data_dir, write(tmp_path, "archive.jsonl", b"\n".join(lines)))
    assert dict(report.skipped) == {"not a record": 1}
    assert report.taken == len(network) - 1


def test_an_id_that_comes_twice_at_a_time_is_kept_once(tmp_path, data_dir, network):
    records = make_records(network)
    twice = [*records, records[3] | {"averagevehiclespeed": 3}]
    report = take(data_dir, write(tmp_path, "archive.json", archives.exports_json(twice)))
    assert report.skipped == {"repeated in the file": 1}
    assert by_id(data_dir)["speed_kmh"][3] != 3


def test_the_old_schema_is_read_on_a_known_network_and_says_what_it_lacks(
    tmp_path, data_dir, network
):
    keep_network(data_dir, network)
    records = archives.old_schema(make_records(network))
    records[9]["geo_shape"] = None
    records.append(records[11])
    report = take(data_dir, write(tmp_path, "2021.json", archives.exports_json(records)))
    assert report.taken == len(network)
    assert report.skipped == {"repeated in the file": 1}
    notes = " ".join(report.notes)
    for said in ("2021–22", "vehicleprobemeasurement", "vitesse_maxi", "hierarchie"):
        assert said in notes
    assert "geo_shape" not in notes
    found = by_id(data_dir)
    assert found["probes"].isna().all()
    assert found["limit"].tolist() == network.speed_limit_kmh.tolist()


def test_without_any_network_the_old_schema_is_told_to_need_one(tmp_path, data_dir, network):
    records = archives.old_schema(make_records(network))
    report = take(data_dir, write(tmp_path, "2021.json", archives.exports_json(records)))
    assert report.taken == 0
    assert not report.succeeded()
    assert dict(report.skipped) == {
        "vitesse_maxi: missing, and no network here knows the segment": len(network)
    }


def test_reliability_0_is_unknown_where_no_schema_says_unknown_by_its_status(
    tmp_path, data_dir, network
):
    keep_network(data_dir, network)
    snapshot = make_snapshot_for(network)
    records = archives.old_schema(make_records(network))
    assert {record["trafficstatus"] for record in records} >= {"freeFlow", "heavy"}
    assert "unknown" not in {record["trafficstatus"] for record in records}
    take(data_dir, write(tmp_path, "2021.json", archives.exports_json(records)))
    found = by_id(data_dir)
    np.testing.assert_array_equal(found["status"], snapshot.columns["status"])
    assert (found["status"] == Status.UNKNOWN).any()
    np.testing.assert_array_equal(found["speed_kmh"].isna(), found["status"] == Status.UNKNOWN)


def test_a_status_of_todays_schema_is_believed_whatever_its_reliability(
    tmp_path, data_dir, network
):
    records = make_records(network, Status.HEAVY)
    records[4] |= {"traveltimereliability": 0}
    take(data_dir, write(tmp_path, "today.json", archives.exports_json(records)))
    assert by_id(data_dir)["status"].tolist() == [Status.HEAVY] * len(network)


def test_the_number_of_a_row_is_never_taken_for_its_segment(tmp_path, data_dir, network):
    keep_network(data_dir, network)
    names = dict(zip(network.segment_ids, range(len(network)), strict=True))
    records = archives.old_schema(make_records(network))
    for record in records[:5]:
        # References of old and numbers of rows are both plain numbers, and coincide.
        record["id"] = network.segment_ids[30 + names[record["predefinedlocationreference"]]]
        del record["predefinedlocationreference"]
        record["averagevehiclespeed"] = 1
    report = take(data_dir, write(tmp_path, "2021.json", archives.exports_json(records)))
    assert dict(report.skipped) == {"predefinedlocationreference: missing": 5}
    assert report.taken == len(network) - 5
    assert not (by_id(data_dir)["speed_kmh"] == 1).any()


def test_a_file_without_any_reference_is_refused_by_that_field(tmp_path, data_dir, network):
    keep_network(data_dir, network)
    records = archives.old_schema(make_records(network))
    for record in records:
        del record["predefinedlocationreference"]
    report = take(data_dir, write(tmp_path, "2021.json", archives.exports_json(records)))
    assert report.problem == "predefinedlocationreference: missing from every record"
    assert report.taken == 0


@pytest.mark.parametrize("old_first", [True, False])
@pytest.mark.parametrize("kind", ["without limits", "without geometry", "the provider's table"])
def test_the_order_of_the_files_does_not_decide_what_is_taken(
    tmp_path, data_dir, network, old_first, kind
):
    records = make_records(network)
    if kind == "without limits":
        content = archives.exports_json(archives.old_schema(records))
    elif kind == "the provider's table":
        content = archives.provider_csv(records)
    else:
        other_limits = [r | {"geo_shape": None, "vitesse_maxi": 30} for r in records]
        content = archives.exports_json(other_limits)
    old = write(tmp_path, "old", content)
    later = make_records(network, observed_at=OBSERVED_AT + timedelta(minutes=3))
    new = write(tmp_path, "new.json", archives.exports_json(later))
    reports = take(data_dir, *([old, new] if old_first else [new, old]))
    assert [(report.taken, report.already_there) for report in reports] == [(60, 0)] * 2
    assert all(report.succeeded() and not report.skipped for report in reports)
    assert by_id(data_dir).groupby("observed_at").size().tolist() == [60, 60]


def test_what_waited_in_part_is_counted_once(tmp_path, data_dir, network):
    keep_network(data_dir, network)
    stranger = make_records(make_network(90))
    old = write(tmp_path, "old.json", archives.exports_json(archives.old_schema(stranger)))
    later = make_records(make_network(90), observed_at=OBSERVED_AT + timedelta(minutes=3))
    new = write(tmp_path, "new.json", archives.exports_json(later))
    first, _ = take(data_dir, old, new)
    assert (first.taken, first.already_there, first.waiting) == (90, 0, 0)


def test_the_command_says_how_what_waits_is_placed_and_then_that_it_was(
    tmp_path, data_dir, network, capsys
):
    records = archives.old_schema(make_records(network))
    old = write(tmp_path, "old.json", archives.exports_json(records))
    assert main(["import", str(old), "--data-dir", str(data_dir)]) == 1
    assert "in the same command, in any order" in capsys.readouterr().out
    new = write(tmp_path, "new.json", archives.exports_json(make_records(network)))
    assert main(["import", str(old), str(new), "--data-dir", str(data_dir)]) == 0
    told = capsys.readouterr().out
    assert f"{old}: JSON, with the networks of the other files" in told


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([date(2024, 8, 26)] * 60), "datetime: a time without its zone"),
        (pa.array([0] * 60, pa.timestamp("ms")), "datetime: a time without its zone"),
        (pa.array([1724668980] * 60), "datetime: a number, not an ISO 8601 time with its zone"),
        (pa.array([2**59] * 60, pa.timestamp("ms", "UTC")), "a damaged Parquet file"),
    ],
    ids=["day", "naive", "epoch", "beyond"],
)
def test_times_in_parquet_are_held_to_the_same_rules(tmp_path, data_dir, network, column, said):
    table = pq.read_table(io.BytesIO(archives.parquet(make_records(network))))
    changed = table.set_column(table.schema.get_field_index("datetime"), "datetime", column)
    path = tmp_path / "times.parquet"
    pq.write_table(changed, path)
    report = take(data_dir, path)
    assert report.taken == 0
    assert said in f"{report.problem} {dict(report.skipped)}"


def test_parquet_that_was_cut_takes_nothing_and_says_so(tmp_path, data_dir, network):
    content = archives.parquet(make_records(network))[:-300]
    report = take(data_dir, write(tmp_path, "cut.parquet", content))
    assert "a damaged Parquet file" in str(report.problem)
    assert report.taken == 0


def test_the_providers_own_table_is_read_once_the_network_is_known(tmp_path, data_dir, network):
    path = write(tmp_path, "provider.csv", archives.provider_csv(make_records(network)))
    assert take(data_dir, path).taken == 0
    keep_network(data_dir, network)
    report = take(data_dir, path)
    assert report.taken == len(network)
    snapshot = make_snapshot_for(network)
    np.testing.assert_array_equal(by_id(data_dir)["speed_kmh"], snapshot.columns["speed_kmh"])


def test_geometry_that_comes_later_in_a_file_places_what_came_before(tmp_path, data_dir, network):
    early = [record | {"geo_shape": None} for record in make_records(network)]
    later = make_records(network, observed_at=OBSERVED_AT + timedelta(minutes=3))
    path = write(tmp_path, "archive.jsonl", archives.json_lines(early + later))
    assert take(data_dir, path).taken == 2 * len(network)


def test_a_road_under_another_limit_keeps_the_limit_of_its_time(tmp_path, data_dir, network):
    keep_network(data_dir, network)
    old = make_records(network)
    for record in old:
        record["vitesse_maxi"] += 20 if record["vitesse_maxi"] == 50 else 0
    new = make_records(network, observed_at=OBSERVED_AT + timedelta(minutes=3))
    take(data_dir, write(tmp_path, "archive.json", archives.exports_json(old + new)))
    found = by_id(data_dir).set_index(["observed_at", "id"])["limit"]
    then, now = network.speed_limit_kmh.copy(), network.speed_limit_kmh
    then[then == 50] = 70
    assert found.loc[OBSERVED_AT].tolist() == then.tolist()
    assert found.loc[OBSERVED_AT + timedelta(minutes=3)].tolist() == now.tolist()


def test_what_was_imported_is_part_of_the_usual_week(tmp_path, data_dir, network):
    records = [
        *chain(
            *(make_records(network, Status.HEAVY, observed_at=m) for m in moments(OBSERVED_AT, 5))
        )
    ]
    take(
        data_dir,
        write(tmp_path, "archive.json", archives.exports_json(records)),
        adds_to_the_usual_week=True,
    )
    week = typical_week(data_dir, "live", network)
    assert week.days == 1
    assert week.at(12)["known"].tolist() == [5] * len(network)
    upkeep.keep_up(RENNES, data_dir, NOW, 1_000)
    more = make_records(network, Status.HEAVY, observed_at=OBSERVED_AT + timedelta(minutes=15))
    take(
        data_dir,
        write(tmp_path, "more.json", archives.exports_json(more)),
        adds_to_the_usual_week=True,
    )
    assert typical_week(data_dir, "live", network).at(12)["known"].tolist() == [6] * len(network)


def test_a_day_mostly_unknown_is_taken_and_told(tmp_path, data_dir, network):
    codes = np.where(np.arange(len(network)) % 5 < 3, Status.UNKNOWN, Status.HEAVY)
    records = make_records(network, codes.astype(np.uint8))
    report = take(data_dir, write(tmp_path, "archive.json", archives.exports_json(records)))
    assert report.taken == len(network)
    assert any(f"{DAY} is 60% unknown" in line for line in report.lines())
    assert by_id(data_dir)["speed_kmh"].isna().sum() == 36


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "an empty file"),
        (b"   \n", "an empty file"),
        (b"<!DOCTYPE html><html></html>", "a page of HTML or XML"),
        (b"PK\x03\x04rest", "a zip file: unpack it first; accepted are the exports json, jsonl"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "a workbook of a spreadsheet program"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook of Excel; accepted are"),
        (b"fgb\x03fgb\x00", "a FlatGeobuf file; accepted are"),
        (b"PAR1rest", "a damaged Parquet file"),
        (gzip.compress(b"PAR1rest", mtime=0), "a Parquet file inside gzip: unpack it first"),
        ("é".encode("utf-16"), "UTF-16"),
        (b"just some words", "neither JSON, CSV nor Parquet"),
        (b"a;b;c\n1;2;3\n", "datetime: no such column"),
        (b"a;a\n1;2\n", "two columns of the same name"),
        (b"[1, 2, 3]", None),
        (b"[]", None),
        (b'{"error_code": "InvalidRESTParameterError", "message": "limit"}', "datetime: missing"),
        (b'[{"datetime": "2026-11-20T08:00:00Z"}]', "missing from every record"),
        (b"[{]", "not JSON at character"),
        (b'["' + b"x" * 1000, "the file was cut"),
        (b"\x1f\x8b\x08\x00nonsense that is no gzip", "gzip"),
        (b"datetime;x\n\xff\xfe\xfa;1\n", "not text in UTF-8"),
    ],
)
def test_a_file_that_is_not_what_it_claims_takes_nothing_and_says_why(
    tmp_path, data_dir, content, problem
):
    report = take(data_dir, write(tmp_path, "archive.json", content))
    assert not report.succeeded()
    assert report.taken == 0
    assert (problem or "None") in str(report.problem)
    assert layout.days(data_dir, "live") == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_was_cut_brings_what_it_still_holds(tmp_path, data_dir, network, packed):
    content = archives.exports_json(make_records(network))
    content = gzip.compress(content)[:-300] if packed else content[:-300]
    report = take(data_dir, write(tmp_path, "cut.json", content))
    assert report.taken in range(10, len(network))
    assert "cut" in str(report.problem)
    assert not report.succeeded()


def test_a_large_document_is_never_held_as_a_whole(tmp_path, data_dir, network, monkeypatch):
    monkeypatch.setattr(run, "_ROWS_PER_STRETCH", 300)
    times = moments(OBSERVED_AT, 30)
    records = [*chain(*(make_records(network, observed_at=moment) for moment in times))]
    path = write(tmp_path, "archive.json", archives.exports_json(records))
    monkeypatch.setattr(run, "_RECORDS_PER_BATCH", 100)
    report = take(data_dir, path)
    assert (report.taken, report.records) == (1_800, 1_800)
    assert by_id(data_dir)["observed_at"].nunique() == 30


def test_a_full_disk_keeps_what_was_there_and_ends_in_one_line(
    tmp_path, data_dir, network, monkeypatch, capsys
):
    first = write(tmp_path, "first.json", archives.exports_json(make_records(network)))
    take(data_dir, first)
    before = by_id(data_dir)
    more = make_records(network, observed_at=OBSERVED_AT + timedelta(minutes=3))
    path = write(tmp_path, "more.json", archives.exports_json(more))

    def full(path, content):
        raise StorageError(f"cannot write {path.name}: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("services.history.compaction.write_atomically", full)
        assert main(["import", str(path), "--data-dir", str(data_dir)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    pd.testing.assert_frame_equal(by_id(data_dir), before)
    assert main(["import", str(path), "--data-dir", str(data_dir)]) == 0
    assert len(by_id(data_dir)) == 2 * len(network)


def test_the_command_reports_what_it_took_and_fails_when_a_file_brings_nothing(
    tmp_path, data_dir, network, capsys
):
    good = write(tmp_path, "good.json", archives.exports_json(make_records(network)))
    bad = write(tmp_path, "bad.json", b"<html>")
    assert main(["import", str(good), str(bad), "--data-dir", str(data_dir)]) == 1
    told = capsys.readouterr().out
    assert f"{good}: JSON" in told
    assert "taken             60 observations of 1 day" in told
    assert "a page of HTML or XML" in told
    assert main(["import", str(good), "--data-dir", str(data_dir)]) == 0
    assert "there             60 before" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "none.json"), "--data-dir", str(data_dir)]) == 2
    assert "none.json" in capsys.readouterr().err


def test_days_beyond_the_setting_are_announced(tmp_path, data_dir, network, monkeypatch, capsys):
    monkeypatch.setenv("TRAFFIC_HISTORY_RETENTION_DAYS", "1")
    records = make_records(network)
    records += make_records(network, observed_at=OBSERVED_AT - timedelta(days=3))
    path = write(tmp_path, "archive.json", archives.exports_json(records))
    assert main(["import", str(path), "--data-dir", str(data_dir)]) == 0
    assert "TRAFFIC_HISTORY_RETENTION_DAYS" in capsys.readouterr().out


def test_rebuild_makes_the_usual_week_again_in_one_command(tmp_path, data_dir, network, capsys):
    append(data_dir, network, moments(OBSERVED_AT, 3))
    assert main(["rebuild", "--data-dir", str(data_dir)]) == 0
    assert "live: a usual week of 1 day\n" in capsys.readouterr().out
    before = typical_week(data_dir, "live", network)
    for path in (data_dir / "history" / "rollups").rglob("*.parquet"):
        path.unlink()
    assert main(["rebuild", "--source", "live", "--data-dir", str(data_dir)]) == 0
    for name, values in typical_week(data_dir, "live", network).values.items():
        np.testing.assert_array_equal(values, before.values[name])


def test_upkeep_now_compacts(data_dir, network):
    append(data_dir, network, moments(OBSERVED_AT, 3))
    assert main(["upkeep", "--data-dir", str(data_dir)]) == 0
    assert file_names(data_dir, "live", DAY) == ["day.parquet"]


def test_a_wrong_source_is_refused_by_name(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["import", "file", "--source", "archive"])
    assert ended.value.code == 2
    assert "--source" in capsys.readouterr().err


def test_killed_while_importing_nothing_is_lost_and_again_brings_the_rest(
    tmp_path, data_dir, network
):
    start = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
    append(data_dir, network, [start])
    before = by_id(data_dir, start.date())
    times = [start + timedelta(days=day, minutes=3) for day in range(12)]
    records = [*chain(*(make_records(network, observed_at=moment) for moment in times))]
    path = write(tmp_path, "archive.json", archives.exports_json(records))
    command = [sys.executable, "-m", "services.history", "import", str(path)]
    command += ["--data-dir", str(data_dir)]

    def taken_days():
        return len(list((data_dir / "history" / "source=live").glob("date=*/day.parquet")))

    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: taken_days() >= 3)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    found = by_id(data_dir, start.date())
    pd.testing.assert_frame_equal(
        found[found["observed_at"] == start].reset_index(drop=True), before
    )
    report = take(data_dir, path)
    assert report.taken + report.already_there == 12 * len(network)
    for count in range(12):
        found = by_id(data_dir, start.date() + timedelta(days=count))
        assert not found.duplicated(["id", "observed_at"]).any()
        assert len(found) == len(network) * (2 if count == 0 else 1)


def test_an_import_waits_for_whoever_rewrites_the_history(tmp_path, data_dir, network):
    path = write(tmp_path, "archive.json", archives.exports_json(make_records(network)))
    command = [sys.executable, "-m", "services.history", "import", str(path)]
    command += ["--data-dir", str(data_dir)]
    with layout.exclusive(data_dir):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if b"waiting" in line:
                break
        assert layout.days(data_dir, "live") == []
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(by_id(data_dir)) == len(network)


@pytest.mark.realdata
def test_the_real_reply_and_the_records_of_a_year_later_are_taken(tmp_path, data_dir):
    snapshot = REAL_DATA / "snapshot-2024-08-26T1243.json"
    records = REAL_DATA / "records-2025-07-22T1442.jsonl"
    first, second = take(data_dir, snapshot, records)
    assert (first.taken, first.skipped.total()) == (2_859, 0)
    assert (second.taken, second.skipped.total()) == (100, 0)
    again = take(data_dir, snapshot, records)
    assert [report.taken for report in again] == [0, 0]
    found = by_id(data_dir, date(2024, 8, 26))
    counts = found["status"].value_counts()
    assert [counts[code] for code in (1, 2, 0, 3)] == [1_403, 737, 607, 112]
    expected = {
        record["predefinedlocationreference"]: record["averagevehiclespeed"]
        for record in orjson.loads(snapshot.read_bytes())
        if record["trafficstatus"] != "unknown"
    }
    known = found.dropna(subset="speed_kmh")
    assert dict(zip(known["id"], known["speed_kmh"], strict=True)) == expected
