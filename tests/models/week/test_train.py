from __future__ import annotations

import importlib

import orjson
import pytest

from models.errors import HistoryTooShort
from models.versions import CARD_FILE, MEASURES_FILE, MODEL_FILE
from models.week import train
from models.week.scores import RAW_FREQUENCIES, scores_table
from services.city.rennes import RENNES
from services.forecast.week_forecasts import WEEK_FILE, WeekOnNetwork, decode_table
from services.traffic.status import Status
from tests.factories import make_network
from tests.models.histories import write_history

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

NETWORK = make_network(10)
MONDAY, SUNDAY = 0, 6


@pytest.fixture(scope="module")
def trained(data_dir, progress):
    return train.train(RENNES, data_dir, "demo", data_dir / "models", report=progress.append)


@pytest.fixture
def week(trained):
    table = decode_table((trained.directory / WEEK_FILE).read_bytes())
    return WeekOnNetwork(table, NETWORK)


def test_progress_is_visible_and_tells_the_share_of_days(trained, progress):
    assert progress[0].startswith("reading the history of source 'demo'")
    # Four weeks, less Armistice Day.
    assert any("days to learn from 20, to evaluate by 7" in line for line in progress)
    assert sum(line.startswith("epoch") for line in progress) == 6


def test_what_was_learnt_is_served(trained, week):
    assert week.table.model_version == trained.directory.name
    assert week.table.is_simulated
    for day, hour, status in (
        (MONDAY, 3, Status.FREE_FLOW),
        (MONDAY, 8, Status.CONGESTED),
        (MONDAY, 12, Status.HEAVY),
        (SUNDAY, 8, Status.FREE_FLOW),
    ):
        found = week.at(day, hour)
        assert set(found.status_codes.tolist()) == {status}, (day, hour)
        assert (found.days_observed >= 2).all()


def test_the_version_is_complete_and_its_model_can_be_loaded(trained):
    keras = importlib.import_module("keras")
    model = keras.models.load_model(trained.directory / MODEL_FILE)
    assert model.count_params() == trained.measures["training"]["weights"]
    record = orjson.loads((trained.directory / MEASURES_FILE).read_bytes())
    assert record == trained.measures
    card = (trained.directory / CARD_FILE).read_text(encoding="utf-8")
    assert "learned from simulated traffic" in card
    assert scores_table(record["test"]) in card


def test_it_is_evaluated_by_days_it_has_not_learnt_from(trained):
    split = trained.measures["split"]
    assert trained.measures["test"]["days"] == split["test"]
    assert set(split["test"]).isdisjoint(split["learn"])
    assert split["left_out"] == ["2026-11-11"]


def test_the_same_history_and_seed_give_the_same_model(trained, data_dir, tmp_path):
    again = train.train(RENNES, data_dir, "demo", tmp_path, report=lambda line: None)
    assert again.directory.name == trained.directory.name
    assert again.measures["test"] == trained.measures["test"]


@pytest.mark.parametrize(("skill", "is_kept"), [(0.0, True), (-0.01, False)])
def test_a_model_worse_than_the_raw_frequencies_is_not_promoted(
    data_dir, tmp_path, monkeypatch, capsys, skill, is_kept
):
    fitted = train.compare

    def evaluated(*arguments):
        test = fitted(*arguments)
        test["against"][RAW_FREQUENCIES]["rps_skill"] = skill
        return test

    monkeypatch.setattr(train, "compare", evaluated)
    arguments = ["--data-dir", str(data_dir), "--source", "demo", "--out", str(tmp_path)]
    assert train.main([*arguments, "--learn-weeks", "2"]) == 0
    assert (tmp_path / "week" / "champion").exists() == is_kept
    assert ("it is now the champion" in capsys.readouterr().out) == is_kept


def test_a_short_history_ends_the_command_in_one_line(tmp_path, capsys):
    write_history(tmp_path, weeks=2)
    assert train.main(["--data-dir", str(tmp_path), "--source", "demo"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(HistoryTooShort):
        train.train(RENNES, tmp_path, "live", tmp_path, report=lambda line: None)
