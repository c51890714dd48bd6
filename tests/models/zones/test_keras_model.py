from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from models import evaluate as evaluate_command
from models.errors import HistoryTooShort, ModelMismatch
from models.versions import CARD_FILE, MEASURES_FILE, MODEL_FILE
from models.zones import evaluate, train
from models.zones.features import every_cell, features_of
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    CachedForecasts,
    decode_table,
    table_shape,
)
from tests.models.contract import assert_is_forecaster
from tests.models.histories import write_history

FEATURES = features_of(RENNES)

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

EPOCHS = 25
ARTIFACTS = Path(train.__file__).parents[1] / "artifacts"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data")
    write_history(directory, weeks=3)
    return directory


@pytest.fixture(scope="module")
def trained(data_dir, progress):
    return train.train(
        RENNES, data_dir, "demo", data_dir / "models", epochs=EPOCHS, report=progress.append
    )


@pytest.fixture
def version(trained, tmp_path):
    """A copy of the trained version that a test may spoil."""
    return Path(shutil.copytree(trained.directory, tmp_path / trained.directory.name))


@pytest.fixture(scope="module")
def keras_forecaster(trained):
    return load_forecaster(trained.directory)


@pytest.fixture(scope="module")
def shipped():
    return ARTIFACTS / (ARTIFACTS / "champion").read_text().strip()


class TestTraining:
    def test_progress_is_visible_from_the_first_step_on(self, trained, progress):
        assert progress[0].startswith("reading the history of source 'demo'")
        assert any(
            "days to learn from 7, to stop by 7, to evaluate by 7" in line for line in progress
        )
        assert sum(line.startswith("epoch") for line in progress) > 5

    def test_the_version_is_complete_and_small(self, trained):
        files = {path.name: path.stat().st_size for path in trained.directory.iterdir()}
        assert set(files) == {MODEL_FILE, FORECASTS_FILE, MEASURES_FILE, CARD_FILE}
        assert sum(files.values()) < 500_000
        assert trained.directory.name.startswith("2026-11-22-")

    def test_a_plain_weekly_rhythm_is_learned_and_served_as_the_champion(self, trained, data_dir):
        assert trained.is_champion
        table = CachedForecasts(RENNES, data_dir, shipped=data_dir / "none").table()
        assert table.model_version == trained.directory.name
        assert table.is_simulated
        for zone in RENNES.zone_choices:
            assert table.at(1, 8, zone).status == "blocked"
            assert table.at(1, 12, zone).status == "dense"
            assert table.at(1, 3, zone).status == "free"
            assert table.at(6, 8, zone).status == "free"

    def test_the_record_tells_where_it_comes_from_and_how_good_it_is(self, trained):
        measures = orjson.loads((trained.directory / MEASURES_FILE).read_bytes())
        assert measures == trained.measures
        assert measures["trained_on"]["source"] == "demo"
        assert measures["trained_on"]["snapshots"] == 3 * 7 * 24
        split = measures["split"]
        assert set(split["train"]).isdisjoint(split["test"] + split["validation"])
        assert measures["test"]["days"] == split["test"]
        scores = measures["test"]["forecasters"]
        assert set(scores) == {"Keras model", "hour-of-week average", "commonest status"}
        card = (trained.directory / CARD_FILE).read_text(encoding="utf-8")
        assert "learned from simulated traffic" in card
        assert f"{scores['Keras model']['ranked_probability_score']:.4f}" in card

    def test_the_same_seed_gives_the_same_weights_and_forecasts(self, trained, data_dir, tmp_path):
        again = train.train(RENNES, data_dir, "demo", tmp_path, epochs=EPOCHS, report=_silent)
        assert again.directory.name == trained.directory.name
        tables = [(run.directory / FORECASTS_FILE).read_bytes() for run in (again, trained)]
        assert tables[0] == tables[1]

    def test_a_model_worse_than_the_average_is_kept_but_not_used(
        self, trained, data_dir, tmp_path, capsys
    ):
        arguments = ["--data-dir", str(data_dir), "--source", "demo", "--out", str(tmp_path)]
        assert train.main([*arguments, "--epochs", "1", "--seed", "7"]) == 0
        [directory] = tmp_path.iterdir()
        assert (directory / MODEL_FILE).exists()
        assert directory.name != trained.directory.name
        assert "NOT the champion" in capsys.readouterr().out

    def test_a_history_that_is_too_short_ends_in_one_line(self, tmp_path, capsys):
        write_history(tmp_path, weeks=2)
        assert train.main(["--data-dir", str(tmp_path), "--source", "demo"]) == 2
        assert "3 of each weekday" in capsys.readouterr().err
        assert train.main(["--data-dir", str(tmp_path)]) == 2
        assert "no history of source 'live'" in capsys.readouterr().err
        assert not (tmp_path / "models").exists()

    @pytest.mark.parametrize(("option", "value"), [("--epochs", "0"), ("--seed", "-1")])
    def test_a_wrong_option_is_refused_by_name(self, capsys, option, value):
        with pytest.raises(SystemExit) as exit_info:
            train.main([option, value])
        assert exit_info.value.code == 2
        assert option in capsys.readouterr().err


class TestLoading:
    def test_the_reloaded_model_is_a_forecaster(self, keras_forecaster):
        assert_is_forecaster(keras_forecaster)

    def test_the_table_is_what_the_reloaded_model_says(self, trained, keras_forecaster):
        table = decode_table(RENNES, (trained.directory / FORECASTS_FILE).read_bytes())
        said = keras_forecaster.predict(every_cell(FEATURES)).reshape(table_shape(RENNES))
        for code, zone in enumerate(RENNES.zone_choices):
            for day in range(7):
                shown = [forecast.shares for forecast in table.day(day, zone)]
                np.testing.assert_allclose(shown, said[code, day], atol=1e-6)

    def test_a_model_of_another_encoding_is_refused_at_load(self, version):
        path = version / MEASURES_FILE
        measures = orjson.loads(path.read_bytes())
        measures["features"]["version"] = "00000000"
        path.write_bytes(orjson.dumps(measures))
        message = assert_refused(version)
        assert "00000000" in message
        assert FEATURES.version in message
        assert "python -m models.train" in message

    def test_a_model_with_other_inputs_is_refused_at_load(self, version):
        keras = importlib.import_module("keras")
        hours = keras.Input((1,), name="hour")
        keras.Model({"hour": hours}, keras.layers.Dense(3)(hours)).save(version / MODEL_FILE)
        message = assert_refused(version)
        assert "the model takes hour (1 float32)" in message
        assert "this code encodes zone (1 int32), day (1 int32), hour_waves (12" in message

    def test_a_model_with_another_output_is_refused_at_load(self, version):
        keras = importlib.import_module("keras")
        inputs = {
            item.name: keras.Input((item.width,), name=item.name, dtype=item.dtype)
            for item in FEATURES.inputs
        }
        output = keras.layers.Dense(2)(inputs["hour_waves"])
        keras.Model(inputs, output).save(version / MODEL_FILE)
        assert "gives 2 probabilities" in assert_refused(version)

    def test_the_weights_of_another_version_are_refused(self, version, shipped):
        shutil.copy(shipped / MODEL_FILE, version / MODEL_FILE)
        assert version.name in assert_refused(version)

    @pytest.mark.parametrize("name", [MODEL_FILE, MEASURES_FILE])
    @pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut"], ids=str)
    def test_a_damaged_or_missing_file_is_refused_by_name(self, version, name, content):
        (version / name).unlink()
        if content is not None:
            (version / name).write_bytes(content)
        assert name in assert_refused(version)


class TestEvaluation:
    def test_the_days_held_out_in_training_give_the_same_measures_again(self, trained, data_dir):
        comparison = evaluate.evaluate(RENNES, trained.directory, data_dir)
        recorded = trained.measures["test"]
        assert comparison["days"] == recorded["days"]
        for name, scores in recorded["forecasters"].items():
            for key in ("accuracy", "ranked_probability_score", "log_loss", "brier_score"):
                assert comparison["forecasters"][name][key] == pytest.approx(scores[key], abs=1e-6)

    def test_days_that_came_later_are_evaluated_too(self, trained, tmp_path):
        write_history(tmp_path, weeks=4)
        comparison = evaluate.evaluate(RENNES, trained.directory, tmp_path)
        assert len(comparison["days"]) == len(trained.measures["split"]["test"]) + 7

    def test_a_history_of_other_days_cannot_evaluate_it(self, data_dir):
        observed = evaluate.load_zone_history(RENNES, data_dir, "demo")
        elsewhere = {"train": ["2020-01-06"], "validation": ["2020-01-07"], "test": []}
        with pytest.raises(HistoryTooShort, match="none of the days"):
            evaluate.seen_and_unseen(observed, elsewhere)
        everything = {"train": [day.isoformat() for day in observed.dates()], "validation": []}
        with pytest.raises(HistoryTooShort, match="no day"):
            evaluate.seen_and_unseen(observed, everything)

    def test_a_table_that_the_model_did_not_write_is_refused(self, version, shipped, data_dir):
        shutil.copy(shipped / FORECASTS_FILE, version / FORECASTS_FILE)
        with pytest.raises(ModelMismatch, match="not written by the model beside it"):
            evaluate.evaluate(RENNES, version, data_dir)

    def test_the_command_prints_the_model_beside_both_baselines(self, trained, data_dir, capsys):
        arguments = ["--model", str(trained.directory), "--data-dir", str(data_dir)]
        assert evaluate_command.main(arguments) == 0
        printed = capsys.readouterr().out
        for text in ("Keras model", "hour-of-week average", "commonest status", "RPS", "recall"):
            assert text in printed

    def test_the_command_ends_in_one_line_where_there_is_no_model(self, tmp_path, capsys):
        assert evaluate_command.main(["--model", str(tmp_path), "--data-dir", str(tmp_path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_shipped_model_loads_and_its_table_is_its_own(shipped):
    forecaster = load_forecaster(shipped)
    assert_is_forecaster(forecaster)
    evaluate.check_table(RENNES, shipped, forecaster)


def assert_refused(version: Path) -> str:
    with pytest.raises(ModelMismatch) as error_info:
        load_forecaster(version)
    message = str(error_info.value)
    assert "\n" not in message
    return message


def load_forecaster(version: Path) -> Any:
    # Imported with the first test and not with the module, so that other tests need not wait.
    module = importlib.import_module("models.zones.keras_forecaster")
    return module.load_forecaster(RENNES, version)


def _silent(_line: str) -> None:
    return None
