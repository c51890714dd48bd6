from __future__ import annotations

import contextlib
import importlib
import io
from copy import copy

import numpy as np
import orjson
import pytest

from models import evaluate
from models.nowcast import benchmark
from models.nowcast.boosted_trees import lightgbm_is_installed
from models.nowcast.features import HORIZONS, LAGS
from models.nowcast.options import Architecture, FitOptions, NowcastOptions
from models.nowcast.speed_table import SpeedTable
from tests.models.nowcast.tables import FIRST_DAY, SLOTS_PER_DAY, rhythmic, times_of, write_table

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

SIZES = Architecture(
    members=1, hearing_members=1, units=16, layers=2, message_heads=2, telling_neighbours=2
)
SMALL = NowcastOptions(fit=FitOptions(epochs=6, learning_rate=5e-3, sizes=SIZES))
TRAIN = 6 * SLOTS_PER_DAY


def learned(speed: np.ndarray, seed: int = 1):
    # Here and not above: collecting the tests need not wait for TensorFlow.
    nowcaster = importlib.import_module("models.nowcast.nowcaster")
    return nowcaster.Nowcaster(
        speed, times_of(len(speed)), None, seed=seed, options=SMALL, report=lambda line: None
    )


@pytest.fixture(scope="module")
def gappy(speed):
    """Two speeds of five are unknown."""
    known = np.random.default_rng(7).random(speed.shape) >= 0.4
    return np.where(known, speed, np.float32(np.nan))


@pytest.fixture(scope="module")
def nowcaster(gappy):
    return learned(gappy[:TRAIN])


@pytest.fixture(scope="module")
def forecast(nowcaster, speed):
    rows = np.arange(TRAIN + LAGS, len(speed) - HORIZONS)
    return nowcaster.forecast(speed, times_of(len(speed)), rows)


def test_quantiles_are_in_order_for_every_step(forecast):
    assert np.all(forecast.p10 <= forecast.median)
    assert np.all(forecast.median <= forecast.p90)
    assert np.all(forecast.p10 >= 0.0)
    assert forecast.mean.shape[2] == HORIZONS


def test_a_forecast_does_not_depend_on_what_comes_later_or_beside_it(nowcaster, speed):
    rows = np.array([TRAIN + 20, TRAIN + 21])
    later = speed.copy()
    later[TRAIN + 22 :] = np.nan
    both = nowcaster.forecast(later, times_of(len(speed)), rows)
    first = nowcaster.forecast(speed, times_of(len(speed)), rows[:1])
    np.testing.assert_allclose(both.median[0], first.median[0], atol=1e-3)


def test_a_detector_without_news_is_still_forecast(nowcaster, speed):
    silent = speed.copy()
    silent[TRAIN:, 0] = np.nan
    found = nowcaster.forecast(silent, times_of(len(speed)), np.array([TRAIN + 2 * LAGS]))
    assert np.isfinite(found.mean).all()
    assert 20.0 < found.median[0, 0].min() <= found.median[0, 0].max() < 75.0


def test_the_same_seed_gives_the_same_model(nowcaster, speed, gappy):
    rows = np.array([TRAIN + LAGS])
    once, again = (
        model.forecast(speed, times_of(len(speed)), rows).mean
        for model in (nowcaster, learned(gappy[:TRAIN]))
    )
    # Sums on several cores round in no fixed order.
    np.testing.assert_allclose(once, again, rtol=1e-5)


def test_gaps_in_training_are_never_learned_as_speeds(forecast, speed):
    rows = np.arange(TRAIN + LAGS, len(speed) - HORIZONS)
    ahead = np.stack([speed[rows + step] for step in range(1, HORIZONS + 1)], axis=-1)
    # A zero in place of each gap would pull it down by 40 %.
    assert abs(float((forecast.mean - ahead).mean())) < 3.0


@pytest.fixture(scope="module")
def run_of_command(tmp_path_factory):
    """Record and printed text of the documented command, with a small model."""
    directory = tmp_path_factory.mktemp("benchmark")
    path = write_table(directory / "speeds.csv", rhythmic(days=12))
    out = directory / "record.json"
    arguments = f"--speeds {path} --protocol tgcn --first-day {FIRST_DAY} --step-minutes 30"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(benchmark, "NowcastOptions", lambda: SMALL)
        assert evaluate.main([*arguments.split(), "--seeds", "4", "--out", str(out)]) == 0
    return orjson.loads(out.read_bytes()), printed.getvalue()


def test_the_benchmark_beats_both_baselines_where_there_is_something_to_learn(run_of_command):
    test = run_of_command[0]["test"]
    own = test["nowcaster, mean of seeds"]
    for name in (benchmark.PERSISTENCE, benchmark.DAILY_AVERAGE):
        assert own["rmse"][0] < test[name]["rmse"][0]
        assert own["mae"][0] < test[name]["mae"][0]
    assert 0.6 < own["coverage"] < 0.95


def test_the_record_says_how_it_was_made_and_nothing_is_published_of_that_table(run_of_command):
    record, printed = run_of_command
    assert record["settings"]["seeds"] == [4]
    assert record["runs"][0]["validation"]["rmse"][0] > 0.0
    assert record["paired"][benchmark.PERSISTENCE]["squared_error"]["difference"] < 0.0
    for name in ("persistence", "nowcaster, mean of seeds", "daily average"):
        assert f"| {name} " in printed
    assert record["published"] == {}
    assert "published" not in printed.partition("| nowcaster less")[0].partition("|")[2]
    assert "| nowcaster less … " in printed


@pytest.mark.skipif(not lightgbm_is_installed(), reason="LightGBM is for development only")
def test_boosted_trees_are_a_baseline_with_a_paired_comparison(run_of_command):
    record, printed = run_of_command
    assert record["test"][benchmark.LIGHTGBM]["rmse"][0] > 0.0
    assert set(record["paired"][benchmark.LIGHTGBM]) == {"squared_error", "absolute_error"}
    assert record["lightgbm"]["options"]["seed"] > 0
    # In the table of errors and in that of differences.
    assert printed.count(f"| {benchmark.LIGHTGBM} ") == 2


def test_without_lightgbm_its_row_is_left_out_and_the_record_says_so(monkeypatch, speed, nowcaster):
    monkeypatch.setattr(benchmark, "lightgbm_is_installed", lambda: False)
    # One that has learned already: what it says is not looked at.
    monkeypatch.setattr(
        "models.nowcast.nowcaster.Nowcaster", lambda *_args, **_options: copy(nowcaster)
    )
    protocol = benchmark.Protocol(FIRST_DAY, step_minutes=30, seeds=(1,))
    table = SpeedTable(("a", "b", "c", "d"), speed)
    said: list[str] = []
    record = benchmark.run_benchmark(table, None, protocol, said.append, SMALL).record
    assert record["lightgbm"] == {"left_out": "not installed"}
    assert benchmark.LIGHTGBM not in record["test"]
    assert "LightGBM is not installed: it is left out" in said
