"""The reports as operators write them, and when each is due."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.watch.reports import SHIPPED_REPORTS, check_reports, due_reports, reports_of

REPORT = """[people]
elus = "mailto://me:secret@example.org"

[[report]]
name = "ring"
place = "corridor:rocade"
period = "week"
hour = 7
tell = ["elus"]

[[report]]
name = "all"
place = "reseau"
period = "month"
tell = ["json://127.0.0.1:1"]
language = "en"
"""


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def settings_of(tmp_path, text=REPORT):
    path = tmp_path / "reports.toml"
    path.write_text(text, "utf-8")
    return load_settings(data_dir=tmp_path, reports_file=path)


def due_at(tmp_path, moment, text=REPORT):
    reports = reports_of(settings_of(tmp_path, text), RENNES)
    return {due.report.name: due for due in due_reports(reports, RENNES, moment)}


def test_the_file_that_came_with_the_code_sends_nothing_and_holds_good_examples(tmp_path):
    assert reports_of(load_settings(data_dir=tmp_path), RENNES).report == ()
    _, _, examples = SHIPPED_REPORTS.read_text("utf-8").partition("# [people]")
    text = "\n".join(line.removeprefix("# ") for line in f"# [people]{examples}".splitlines())
    settings = settings_of(tmp_path, text)
    names = [report.name for report in reports_of(settings, RENNES).report]
    assert names == ["rocade-semaine", "reseau-mois"]
    check_reports(settings, RENNES)


# Monday 30 November 2026, 7 h in Rennes, is 6 h by UTC; the month before is not over yet.
@pytest.mark.parametrize(
    ("moment", "names"),
    [
        (utc(2026, 11, 30, 5, 59), []),
        (utc(2026, 11, 30, 6, 0), ["ring"]),
        (utc(2026, 12, 1, 5, 59), ["ring"]),
        # The first of December is a Tuesday: both, until the two days of the first are over.
        (utc(2026, 12, 1, 6, 0), ["ring", "all"]),
        (utc(2026, 12, 2, 5, 59), ["ring", "all"]),
        (utc(2026, 12, 2, 6, 0), ["all"]),
        (utc(2026, 12, 3, 6, 0), []),
    ],
)
def test_a_week_from_its_monday_on_and_a_month_from_the_first_on(tmp_path, moment, names):
    assert list(due_at(tmp_path, moment)) == names


def test_periods_and_those_before_them(tmp_path):
    due = due_at(tmp_path, utc(2026, 12, 1, 8))
    week, month = due["ring"], due["all"]
    assert (week.first, week.last) == (date(2026, 11, 23), date(2026, 11, 29))
    assert (week.first_before, week.last_before) == (date(2026, 11, 16), date(2026, 11, 22))
    assert (month.first, month.last) == (date(2026, 11, 1), date(2026, 11, 30))
    assert (month.first_before, month.last_before) == (date(2026, 10, 1), date(2026, 10, 31))
    january = due_at(tmp_path, utc(2027, 1, 1, 8))["all"]
    assert (january.first, january.first_before) == (date(2026, 12, 1), date(2026, 11, 1))


# On Monday after each change of the clock: 5 h by UTC in summer, 6 h in winter.
@pytest.mark.parametrize(
    ("just_before", "at"),
    [
        (utc(2026, 3, 30, 4, 59), utc(2026, 3, 30, 5, 0)),
        (utc(2026, 10, 26, 5, 59), utc(2026, 10, 26, 6, 0)),
    ],
)
def test_seven_in_the_city_over_both_changes_of_the_clock(tmp_path, just_before, at):
    assert "ring" not in due_at(tmp_path, just_before)
    due = due_at(tmp_path, at)["ring"]
    assert (due.last - due.first).days == 6
    assert due.last.weekday() == 6


def test_the_next_one(tmp_path):
    ring, everything = reports_of(settings_of(tmp_path), RENNES).report
    now = utc(2026, 11, 30, 6, 0)
    assert ring.next_at(RENNES, now) == utc(2026, 12, 7, 6, 0)
    assert ring.next_at(RENNES, utc(2026, 11, 30, 5, 0)) == utc(2026, 11, 30, 6, 0)
    assert everything.next_at(RENNES, now) == utc(2026, 12, 1, 6, 0)
    # In summer time.
    assert everything.next_at(RENNES, utc(2027, 3, 15)) == utc(2027, 4, 1, 5, 0)


def test_whoever_makes_a_message_gives_it_the_same_name(tmp_path):
    due = due_at(tmp_path, utc(2026, 11, 30, 8))["ring"]
    again = due_at(tmp_path, utc(2026, 12, 1, 20))["ring"]
    later = due_at(tmp_path, utc(2026, 12, 7, 8))["ring"]
    assert due.message_id("a") == again.message_id("a")
    assert len({due.message_id("a"), due.message_id("b"), later.message_id("a")}) == 3


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"corridor:rocade"', '"corridor:rocad"', "line 6: report ring: place: Value error, res"),
        ('"corridor:rocade"', '"troncon:"', "line 6: report ring: place: Value error, reseau"),
        ('"week"', '"day"', "line 7: report ring: period: "),
        ("hour = 7", "hour = 24", "line 8: report ring: hour: "),
        ('["elus"]', '["elu"]', "line 9: report ring: tell: Value error, entry 1 is neither"),
        ('["elus"]', "[]", "line 9: report ring: tell: "),
        ('"en"', '"de"', "line 16: report all: language: Value error, one of fr, en"),
        ('language = "en"', "langage = 1", "line 16: report all: langage: Extra inputs"),
        ('"all"', '"ring"', "two reports are called ring"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_line_in_the_file(tmp_path, before, after, told):
    text = REPORT.replace(before, after)
    assert text != REPORT
    with pytest.raises(ConfigurationError) as raised:
        reports_of(settings_of(tmp_path, text), RENNES)
    said = str(raised.value)
    assert said.startswith(f"TRAFFIC_REPORTS_FILE: {tmp_path / 'reports.toml'}: ")
    assert told in said
    assert "\n" not in said
    assert "secret" not in said


def test_an_address_that_no_channel_has_is_told_without_itself(tmp_path):
    settings = settings_of(tmp_path, REPORT.replace("mailto://me:secret", "nonsense://me:secret"))
    with pytest.raises(ConfigurationError, match="report ring: address 1 of 1") as raised:
        check_reports(settings, RENNES)
    assert "secret" not in str(raised.value)
