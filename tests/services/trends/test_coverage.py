"""Since when something is there, how much of the time, and when there will be enough."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.history import layout
from services.plain.trends.coverage import Coverage, CoverageQuery
from services.trends.archive import unreported
from services.trends.coverage import answer_coverage
from tests.factories import make_network
from tests.services.trends.observed import archive_of, at, clock_times, keep_up, observe

NETWORK = make_network(4)
DAY = date(2026, 11, 10)
ONE_DAY = timedelta(days=1)
AUTUMN = date(2026, 10, 25)


def seen(data_dir, *times):
    """See something at some times of the city's clock: (day, hour) or (day, hour, minute)."""
    observe(data_dir, NETWORK, sorted(at(*time) for time in times), lambda _: [25.0] * 4)


def covered(data_dir, today=DAY + 30 * ONE_DAY):
    return answer_coverage(archive_of(data_dir, NETWORK, today), CoverageQuery(), unreported)


def test_days_are_those_of_the_city_and_the_share_that_of_their_quarters(tmp_path):
    # From half past midnight, which is of the day before in UTC, to the end of the next day's 1 h.
    seen(tmp_path, (DAY, 0, 30), (DAY, 0, 33), (DAY, 12), (DAY + ONE_DAY, 0, 45))
    assert covered(tmp_path) == Coverage(
        DAY + 30 * ONE_DAY, DAY, DAY + ONE_DAY, days=2, share=3 / (24 * 4 + 2)
    )


@pytest.mark.parametrize("is_kept_up", [False, True])
def test_days_between_without_anything_are_no_days_but_count_as_time(tmp_path, is_kept_up):
    for day in (DAY, DAY + 3 * ONE_DAY):
        observe(tmp_path, NETWORK, clock_times(day, 15), lambda _: [25.0] * 4)
    if is_kept_up:
        keep_up(tmp_path)
    found = covered(tmp_path)
    assert (found.first_day, found.last_day, found.days) == (DAY, DAY + 3 * ONE_DAY, 2)
    assert found.share == pytest.approx(0.5)


def test_a_day_of_25_hours_is_one_that_was_observed_all_the_time(tmp_path):
    observe(tmp_path, NETWORK, clock_times(AUTUMN, 15), lambda _: [25.0] * 4)
    assert (covered(tmp_path).days, covered(tmp_path).share) == (1, 1.0)


def test_a_day_whose_rows_are_damaged_counts_by_its_quarters_or_not_at_all(tmp_path):
    for day in (DAY, DAY + ONE_DAY, DAY + 2 * ONE_DAY):
        # Noon alone, so that each UTC day is of one day in the city.
        seen(tmp_path, (day, 12))
    keep_up(tmp_path)
    for number in (0, 1):
        path = layout.day_file(tmp_path, "live", DAY + number * ONE_DAY)
        path.write_bytes(path.read_bytes()[:100])
    layout.quarters_file(tmp_path, "live", DAY).unlink()
    found = covered(tmp_path)
    assert (found.first_day, found.days) == (DAY + ONE_DAY, 2)


def test_progress_is_told(tmp_path):
    seen(tmp_path, (DAY, 12), (DAY + ONE_DAY, 12))
    told = []
    archive = archive_of(tmp_path, NETWORK)
    answer_coverage(archive, CoverageQuery(), lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_where_nothing_is_left_nothing_is_told(tmp_path):
    seen(tmp_path, (DAY, 12))
    archive = archive_of(tmp_path, NETWORK)
    for path in layout.partition(tmp_path, "live", DAY).glob("*"):
        path.unlink()
    assert answer_coverage(archive, CoverageQuery(), unreported) == Coverage(archive.today)


@pytest.mark.parametrize(
    ("last_day", "days", "wanted", "expected"),
    [
        # Today is the fifth.
        (DAY, 5, 5, None),
        (DAY, 5, 3, None),
        (DAY, 5, 7, DAY + 2 * ONE_DAY),
        # Today will be the sixth.
        (DAY - ONE_DAY, 5, 6, DAY),
        (DAY - ONE_DAY, 5, 7, DAY + ONE_DAY),
        (None, 0, 21, DAY + 20 * ONE_DAY),
    ],
)
def test_when_there_will_be_enough(last_day, days, wanted, expected):
    first_day = None if last_day is None else last_day - 20 * ONE_DAY
    assert Coverage(DAY, first_day, last_day, days, 1.0).enough_on(wanted) == expected
