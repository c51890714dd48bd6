"""Numbers, units, dates and plurals as French and English write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.base.formats import formats_of, typeset
from services.city.rennes import RENNES
from services.watch.messages import written_value
from tests.components.trees import plain

FRENCH, ENGLISH = formats_of("fr"), formats_of("en-GB")
DAY_S = 86_400


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (0.0, "0 ms", "0 ms"),
        (0.2504, "250 ms", "250 ms"),
        (0.9996, "1 s", "1 sec"),
        (1.5, "1,5 s", "1.5 secs"),
        (59.97, "1 min", "1 min"),
        (119.7, "2 min", "2 mins"),
        (125.2, "2 min 5 s", "2 mins 5 secs"),
        (3_599.7, "1 h", "1 hr"),
        (3_900, "1 h 5 min", "1 hr 5 mins"),
        (7_199.0, "2 h", "2 hrs"),
        (90_000, "25 h", "25 hrs"),
        (3 * DAY_S + 7_200, "3 j 2 h", "3 days 2 hrs"),
        (824 * DAY_S, "824 j", "824 days"),
    ],
)
def test_a_duration_never_shows_sixty_of_what_makes_one_of_the_next(seconds, french, english):
    assert plain(FRENCH.duration(seconds)) == french
    assert plain(ENGLISH.duration(seconds)) == english


@pytest.mark.parametrize(
    ("value", "unit", "french", "english"),
    [
        (1.5, "s", "1,5 s", "1.5 secs"),
        (0.012, "%", "1,2 %", "1.2%"),
        (0.05, "%", "5 %", "5%"),
        (734_003_200, "MB", "700 Mo", "700 MB"),
        (2.25, "", "2,25", "2.25"),
        (12_345.6, "", "12 346", "12,346"),
    ],
)
def test_a_value_has_the_marks_and_units_of_its_language(value, unit, french, english):
    assert plain(written_value(FRENCH, value, unit)) == french
    assert plain(written_value(ENGLISH, value, unit)) == english


def test_no_line_ends_between_a_number_and_its_unit():
    for formats in (FRENCH, ENGLISH):
        shown = [formats.duration(3_900), formats.percent(0.5), formats.megabytes(2**30)]
        assert [text for text in shown if " " in text] == []


def test_a_date_has_its_year_and_the_time_of_its_own_zone():
    at = RENNES.local(datetime(2024, 8, 26, 10, 43, 7, tzinfo=UTC))
    assert FRENCH.moment(at) == "26 août 2024, 12:43:07"
    assert ENGLISH.moment(at) == "26 Aug 2024, 12:43:07"
    # 23:30 UTC of the last day of a year is the next year in Rennes.
    assert "2027" in FRENCH.moment(RENNES.local(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)))
    assert FRENCH.day(date(2026, 3, 1)) == ENGLISH.day(date(2026, 3, 1)) == "01/03/2026"
    assert FRENCH.clock(at) == "12:43"


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (0, "il y a 1 seconde", "1 second ago"),
        (12, "il y a 12 secondes", "12 seconds ago"),
        (300, "il y a 5 minutes", "5 minutes ago"),
        (3 * DAY_S, "il y a 3 jours", "3 days ago"),
        (824 * DAY_S, "il y a 2 ans", "2 years ago"),
    ],
)
def test_an_age_is_told_in_the_unit_that_matters(seconds, french, english):
    assert plain(FRENCH.ago(seconds)) == french
    assert plain(ENGLISH.ago(seconds)) == english


def test_plurals_follow_the_language():
    forms = {"one": "{count} x", "other": "{count} xs"}
    assert [FRENCH.counted(forms, n) for n in (0, 1, 2)] == ["0 x", "1 x", "2 xs"]
    assert [ENGLISH.counted(forms, n) for n in (0, 1, 2)] == ["0 xs", "1 x", "2 xs"]
    # French has a form of its own for a million, which no text needs.
    assert plain(FRENCH.counted(forms, 1_000_000)) == "1 000 000 xs"


def test_what_a_machine_reads_within_a_text_keeps_its_spaces():
    assert typeset("http://127.0.0.1:8050 : a :b", "fr") == "http://127.0.0.1:8050\xa0: a :b"
    assert typeset("a : b", "en") == "a : b"
