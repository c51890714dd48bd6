"""Lost hours worked out by hand, and files of daily traffic with all that people write."""

from __future__ import annotations

import numpy as np
import pytest

from services.base.errors import ConfigurationError
from services.traffic.stretches import Stretch
from services.trends.cost import LostHours, counts_by_segment, lost_hours, vehicle_shares
from services.trends.counts import Counts, read_counts


def stretch(key, segments):
    return Stretch(key, "Rocade", "Rocade", "outer", None, "", "", segments, 1_000.0)


def written(tmp_path, text):
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_has_a_place_and_vehicles_in_each_line(tmp_path):
    path = written(
        tmp_path, "\ufefftroncon;vehicules_jour\n# ring road\n10~14;45000\n\n 12 ; 43500.5\n"
    )

    found = read_counts(path)

    assert found == Counts({"10~14": 45_000.0, "12": 43_500.5})


def test_what_is_wrong_with_a_line_is_told_and_the_others_hold(tmp_path):
    path = written(tmp_path, "1,900\n2,many\n3,-4\n4,9999999\n5\n1,800\n6,nan\n7,100\n")

    found = read_counts(path)

    assert found.vehicles == {"1": 900.0, "7": 100.0}
    assert found.wrong == (
        "line 2: 'many' is no number of vehicles",
        "line 3: -4 vehicles a day are not from 0 to 250000",
        "line 4: 9999999 vehicles a day are not from 0 to 250000",
        "line 5: expected a place, a comma and vehicles a day",
        "line 6: '1' stands above already",
        "line 7: nan vehicles a day are not from 0 to 250000",
    )


def test_a_file_that_is_not_there_or_no_text_ends_the_start_in_one_line(tmp_path):
    with pytest.raises(ConfigurationError, match="no file of daily traffic can be read"):
        read_counts(tmp_path / "missing.csv")
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ConfigurationError, match="no file of daily traffic can be read"):
        read_counts(tmp_path / "picture.csv")


def test_what_is_said_of_a_segment_holds_before_what_is_said_of_its_stretch():
    counts = {"a~c": 1_000.0, "b": 700.0, "gone~gone": 5.0, "z": 6.0}

    found = counts_by_segment(counts, ("a", "b", "c", "d"), [stretch("a~c", (0, 1, 2))])

    np.testing.assert_array_equal(found.vehicles, [1_000.0, 700.0, 1_000.0, np.nan])
    assert found.unknown == ("gone~gone", "z")


def test_vehicles_of_a_day_are_those_of_its_hours():
    shares = vehicle_shares(np.arange(96) / 4, is_weekend=False)

    assert shares.sum() == pytest.approx(1.0)
    # 70 of 999 thousandths drive from 7 to 8 h.
    assert shares[28:32].sum() == pytest.approx(70 / 999)


@pytest.mark.parametrize(
    ("hours", "at_two"),
    [
        # 25 October 2026: two o'clock comes twice. 29 March: it does not come at all.
        ([0, 1, 2, *range(2, 24)], 2 * 11 / (998 + 11)),
        ([0, 1, *range(3, 24)], 0.0),
    ],
)
def test_an_hour_that_the_clock_repeats_or_skips_counts_as_often_as_it_is_there(hours, at_two):
    quarters = np.repeat(np.array(hours, float), 4) + np.tile(np.arange(4) / 4, len(hours))

    shares = vehicle_shares(quarters, is_weekend=True)

    assert len(shares) in (92, 100)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[(quarters >= 2) & (quarters < 3)].sum() == pytest.approx(at_two)


def test_hours_are_lost_by_those_who_were_counted():
    # Two steps of half a day. 3 600 vehicles lose 10 s each, then 20 s; nobody counted the other.
    times_s = np.array([[60.0, 500.0], [70.0, 500.0]])

    found = lost_hours(
        times_s, np.array([50.0, 100.0]), np.array([3_600.0, np.nan]), np.array([0.5, 0.5])
    )

    assert found == LostHours(hours=0.5 * 10 + 0.5 * 20, vehicles_share=1.0)


def test_nobody_is_added_where_the_speed_is_not_known():
    times_s = np.array([[60.0], [np.nan]])

    found = lost_hours(times_s, np.array([50.0]), np.array([3_600.0]), np.array([0.25, 0.75]))

    assert found == LostHours(hours=2.5, vehicles_share=0.25)


def test_without_counts_no_vehicle_is_invented():
    times_s, free_s, shares = np.array([[60.0]]), np.array([50.0]), np.array([1.0])

    assert lost_hours(times_s, free_s, np.array([np.nan]), shares) is None
    assert lost_hours(np.array([[np.nan]]), free_s, np.array([900.0]), shares) is None
