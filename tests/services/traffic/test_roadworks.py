from __future__ import annotations

from datetime import timedelta

import pytest

from services.base.errors import StorageError
from services.traffic.roadworks import decode_roadworks, encode_roadworks, make_list
from tests.factories import OBSERVED_AT
from tests.roadworks_replies import DAY, STREET, make_measure, make_roadwork


def make_told():
    return make_list(
        "live", OBSERVED_AT, [make_roadwork("2", make_measure(STREET)), make_roadwork("1")]
    )


def test_a_list_is_read_back_as_it_was():
    told = make_told()
    assert [one.event_id for one in told.roadworks] == ["1", "2"]
    assert decode_roadworks(encode_roadworks(told)) == told


def test_the_version_changes_with_what_is_told_and_not_with_the_time():
    told = make_told()
    later = make_list("live", OBSERVED_AT + timedelta(hours=1), told.roadworks)
    assert later.version == told.version
    assert make_list("demo", OBSERVED_AT, told.roadworks).version != told.version
    assert make_list("live", OBSERVED_AT, told.roadworks[:1]).version != told.version


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document[:-20],
        lambda document: document.replace(b"Vern", b"Fern"),
        lambda document: document.replace(b'"difficult"', b'"dreadful"'),
        lambda _document: b"",
        lambda _document: b"null",
        lambda _document: b"[" * 100_000,
    ],
)
def test_a_damaged_list_is_told(damage):
    with pytest.raises(StorageError, match="not a list of roadworks"):
        decode_roadworks(damage(encode_roadworks(make_told())))


def test_the_measures_of_a_day_then_those_that_come_next():
    day = timedelta(days=1)
    slight = make_measure(level="none", first_day=DAY, last_day=DAY + day)
    closed = make_measure(level="avoid", first_day=DAY + day, last_day=DAY + day)
    later = make_measure(level="limited", first_day=DAY + 5 * day, last_day=DAY + 6 * day)
    roadwork = make_roadwork("1", slight, closed, later)
    assert roadwork.measures_from(DAY - day) == (slight,)
    assert roadwork.measures_from(DAY) == (slight,)
    assert roadwork.measures_from(DAY + day) == (closed, slight)
    assert roadwork.measures_from(DAY + 2 * day) == (later,)
    assert roadwork.measures_from(DAY + 7 * day) == ()
