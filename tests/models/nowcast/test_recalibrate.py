"""Bands learned anew: the network stays, and a wrong history is refused."""

from __future__ import annotations

import importlib
import shutil

import numpy as np
import orjson
import pytest

from models.errors import ModelMismatch
from models.nowcast import recalibrate
from models.versions import MEASURES_FILE
from services.city.rennes import RENNES
from tests.models.nowcast.cities import START, every, write_city

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.fixture
def directory(trained_city, tmp_path):
    trained = trained_city.trained.directory
    return shutil.copytree(trained, tmp_path / "nowcast" / trained.name)


def test_the_same_history_gives_the_same_version_and_measures(trained_city, directory, capsys):
    load = importlib.import_module("models.nowcast.stored_nowcaster").load_nowcaster
    before = load(directory)
    arguments = [directory.name, "--data-dir", str(trained_city.data_dir)]
    assert recalibrate.main([*arguments, "--models", str(directory.parents[1])]) == 0
    assert "did not change" in capsys.readouterr().out
    after = load(directory)
    assert after.version == before.version
    np.testing.assert_allclose(after.zones.factors, before.zones.factors, atol=1e-3)
    record = recalibrate.read_measures(directory)
    assert record["split"] == trained_city.trained.measures["split"]
    assert record["test"]["observations"] == trained_city.trained.measures["test"]["observations"]


def test_a_history_it_did_not_learn_from_is_refused(directory, tmp_path):
    write_city(tmp_path, every(5, START, START.replace(day=9)))
    with pytest.raises(ModelMismatch, match="which the version learned from"):
        recalibrate.recalibrate(RENNES, tmp_path, directory, lambda line: None)


DAYS = {"train": ["2026-11-01"], "validation": ["2026-11-02"], "test": ["2026-11-03"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"split": {}},
        {"split": {**DAYS, "test": []}},
        {"training": []},
        {"training": {}},
        {"training": {"weeks": "four"}},
    ],
    ids=str,
)
def test_a_record_that_does_not_tell_how_is_refused_in_one_line(tmp_path, capsys, wrong):
    learned = {"source": "demo", "first_day": "2026-11-01", "last_day": "2026-11-03", "days": 3}
    record = {"model_version": "x", "trained_on": learned, "split": DAYS, "training": {"weeks": 4}}
    (tmp_path / "nowcast" / "x").mkdir(parents=True)
    (tmp_path / "nowcast" / "x" / MEASURES_FILE).write_bytes(orjson.dumps(record | wrong))
    assert recalibrate.main(["x", "--data-dir", str(tmp_path), "--models", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
