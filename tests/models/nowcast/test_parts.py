from __future__ import annotations

import numpy as np
import pytest

from models.nowcast.calibration import CalibrationOptions, learn_calibration, slow_apart
from models.nowcast.features import HORIZONS, LAGS, learn_levels, make_series, make_windows
from models.nowcast.forecast import BandForecast
from models.nowcast.graph import (
    neighbours_from_adjacency,
    neighbours_from_speeds,
    telling_neighbours,
)
from models.nowcast.profile import DailyProfile, ProfileOptions
from models.nowcast.scores import all_scores, paired_bootstrap
from tests.models.nowcast.tables import SLOTS_PER_DAY, rhythmic, times_of

PLAIN = ProfileOptions(smoothing_minutes=0.0, other_type_weight=0.0)
LINE = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 3], [0, 0, 3, 0]], dtype=float)


def test_the_profile_of_a_day_learned_from_leaves_that_day_out():
    # Monday 10, Tuesday 20, Wednesday 60 all day long.
    speed = np.repeat([10.0, 20.0, 60.0], SLOTS_PER_DAY)[:, None].astype(np.float32)
    usual = DailyProfile(speed, times_of(len(speed)), PLAIN).rows(times_of(4 * SLOTS_PER_DAY))
    by_day = usual.speed.reshape(4, SLOTS_PER_DAY)
    np.testing.assert_allclose(by_day[:, 0], [40.0, 35.0, 15.0, 30.0])
    np.testing.assert_allclose(usual.spread[0], 20.0)


def test_weekends_have_their_own_profile_and_fall_back_where_there_was_none():
    speed = np.repeat([10.0, 20.0], SLOTS_PER_DAY)[:, None].astype(np.float32)
    usual = DailyProfile(speed, times_of(len(speed)), PLAIN).rows(times_of(7 * SLOTS_PER_DAY))
    assert usual.speed[6 * SLOTS_PER_DAY, 0] == pytest.approx(15.0)
    assert np.isfinite(usual.speed).all()


def test_unknown_speeds_do_not_pull_the_profile():
    speed = rhythmic()
    with_gaps = speed.copy()
    with_gaps[5 * SLOTS_PER_DAY :, 1] = np.nan
    full, gappy = (
        DailyProfile(part, times_of(len(part)), ProfileOptions()).rows(times_of(SLOTS_PER_DAY))
        for part in (speed, with_gaps)
    )
    assert np.abs(full.speed - gappy.speed)[:, 1].max() < 3.0


def test_means_over_neighbours_pass_over_the_unknown_ones():
    neighbours = neighbours_from_adjacency(LINE)
    means = neighbours.mean(np.array([[1.0, np.nan, 4.0, 8.0]], dtype=np.float32))
    np.testing.assert_allclose(means, [[np.nan, 2.5, 8.0, 4.0]])


def test_without_a_map_neighbours_are_those_that_go_together():
    generator = np.random.default_rng(1)
    left, right = generator.normal(size=(2, 500))
    noise = generator.normal(size=(500, 4)) * 0.1
    deviation = (np.stack([left, right, left, right], axis=1) + noise).astype(np.float32)
    assert neighbours_from_speeds(deviation, 1).index[:, 0].tolist() == [2, 3, 0, 1]


def test_the_telling_neighbour_is_the_one_that_goes_ahead():
    generator = np.random.default_rng(2)
    ahead = generator.normal(size=600)
    deviation = generator.normal(size=(600, 4)).astype(np.float32)
    deviation[:, 3] = ahead
    deviation[6:, 0] = ahead[:-6]
    near = neighbours_from_adjacency(LINE)
    chosen = telling_neighbours(deviation, 6, near, 2)
    assert chosen[0].tolist() == [3, 1]
    assert all(detector not in others for detector, others in enumerate(chosen))


def windows_of(speed: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    times = times_of(len(speed) + HORIZONS)
    usual = DailyProfile(rhythmic(), times_of(len(rhythmic())), PLAIN).rows(times)
    padded = np.concatenate([speed, np.full((HORIZONS, speed.shape[1]), np.nan, np.float32)])
    series = make_series(padded, usual, neighbours_from_adjacency(LINE))
    windows = make_windows(series, learn_levels(rhythmic()), np.array([row]))
    return windows.features[0], windows.last_speed[0]


def test_a_window_knows_nothing_of_what_comes_after_it():
    row = 4 * SLOTS_PER_DAY
    speed = rhythmic()
    changed = speed.copy()
    changed[row + 1 :] = 1.0
    np.testing.assert_array_equal(windows_of(speed, row)[0], windows_of(changed, row)[0])
    changed[row] = 1.0
    assert not np.array_equal(windows_of(speed, row)[0], windows_of(changed, row)[0])


def test_unknown_speeds_are_no_news_and_the_last_known_one_counts():
    row = 4 * SLOTS_PER_DAY
    speed = rhythmic()
    speed[row - 1 : row + 1, 0] = np.nan
    speed[row - LAGS + 1 : row + 1, 1] = np.nan
    features, last = windows_of(speed, row)
    assert np.isfinite(features).all()
    assert last[0] == speed[row - 2, 0]
    # Nothing known in the whole window: as usual, and said to be as old as can be.
    np.testing.assert_allclose(features[:, -2:], [[2 / LAGS, 2 / LAGS], [1, 1], [0, 0], [0, 0]])


def test_calibration_makes_the_band_hold_what_it_says_slow_traffic_too():
    generator = np.random.default_rng(4)
    median = generator.choice([30.0, 60.0], size=(400, 5, HORIZONS)).astype(np.float32)
    # Three times as uncertain as the band says when slow, half when fast.
    deviation = np.where(median < 50, 3.0, 0.5) * generator.normal(size=median.shape)
    observed = (median + deviation).astype(np.float32)
    band = BandForecast(mean=median, median=median, p10=median - 1.28, p90=median + 1.28)
    options = slow_apart(40.0, slow_tail=0.1, other_tail=0.1)
    calibration = learn_calibration(band, observed, options)
    assert np.ravel(calibration.lower) == pytest.approx((3.0, 0.5), rel=0.05)
    scores = all_scores(calibration.apply(band), observed, 40.0)
    assert scores["coverage"] == pytest.approx(0.8, abs=0.01)
    assert scores["coverage_slow"] == pytest.approx(0.8, abs=0.01)


def test_each_class_of_forecasts_and_each_step_gets_a_band_of_its_own():
    generator = np.random.default_rng(6)
    median = generator.uniform(0.1, 1.0, size=(500, 8, HORIZONS)).astype(np.float32)
    # Three times as uncertain in jams, and the more so the further ahead.
    deviation = np.where(median < 0.3, 0.15, 0.05) * np.sqrt(np.arange(1, HORIZONS + 1))
    observed = (median + deviation * generator.normal(size=median.shape)).astype(np.float32)
    band = BandForecast(mean=median, median=median, p10=median - 0.1, p90=median + 0.1)
    options = CalibrationOptions((0.3, 0.7), (0.1, 0.1, 0.1), by_step=True)
    found = learn_calibration(band, observed, options).apply(band)
    inside = (found.p10 <= observed) & (observed <= found.p90)
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        members = (median > low) & (median <= high)
        by_step = [inside[..., step][members[..., step]].mean() for step in range(HORIZONS)]
        assert by_step == pytest.approx([0.8] * HORIZONS, abs=0.01)


def test_a_class_that_was_hardly_seen_keeps_what_the_network_says():
    median = np.full((10, 1, HORIZONS), 0.9, np.float32)
    band = BandForecast(mean=median, median=median, p10=median - 0.1, p90=median + 0.1)
    options = CalibrationOptions((0.3,), (0.1, 0.1), by_step=True)
    calibration = learn_calibration(band, median - 0.2, options)
    assert calibration.lower[0] == (1.0,) * HORIZONS
    # Too few of each step: all steps together say that twice the band is needed.
    assert calibration.lower[1] == pytest.approx((2.0,) * HORIZONS)


def test_scores_count_what_is_known_up_to_each_step():
    observed = np.zeros((30, 1, HORIZONS), dtype=np.float32)
    forecast = observed.copy()
    forecast[..., 3:] = 2.0
    observed[0, 0, 0] = np.nan
    band = BandForecast(mean=forecast, median=forecast, p10=forecast - 1, p90=forecast + 1)
    scores = all_scores(band, observed, 40.0)
    assert scores["rmse"][0] == scores["mae"][0] == 0.0
    assert scores["mae"][1] == pytest.approx(1.0, abs=0.01)
    assert scores["rmse"][3] == pytest.approx(np.sqrt(3.0), abs=0.01)
    assert scores["coverage"] == pytest.approx(0.25, abs=0.01)


def test_the_bootstrap_tells_a_difference_from_chance():
    generator = np.random.default_rng(5)
    other = generator.gamma(2.0, size=300)
    better = paired_bootstrap(other - 0.5 + generator.normal(0, 0.1, 300), other, 12)
    assert better["high"] < 0.0
    assert better["better"] == 1.0
    same = paired_bootstrap(other + np.resize([1.0, -1.0, -2.0, 2.0, 0.0], 300), other, 12)
    assert same["low"] < 0.0 < same["high"]
