"""Whether a kept answer is still the one: what it is made of has a mark."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.city.rennes import RENNES
from services.history import layout, writer
from services.trends.data_version import data_version
from services.trends.messages import Question
from tests.factories import make_snapshot_for
from tests.services.history.days import append, moments

# A quarter past midnight in Rennes, on 24 November; in UTC it is the 23rd.
NOW = datetime(2026, 11, 23, 23, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)
YESTERDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@pytest.fixture
def version(tmp_path, network):
    append(tmp_path, network, moments(NOW - 2 * DAY, 3, step_minutes=24 * 60))

    def of(days, source="live", now=NOW):
        return data_version(RENNES, tmp_path, Question("view", b"", source), days, now)

    return of


def observe(data_dir, network, moment):
    """One more, on the network that is known."""
    writer.append_snapshot(data_dir, make_snapshot_for(network, observed_at=moment))


def test_nothing_written_changes_nothing(version):
    assert version((YESTERDAY, YESTERDAY)) == version((YESTERDAY, YESTERDAY))
    assert version(None) == version(None)


def test_what_is_observed_changes_the_answers_of_its_day(version, tmp_path, network):
    over, now = (YESTERDAY - DAY, YESTERDAY - DAY), (YESTERDAY, TODAY)
    before = version(over), version(now), version(None)
    # The 23rd in UTC, the 24th in Rennes.
    observe(tmp_path, network, NOW + timedelta(minutes=3))
    assert version(over) == before[0]
    assert version(now) != before[1]
    assert version(None) != before[2]


def test_a_day_in_the_city_lies_on_two_in_utc(version, tmp_path, network):
    before = version((YESTERDAY, YESTERDAY))
    observe(tmp_path, network, datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert version((YESTERDAY, YESTERDAY)) != before


@pytest.mark.parametrize(
    "path",
    [
        layout.quarters_file,
        lambda data_dir, source, day: layout.partition(data_dir, source, day) / "day.parquet",
    ],
)
def test_a_roll_up_or_a_folded_day_counts(version, tmp_path, path):
    before = version((YESTERDAY, YESTERDAY))
    written = path(tmp_path, "live", YESTERDAY)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_bytes(b"x")
    after = version((YESTERDAY, YESTERDAY))
    assert after != before
    # Replaced by one of the same size.
    written.with_name("new").write_bytes(b"y")
    written.with_name("new").replace(written)
    assert version((YESTERDAY, YESTERDAY)) != after


@pytest.mark.parametrize(
    ("name", "counts_for_what_is_over"),
    [
        ("reference/live.parquet", True),
        ("networks/another.geojson", True),
        ("history/rollups/source=live/segments.parquet", True),
        ("forecasts/nowcast/current.parquet", False),
        ("roadworks/live.json", False),
    ],
)
def test_what_else_answers_are_made_of_counts(version, tmp_path, name, counts_for_what_is_over):
    over, now = (YESTERDAY, YESTERDAY), (TODAY, TODAY)
    before = version(over), version(now)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    assert (version(over) != before[0]) == counts_for_what_is_over
    assert version(now) != before[1]


def test_another_source_and_another_day_today_are_others(version):
    assert version(None, source="demo") != version(None)
    assert version((YESTERDAY, YESTERDAY), now=NOW + DAY) != version((YESTERDAY, YESTERDAY))


def test_nothing_kept_has_a_version_too(tmp_path):
    question = Question("view", b"", "live")
    assert data_version(RENNES, tmp_path, question, None, NOW)
