"""What views show as files: tables worked out by hand, byte by byte."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import msgspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import InvalidRequest
from services.base.texts import languages, load_texts
from services.city.rennes import RENNES
from services.plain.trends.asking import view_of
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    MeasuredChange,
    PeriodValues,
    PlaceChange,
)
from services.plain.trends.bottlenecks import BottleneckRow, BottlenecksAnswer, QueueDay
from services.plain.trends.cost import CostAnswer
from services.plain.trends.coverage import CoverageQuery
from services.plain.trends.curve import Band, CurveAnswer, CurveQuery, Expected
from services.plain.trends.days import DaysAnswer, DayValue
from services.plain.trends.export import ON_THE_MAP, export_of
from services.plain.trends.reliability import (
    Indices,
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
)
from services.plain.trends.replay import ReplayQuery
from services.plain.trends.scan import ScanAnswer
from services.plain.trends.trip import TripAnswer
from services.plain.trends.week import WeekAnswer
from services.trends import view_tables
from services.trends.archive import Archive, unreported
from services.trends.export import answer_export, definitions_of
from services.trends.table import Column, Table, encode
from services.trends.view_tables import TABLES, Words
from services.trends.views import VIEWS
from tests.services.history.days import append, moments

DAY = date(2026, 11, 24)
START = datetime(2026, 11, 23, 23, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FRENCH = load_texts("fr")
CENTRE = "Zone\u00a0: Centre-ville"

CURVE = CurveAnswer(
    start=START,
    clock=["00:00", "00:15"],
    measure="speed",
    values=[48.5, None],
    statuses={"freeFlow": [0.75, 0.0], "unknown": [0.25, 1.0]},
    usual=Band([40.0, 41.0], [45.0, 46.0], [50.0, 51.0], 8),
    other=[30.0],
    mean=None,
    observed_share=0.5,
    lacking=[date(2026, 11, 3)],
)


WEEK = WeekAnswer(
    measure="jam",
    statistic="p80",
    values=[[float(row)] * 24 for row in range(8)],
    days=[[row] * 24 for row in range(8)],
    holidays=[date(2026, 11, 11)],
    lacking=[],
)


@pytest.fixture
def words(network):
    return Words(network, FRENCH)


@pytest.fixture
def archive(network, tmp_path):
    return Archive(RENNES, tmp_path, "demo", network, DAY, clock=lambda: NOON)


def csv_of(table, network):
    return encode(table, "csv", {}, network).decode("utf-8-sig")


def test_a_curve_as_a_spreadsheet_opens_it(words, network):
    body = encode(view_tables.curve_table(CURVE, words), "csv", {}, network)
    assert (
        body
        == (
            "\ufeffbegins_at;clock;speed_kmh;usual_p10_speed_kmh;usual_median_speed_kmh;"
            "usual_p90_speed_kmh;other_day_speed_kmh;free_flow_length_share;unknown_length_share\r\n"
            "2026-11-23T23:00:00+00:00;00:00;48.5;40.0;45.0;50.0;30.0;0.75;0.25\r\n"
            "2026-11-23T23:15:00+00:00;00:15;;41.0;46.0;51.0;;0.0;1.0\r\n"
        ).encode()
    )


def test_a_curve_is_taken_away_with_its_forecast_and_the_band_of_it(words, network):
    ahead = Expected([None, 52.0], [None, 47.5], [None, 57.0], "usual", is_simulated=False)
    table = view_tables.curve_table(msgspec.structs.replace(CURVE, forecast=ahead), words)
    head, *rows = (line.split(";") for line in csv_of(table, network).splitlines())
    names = [f"{name}_speed_kmh" for name in ("forecast_low", "forecast", "forecast_high")]
    assert [[row[head.index(name)] for name in names] for row in rows] == [
        ["", "", ""], ["47.5", "52.0", "57.0"],
    ]  # fmt: skip
    assert table.facts["forecast_band"] == "usual"


def test_a_week_as_a_spreadsheet_opens_it(words, network):
    rows = csv_of(view_tables.week_table(WEEK, words), network).splitlines()
    assert rows[:2] == ["weekday;clock_hour;jam_km;days", "monday;0;0.0;0"]
    assert rows[1 + 3 * 24 + 17] == "thursday;17;3.0;3"
    assert rows[-1] == "public_holiday;23;7.0;7"


def test_a_calendar_as_a_spreadsheet_opens_it(words, network):
    holiday = DayValue(date(2026, 11, 11), None, "public_holiday", is_observed=False)
    days = DaysAnswer("congestion", [DayValue(DAY, 0.25, "working_day", is_observed=True), holiday])
    assert csv_of(view_tables.days_table(days, words), network).splitlines() == [
        "day;congestion_ratio;day_kind;is_observed",
        "2026-11-24;0.25;working_day;true",
        "2026-11-11;;public_holiday;false",
    ]


def test_parquet_tells_its_types_and_what_its_columns_mean(words, network, archive):
    table = view_tables.curve_table(CURVE, words)
    query = CurveQuery("zone:centre-ville", DAY, "speed")
    definitions = definitions_of(archive, query, table, FRENCH)
    file = pq.ParquetFile(io.BytesIO(encode(table, "parquet", definitions, network)))
    found = file.read()
    assert found.column("speed_kmh").to_pylist() == [48.5, None]
    assert found.schema.field("begins_at").type == pa.timestamp("ms", tz="UTC")
    assert found.schema.field("other_day_speed_kmh").type == pa.float64()
    told = orjson.loads(file.metadata.metadata[b"definitions"])
    assert told["columns"][2] == {
        "name": "speed_kmh",
        "unit": "km/h",
        "definition": FRENCH["trends_columns"]["speed_kmh"],
    }
    assert told["asked"]["day"] == "2026-11-24"
    assert told["place_name"] == CENTRE
    assert told["facts"] == {
        "observed_share": 0.5,
        "usual_days": 8,
        "days_without_data": ["2026-11-03"],
        "forecast_band": None,
        "marks": [],
    }
    assert (told["licence"], told["is_simulated"]) == ("ODbL", True)
    assert told["made_at"] == "2026-11-24T12:00:00+00:00"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_name_is_taken_for_a_formula(sign, network):
    table = Table([Column("place_name", "text", [f"{sign}cmd|' /C calc'!A0", "rue = de"]),
                   Column("change_s", "number", [-1.5, None])])  # fmt: skip
    told = csv_of(table, network)
    assert f"'{sign}cmd" in told
    assert "rue = de" in told
    assert told.splitlines()[1 if sign != "\r" else -2].endswith(";-1.5")
    parquet = pq.read_table(io.BytesIO(encode(table, "parquet", {}, network)))
    # Programs get the name as it is.
    assert parquet.column("place_name")[0].as_py().startswith(sign)


def test_flags_and_days_are_words_for_machines(network):
    table = Table([Column("day", "day", [DAY]), Column("is_closed", "flag", [True])])
    assert csv_of(table, network) == "day;is_closed\r\n2026-11-24;true\r\n"


def test_columns_of_another_length_are_noticed():
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        Table([Column("a", "whole", [1]), Column("b", "whole", [1, 2])])
    with pytest.raises(ValueError, match=r"\[1\]"):
        Table([Column("a", "whole", [1])], segments=[])


def scan(**changes):
    answer = ScanAnswer(
        start=START, step_s=900, local_hours=[0.0, 0.25], segments=[2, 0],
        segment_ids=["s2", "s0"], network_version="v", ends_m=[100.0, 250.0],
        free_kmh=[50.0, None], speed_kmh=[[30, 60], [None, 20]], closed=[(1, 0)], places=[],
        outlines=[], queues=[], days=1, asked=1,
    )  # fmt: skip
    return msgspec.structs.replace(answer, **changes)


def columns(table):
    return {column.name: list(column.values) for column in table.columns}


def test_a_scan_has_a_row_for_each_segment_and_time(words):
    told = columns(view_tables.scan_table(scan(), words))
    assert told["segment_id"] == ["s2", "s2", "s0", "s0"]
    assert told["clock"] == ["00:00", "00:15"] * 2
    assert (told["from_m"], told["to_m"]) == ([0, 0, 100, 100], [100, 100, 250, 250])
    assert told["speed_kmh"] == [30, 60, None, 20]
    assert told["is_closed"] == [False, False, True, False]
    assert told["begins_at"][1] == datetime(2026, 11, 23, 23, 15, tzinfo=UTC)
    assert "begins_at" not in columns(view_tables.scan_table(scan(start=None), words))


def test_a_scan_on_the_map_has_a_line_for_each_segment(words, network):
    table = view_tables.scan_on_the_map(scan(), words)
    found = orjson.loads(encode(table, "geojson", {"view": "scan"}, network))
    assert found["definitions"] == {"view": "scan"}
    first, second = found["features"]
    # 2 ÷ (1 ÷ 30 + 1 ÷ 60) = 40.
    assert first["properties"]["mean_speed_kmh"] == 40.0
    assert second["properties"]["mean_speed_kmh"] == 20.0
    assert second["properties"]["observed_share"] == second["properties"]["closed_share"] == 0.5
    assert first["geometry"]["type"] == "MultiLineString"
    [line] = first["geometry"]["coordinates"]
    assert line == [pytest.approx(point[:2], abs=1e-5) for point in network.geometry[2][0]]


def test_a_trip_has_a_row_for_each_departure(words, network):
    answer = TripAnswer(
        start=START, step_s=300, local_hours=[0.0, 1 / 12], length_m=900.0, free_s=60.0,
        driven_s=[70.0, None], usual_s=[65.0, 66.0], usual_low_s=[61.0, 61.0],
        usual_high_s=[80.0, 81.0], forecast_s=[None, 75.0], high_s=[None, 90.0], closed=[1],
        now=None, usual_days=8, high_from="days", has_nowcast=True, is_simulated=True,
    )  # fmt: skip
    assert csv_of(view_tables.trip_table(answer, words), network).splitlines()[1:] == [
        "2026-11-23T23:00:00+00:00;00:00;70.0;;;65.0;61.0;80.0;false",
        "2026-11-23T23:05:00+00:00;00:05;;75.0;90.0;66.0;61.0;81.0;true",
    ]


def test_reliability_has_a_row_for_each_place_and_part_of_the_week(words, network):
    indices = Indices(90.0, 150.0, 1.5, 2.5, 0.6667, 1.62, is_reliable=False)
    answer = ReliabilityAnswer(DAY, DAY, 1, 0, [
        PlaceReliability("zone:centre-ville", False, 60.0, [
            PartReliability("morning", 0.9, 5, None, indices),
            PartReliability("weekend", 0.1, 1, "share", None),
        ], None),
    ])  # fmt: skip
    centre = f"zone:centre-ville;{CENTRE}"
    table = view_tables.reliability_table(answer, words)
    assert csv_of(table, network).splitlines()[1:] == [
        f"zone:centre-ville;{CENTRE};morning;60.0;90.0;150.0;1.5;2.5;0.6667;1.62;false;0.9;5;",
        f"{centre};weekend;60.0;;;;;;;;0.1;1;share",
    ]
    assert table.segments == [words.segments("zone:centre-ville")] * 2


def test_bottlenecks_are_ranked_and_lie_at_their_heads(words):
    day = QueueDay(DAY, 7.0, 9.0, 400.0, 600.0, 120.0)
    hours = [0] * 7 + [1, 1] + [0] * 15
    row = BottleneckRow("s1", 1, "rocade", [], 2, hours, 400.0, 300.0, 1800.0, 600.0, False, [day])
    answer = BottlenecksAnswer([row, row], 2, 5, [5] * 24, 7, 3, "v")
    table = view_tables.bottlenecks_table(answer, words)
    told = columns(table)
    assert told["rank"] == [1, 2]
    assert (told["days_with_queue"], told["days_with_queue_07h"]) == ([1, 1], [1, 1])
    assert told["days_with_queue_09h"] == [0, 0]
    assert table.segments == [[1], [1]]


def place_change(place, unit, change):
    untold = None if change else "too_few_weeks"
    values = PeriodValues([DAY], [90.0], 1, 1, 1, 0.0, [])
    return PlaceChange(place, unit, 60.0, values, values, change, untold)


def test_before_and_after_has_a_row_for_each_day_and_a_line_for_each_place(words):
    change = MeasuredChange(90.0, 120.0, 10.0, 50.0, 0.01, True, 1)
    answer = BeforeAfterAnswer([
        place_change("zone:centre-ville", "s", change), place_change("reseau", "index", None),
    ])  # fmt: skip
    told = columns(view_tables.before_after_table(answer, words))
    assert told["period"] == ["before", "after"] * 2
    assert told["mean_s"] == [90.0, 90.0, None, None]
    assert told["mean_index"] == [None, None, 90.0, 90.0]
    mapped = columns(view_tables.before_after_on_the_map(answer, words))
    assert (mapped["before_s"], mapped["after_s"]) == ([90.0, None], [120.0, None])
    assert (mapped["p_value"], mapped["untold"]) == ([0.01, None], [None, "too_few_weeks"])


def test_cost_has_a_row_for_each_hour(words):
    answer = CostAnswer(True, 60.0, [float(hour) for hour in range(24)], [None] * 24, 5.0, 1.25,
                        5, 0, 0.9, None, False, 0)  # fmt: skip
    table = view_tables.cost_table(answer, words)
    assert columns(table)["lost_on_working_days_s"][8] == 8.0
    assert table.facts["jam_km_hours_a_day"] == 1.25


def test_every_view_can_be_taken_away():
    # How much there is, is no view.
    assert set(TABLES) == {view.query_type for view in VIEWS} - {CoverageQuery}


def test_pages_know_which_views_can_be_taken_to_a_map():
    mapped = {view_of(query) for query, tables in TABLES.items() if tables.on_the_map is not None}
    assert mapped == ON_THE_MAP


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_stored_day_is_taken_away_through_its_view(form, archive, tmp_path, network):
    append(tmp_path, network, moments(NOON, 2), source="demo")
    answer = answer_export(archive, export_of(ReplayQuery(DAY), form, "en"), unreported)
    # The first moment is that of midnight, before anything was kept.
    assert answer.rows == 3
    if form == "csv":
        head, midnight, noon, later = answer.body.decode("utf-8-sig").splitlines()
        assert head == "observed_at;congestion_ratio"
        assert midnight == "2026-11-23T23:00:00+00:00;"
        assert noon.startswith("2026-11-24T12:00:00+00:00;1.")
        assert later.startswith("2026-11-24T12:03:00+00:00;1.")
    else:
        english = load_texts("en")["trends_columns"]["observed_at"]
        assert orjson.loads(answer.body)["columns"][0]["definition"] == english


def test_what_lies_nowhere_is_not_put_on_a_map(archive):
    with pytest.raises(InvalidRequest, match="several places"):
        answer_export(archive, export_of(CurveQuery("reseau", DAY), "geojson", "fr"), unreported)
    other = msgspec.structs.replace(export_of(ReplayQuery(DAY), "csv", "fr"), view="nosuchview")
    with pytest.raises(InvalidRequest, match="nosuchview"):
        answer_export(archive, other, unreported)


def test_a_question_for_a_file_depends_on_the_days_of_its_view():
    query = CurveQuery("reseau", DAY)
    assert export_of(query, "csv", "fr").days() == query.days()


@pytest.mark.parametrize("language", languages())
def test_every_column_says_what_it_is(language, words):
    texts = load_texts(language)["trends_columns"]
    change = MeasuredChange(90.0, 120.0, 10.0, 50.0, 0.01, True, 1)
    places = BeforeAfterAnswer([place_change("reseau", "s", change)])
    tables = [
        *(view_tables.curve_table(replace_measure(one), words)
          for one in ("congestion", "jam", "status", "speed", "time")),
        view_tables.week_table(WEEK, words),
        view_tables.days_table(DaysAnswer("speed", []), words),
        view_tables.scan_table(scan(), words),
        view_tables.scan_on_the_map(scan(), words),
        view_tables.before_after_table(places, words),
        view_tables.before_after_on_the_map(places, words),
        view_tables.reliability_table(ReliabilityAnswer(DAY, DAY, 0, 0, []), words),
        view_tables.bottlenecks_table(BottlenecksAnswer([], 0, 0, [], 0, 0, "v"), words),
    ]  # fmt: skip
    for table in tables:
        for column in table.columns:
            assert texts[column.meaning_key].endswith("."), column.name


def replace_measure(measure):
    return msgspec.structs.replace(CURVE, measure=measure, mean=[1.0, 2.0])
