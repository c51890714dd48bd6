"""What a second city would state, and what it then gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import orjson
import pytest

from services.base.errors import InvalidRequest
from services.city.city import Holidays
from services.city.day_types import DayType, coming_day
from services.city.rennes import RENNES
from services.city.zones import zones_of_segments
from tests.lisbon import LISBON


def test_its_time_is_that_of_its_people():
    moment = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert str(LISBON.local(moment)) == "2026-07-02 00:30:00+01:00"
    assert str(RENNES.local(moment)) == "2026-07-02 01:30:00+02:00"


def test_the_first_rule_that_fits_a_segment_gives_its_zone():
    names = ["Segunda Circular", "Segunda Circular", "Rua do Ouro", "IC 19", "Rua da Junqueira"]
    classes = ["", "", "", "IC", ""]
    lat = [38.708 + 0.0089, 38.708 + 0.0091, 38.709, 38.75, 38.698]
    lon = [-9.137, -9.137, -9.138, -9.25, -9.18]
    codes = zones_of_segments(LISBON, *map(np.array, (names, classes, lat, lon)))
    assert [LISBON.zones[code] for code in codes] == [
        "baixa", "circulares", "baixa", "circulares", "bairros",
    ]  # fmt: skip


def test_zones_are_checked_by_its_own_names():
    assert LISBON.zone_choices == ("baixa", "circulares", "bairros", "grande-lisboa")
    assert LISBON.checked_zone(None) == "baixa"
    assert LISBON.checked_zone("grande-lisboa") == "grande-lisboa"
    with pytest.raises(InvalidRequest, match="zone"):
        LISBON.checked_zone("centre-ville")


def test_a_box_holds_its_edges():
    places = [(-9.6, 38.5), (-8.9, 39.0), (-9.61, 38.7), (-9.1, 39.01)]
    assert [LISBON.believed.holds(*place) for place in places] == [True, True, False, False]


def test_its_days_off_are_those_of_its_own_table(tmp_path):
    table = tmp_path / "days_off.json"
    table.write_bytes(orjson.dumps({"2026-06-13": "public_holiday"}))
    city = replace(LISBON, holidays=Holidays("PT", "", table))
    saturday, friday = date(2026, 6, 13), date(2026, 6, 12)
    assert coming_day(city, saturday.weekday(), friday).day_type is DayType.PUBLIC_HOLIDAY
    assert coming_day(RENNES, saturday.weekday(), friday).day_type is DayType.WEEKEND
