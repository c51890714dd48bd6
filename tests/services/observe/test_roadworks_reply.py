from __future__ import annotations

from datetime import date

import orjson
import pytest

from services.base.errors import FeedRefused
from services.city.rennes import RENNES
from services.observe.feeds import roadworks as adapter
from services.observe.feeds.roadworks import check_roadworks
from services.traffic.roadworks import Measure
from tests.conftest import REAL_DATA
from tests.factories import OBSERVED_AT
from tests.roadworks_replies import STREET, make_roadwork_record, roadworks_reply

RING = [[-1.67, 48.11], [-1.66, 48.11], [-1.66, 48.12], [-1.67, 48.11]]


def check(body):
    return check_roadworks(body, city=RENNES, source="live", received_at=OBSERVED_AT)


def only(*records):
    """The one site of some records, none of which is left out."""
    checked = check(roadworks_reply(*records))
    assert not checked.problems
    [roadwork] = checked.told.roadworks
    return roadwork


def measure_with(**changes):
    [measure] = only(make_roadwork_record(**changes)).measures
    return measure


def geometry_of(kind, coordinates):
    return measure_with(geo_shape={"geometry": {"type": kind, "coordinates": coordinates}}).geometry


def test_a_record_is_a_measure_of_a_site():
    roadwork = only(make_roadwork_record())
    assert (roadwork.event_id, roadwork.town) == ("80028", "Rennes")
    assert roadwork.purpose == "de réfection de chaussée"
    [measure] = roadwork.measures
    assert measure.kind == "Circulation interdite"
    # It says what the kind says.
    assert measure.comment == ""
    assert measure.place == "Rue Saint-Martin"
    assert measure.level == "avoid"
    # Midnights written as UTC: whole days in the city, the last one included.
    assert (measure.first_day, measure.last_day) == (date(2026, 8, 17), date(2026, 8, 20))
    assert measure.geometry == STREET
    assert measure.holds_on(date(2026, 8, 20))
    assert not measure.holds_on(date(2026, 8, 21))


def test_who_is_in_charge_is_not_read():
    checked = check(roadworks_reply())
    assert "Exemple" not in str(checked.told)


@pytest.mark.parametrize(
    "shape",
    [
        lambda records: records,
        lambda records: {"total_count": 463, "results": records},
    ],
    ids=["exports/json", "records"],
)
def test_the_dataset_is_read_in_its_other_shapes_too(shape):
    found = check(orjson.dumps(shape([make_roadwork_record()])))
    assert found.told == check(roadworks_reply()).told


def test_measures_of_one_site_are_together_and_a_row_that_comes_twice_is_one():
    closed = make_roadwork_record()
    narrow = make_roadwork_record(type="Rétrécissement", niv_perturbation="Impact limité", id=26)
    roadwork = only(narrow, closed, closed | {"id": 27})
    assert [measure.level for measure in roadwork.measures] == ["avoid", "limited"]


def test_the_order_of_the_rows_has_no_part_in_it():
    records = [
        make_roadwork_record(id_evt=id_evt, type=kind, libelle=kind)
        for id_evt in (9, 10)
        for kind in ("Rétrécissement", "Circulation interdite", "Impasse")
    ]
    told = check(roadworks_reply(*records)).told
    assert check(roadworks_reply(*records[::-1])).told == told
    assert [roadwork.event_id for roadwork in told.roadworks] == ["10", "9"]


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ("Secteur à éviter", "avoid"),
        ("Circulation difficile", "difficult"),
        ("IMPACT LIMITÉ", "limited"),
        ("Travaux de nuit", "night"),
        ("Impact nul", "none"),
        ("Tout va bien", "unknown"),
        (None, "unknown"),
        (3, "unknown"),
    ],
)
def test_levels(told, level):
    assert measure_with(niv_perturbation=told).level == level


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2026-08-20T00:00:00+00:00", date(2026, 8, 20)),
        ("2026-08-20T00:00:00Z", date(2026, 8, 20)),
        ("2026-08-20", date(2026, 8, 20)),
        # Midnight in the city, and the last second of a day there.
        ("2026-08-19T22:00:00+00:00", date(2026, 8, 20)),
        ("2026-08-20T21:59:59+00:00", date(2026, 8, 20)),
        ("2026-08-20T00:00:00+02:00", date(2026, 8, 20)),
    ],
)
def test_a_time_means_a_day_in_the_city(told, day):
    assert measure_with(date_fin=told).last_day == day


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"date_fin": "2026-08-16T00:00:00+00:00"}, "date_fin"),
        ({"date_fin": None}, "date_fin"),
        ({"date_deb": "hier"}, "date_deb"),
        ({"date_deb": 20260817}, "date_deb"),
        ({"id_evt": None}, "id_evt"),
        ({"id_evt": True}, "id_evt"),
        ({"id_evt": "x" * 65}, "id_evt"),
        # In the Gulf of Guinea.
        ({"geo_shape": {"geometry": {"type": "Point", "coordinates": [0, 0]}}}, "geo_shape"),
    ],
)
def test_a_record_at_fault_is_left_out_and_counted(changes, field):
    checked = check(roadworks_reply(make_roadwork_record(), make_roadwork_record(**changes)))
    assert checked.problems == {field: 1}
    assert len(checked.told.roadworks) == 1


def test_what_is_null_is_told_as_nothing():
    names = (
        "localisation",
        "commentaire",
        "type",
        "libelle",
        "commune",
        "quartier",
        "geo_point_2d",
    )
    roadwork = only(make_roadwork_record(**dict.fromkeys(names)))
    [measure] = roadwork.measures
    assert (roadwork.town, roadwork.purpose) == ("", "")
    assert (measure.kind, measure.comment, measure.place) == ("", "", "")


def test_markup_stays_text_and_a_long_text_is_cut():
    place = "<script>alert(1)</script>\n rue &amp; <b>place</b>\u202e"
    assert (
        measure_with(localisation=place).place == "<script>alert(1)</script> rue &amp; <b>place</b>"
    )
    long = measure_with(localisation="é" * 5_000).place
    assert (len(long), long[-1]) == (adapter.MAX_CHARACTERS, "…")


def test_every_geometry_of_geojson_is_read_without_heights():
    line = [[-1.67, 48.11, 35.0], [-1.671234567, 48.11]]
    flat = [[-1.67, 48.11], [-1.67123, 48.11]]
    for kind, coordinates, kept in (
        ("Point", line[0], flat[0]),
        ("MultiPoint", line, flat),
        ("LineString", line, flat),
        ("MultiLineString", [line, line], [flat, flat]),
        ("Polygon", [RING], [RING]),
        ("MultiPolygon", [[RING], [RING]], [[RING], [RING]]),
    ):
        assert geometry_of(kind, coordinates) == {"type": kind, "coordinates": kept}


@pytest.mark.parametrize(
    "shape",
    [
        None,
        {"geometry": None},
        {"geometry": {"type": "Circle", "coordinates": [-1.67, 48.11]}},
        {"geometry": {"type": "LineString", "coordinates": [[-1.67, 48.11]]}},
        {"geometry": {"type": "LineString", "coordinates": []}},
        {"geometry": {"type": "LineString", "coordinates": "12"}},
        {"geometry": {"type": "Polygon", "coordinates": [[[-1.67, 48.11], [-1.66, 48.11]]]}},
        {"geometry": {"type": "Point", "coordinates": [[-1.67], 48.11]}},
        {"geometry": {"type": ["Point"], "coordinates": [-1.67, 48.11]}},
        {"geometry": {"type": "MultiPoint", "coordinates": [[-1.67, 48.11]] * 2_001}},
        {"geometry": {"type": "MultiPolygon", "coordinates": [[RING], []]}},
    ],
)
def test_a_shape_that_cannot_be_drawn_gives_way_to_the_point(shape):
    point = {"type": "Point", "coordinates": [-1.67875, 48.11925]}
    assert measure_with(geo_shape=shape).geometry == point
    assert measure_with(geo_shape=shape, geo_point_2d=None).geometry is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "body: not JSON"),
        (b"\xff\xfe", "body: not JSON"),
        (b"[" * 10_000, "body: not JSON"),
        (b"[]", "body: no records"),
        (b'{"type":"FeatureCollection","features":[]}', "body: no records"),
        (b'{"error_code":"ODSQLError"}', "body: no records"),
        (b'"hello"', "body: no records"),
        (b"[1,2,3]", "id_evt: missing from every record"),
        (orjson.dumps([{"datetime": "2026-08-20"}]), "id_evt: missing from every record"),
    ],
)
def test_what_is_no_list_of_roadworks_is_refused(body, reason):
    with pytest.raises(FeedRefused, match=reason):
        check(body)


def test_a_field_that_is_gone_from_every_record_refuses_the_reply():
    record = make_roadwork_record()
    del record["niv_perturbation"]
    with pytest.raises(FeedRefused, match="niv_perturbation: missing from every record"):
        check(roadworks_reply(record))


def test_of_a_list_most_of_which_is_at_fault_nothing_is_believed():
    good, bad = make_roadwork_record(), make_roadwork_record(date_fin="soon")
    assert len(check(roadworks_reply(good, bad)).told.roadworks) == 1
    with pytest.raises(FeedRefused, match="date_fin: 2 of 3 records failed a check"):
        check(roadworks_reply(good, bad, bad))


def test_thousands_of_records_are_read_and_endless_ones_refused(monkeypatch):
    records = [make_roadwork_record(id_evt=number) for number in range(3_000)]
    assert len(check(roadworks_reply(*records)).told.roadworks) == 3_000
    monkeypatch.setattr(adapter, "MAX_RECORDS", 2_999)
    with pytest.raises(FeedRefused, match="records: 3000, more than 2999"):
        check(roadworks_reply(*records))


def test_thousands_of_measures_of_one_site_are_not_compared_each_with_each(monkeypatch):
    compared = []
    monkeypatch.setattr(Measure, "__eq__", lambda one, other: compared.append(one) or one is other)
    roadwork = only(*(make_roadwork_record(commentaire=str(number)) for number in range(3_000)))
    assert len(roadwork.measures) == 3_000
    assert len(compared) < 3_000


def test_millions_of_empty_objects_are_refused_before_they_are_decoded():
    with pytest.raises(FeedRefused, match="body: 300000 objects, too many"):
        check(b"[" + b"{}," * 300_000 + b"{}]".replace(b"{}", b"0"))


@pytest.mark.realdata
def test_real_records_are_read_whole():
    checked = check((REAL_DATA / "roadworks-2026-08-20.json").read_bytes())
    assert not checked.problems
    told = {one.event_id: one.measures[0] for one in checked.told.roadworks}
    assert {event: one.level for event, one in told.items()} == {
        "78332": "none",
        "79884": "limited",
        "80028": "limited",
    }
    assert told["79884"].place == "Rue Albert de Mun, du 16 jusqu'à la Rue Pierre Martin"
    assert (told["80028"].first_day, told["80028"].last_day) == (
        date(2026, 3, 9),
        date(2026, 12, 31),
    )
    assert all(one.geometry["type"] == "MultiLineString" for one in told.values())
