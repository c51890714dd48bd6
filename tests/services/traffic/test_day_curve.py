"""Today's curve: its hours on every kind of day, its quarters, and its file."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.traffic.day_curve import (
    DayCurve,
    Forecast,
    Level,
    Spread,
    decode_day,
    encode_day,
    hours_of_day,
    latest_level,
    make_spread,
    quarter_means,
)

DAY = date(2026, 11, 23)
START = datetime(2026, 11, 22, 23, tzinfo=UTC)


def make_curve(**changes: object) -> DayCurve:
    hours = len(hours_of_day(RENNES, DAY))
    content: dict[str, object] = {
        "source": "live",
        "day": DAY,
        "start": START,
        "observed": (0.25, *[None] * (4 * hours - 1)),
        "latest": Level(START + timedelta(minutes=3), 0.25),
        "usual": (Spread(0.1, 0.2, 0.3), *[None] * (hours - 1)),
        "forecast": (*[None] * (hours - 1), Forecast(0.1, 0.2, 0.3, is_band_observed=True)),
    }
    return DayCurve(**(content | changes))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)],
)
def test_a_day_goes_from_midnight_to_midnight_in_the_city_whatever_the_clocks_do(day, hours):
    found = hours_of_day(RENNES, day)
    assert len(found) == hours
    assert RENNES.local(found[0]).isoformat()[:16] == f"{day}T00:00"
    assert RENNES.local(found[-1]).hour == 23
    assert {b - a for a, b in pairwise(found)} == {timedelta(hours=1)}


def test_quarters_are_means_of_what_was_observed_in_them_and_other_days_are_left_out():
    seconds = int(START.timestamp())
    levels = {seconds - 1: 9.0, seconds: 0.1, seconds + 899: 0.3, seconds + 900: 0.5}
    assert quarter_means(START, 1, levels) == [0.2, 0.5, None, None]
    assert latest_level(levels) == Level(START + timedelta(minutes=15), 0.5)
    assert latest_level({}) is None


def test_a_spread_is_never_faster_than_free_flow_and_unknown_without_a_middle():
    assert make_spread(-0.2, 0.1, 0.3) == Spread(0.0, 0.1, 0.3)
    assert make_spread(0.1, math.nan, 0.3) is None


def test_the_file_gives_back_what_was_written_and_another_content_is_another_version():
    curve = make_curve()
    assert decode_day(RENNES, encode_day(curve)) == curve
    assert make_curve().version == curve.version
    assert make_curve(latest=None).version != curve.version


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        encode_day(make_curve(day=date(2026, 11, 24))),
        encode_day(make_curve(usual=())),
        encode_day(make_curve(observed=(0.1,))),
        encode_day(make_curve(latest=Level(datetime(2026, 11, 23, 8), 0.1))),
        encode_day(make_curve(day=date(1, 1, 1))),
    ],
)
def test_what_is_no_curve_of_a_day_is_refused(document):
    with pytest.raises(StorageError):
        decode_day(RENNES, document)
