"""Training on a history, by its command: what is written, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import pytest

from models.errors import HistoryTooShort
from models.nowcast import train
from models.nowcast.city_table import load_city_table
from models.nowcast.day_parts import split_by_day_type
from models.nowcast.speed_table import OFF, SCHOOL_HOLIDAY, WORKING, RowTimes
from models.versions import CARD_FILE, MEASURES_FILE
from services.city.rennes import RENNES
from services.forecast.champions import champion_version
from tests.models.nowcast.cities import END, START, every, write_city

TENSORFLOW = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.fixture
def trained(trained_city):
    return trained_city.trained


class TestAVersion:
    pytestmark = TENSORFLOW

    def test_it_is_written_with_its_measures_and_its_card(self, trained):
        measures = orjson.loads((trained.directory / MEASURES_FILE).read_bytes())
        assert measures == trained.measures
        assert measures["model_version"] == trained.directory.name
        assert measures["segments"] == {"all": 30, "known": 29}
        card = (trained.directory / CARD_FILE).read_text(encoding="utf-8")
        assert "learned from simulated traffic" in card
        assert trained.directory.name in card

    def test_it_is_the_champion_where_no_baseline_is_better(self, trained):
        champion = champion_version(trained.directory.parent)
        assert champion == (trained.directory.name if trained.is_champion else None)

    def test_it_is_evaluated_on_days_it_has_not_seen_beside_two_baselines(self, trained):
        split, test = trained.measures["split"], trained.measures["test"]
        assert set(split["test"]).isdisjoint(split["train"] + split["validation"])
        assert test["days"] == split["test"]
        for leads in test["forecasters"].values():
            assert len(leads) == 4
            for found in leads:
                assert 0.0 < found["mae_ratio"] < 0.5
                assert found["mae_kmh"] > found["mae_ratio"]
                assert 0.0 <= found["rps"] < 0.5
        assert all(0.4 < lead["coverage"] <= 1.0 for lead in test["forecasters"]["nowcaster"])
        assert set(test["zones"]["metropole"]) == {"mae", "mae_persistence", "coverage"}

    def test_progress_is_told(self, trained_city):
        text = "\n".join(trained_city.lines)
        assert "read 7 of 7 days" in text
        assert "epoch   2.0" in text
        assert "evaluating" in text


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("hourly")
    write_city(data_dir, every(30))
    return load_city_table(RENNES, data_dir, "demo", 4, lambda line: None)


def test_days_are_shared_out_whole_and_each_type_is_in_every_part(table):
    with_every_step = np.where(np.isnan(table.ratio), 0.5, table.ratio)
    full = type(table)(**{**vars(table), "ratio": with_every_step})
    parts = split_by_day_type(full, seed=1)
    days = [*parts.train, *parts.validation, *parts.test]
    assert sorted(days) == table.dates()
    is_off = {day: table.times.is_weekend[table.is_on([day])].all() for day in days}
    for part in (parts.train, parts.validation, parts.test):
        assert {is_off[day] for day in part} == {True, False}
    assert split_by_day_type(full, seed=1) == parts


def test_days_of_school_holidays_are_in_every_part_once_there_are_enough(table):
    full = np.where(np.isnan(table.ratio), 0.5, table.ratio)
    weeks = 3
    rows, per_week = len(full) * weeks, len(full)
    times = table.times
    day = np.concatenate([times.day + 7 * week for week in range(weeks)])
    holiday = np.arange(rows) < per_week
    repeated = RowTimes(
        day, np.tile(times.slot, weeks), np.tile(times.is_weekend, weeks), times.slots_per_day,
        holiday,
    )  # fmt: skip
    grown = type(table)(**{**vars(table), "ratio": np.tile(full, (weeks, 1)), "times": repeated})
    parts = split_by_day_type(grown, seed=1)
    types = {day: repeated.day_type[grown.is_on([day])][0] for day in grown.dates()}
    for part in (parts.train, parts.validation, parts.test):
        assert {types[day] for day in part} == {WORKING, OFF, SCHOOL_HOLIDAY}


def test_days_that_were_hardly_observed_are_in_no_part(table):
    # Every half hour is one step in six.
    with pytest.raises(HistoryTooShort, match="0 working days"):
        split_by_day_type(table, seed=1)


def test_a_history_that_is_too_short_is_told_in_one_line(tmp_path, capsys):
    write_city(tmp_path, every(5, START, START + timedelta(days=2)))
    assert train.main(["--data-dir", str(tmp_path), "--source", "demo"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == "0 working days in the history: training needs 3 of them"


def test_a_history_that_is_not_there_is_told_in_one_line(tmp_path, capsys):
    assert train.main(["--data-dir", str(tmp_path), "--source", "live"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "no history of source 'live'" in line


@pytest.mark.parametrize("arguments", [["--weeks", "0"], ["--seed", "x"], ["--source", "archive"]])
def test_wrong_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refusal:
        train.main(arguments)
    assert refusal.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_the_running_day_is_not_learned_from(tmp_path):
    write_city(tmp_path, every(30, START, END + timedelta(hours=10)))
    found = load_city_table(RENNES, tmp_path, "demo", 4, lambda line: None)
    assert datetime.fromtimestamp(int(found.end_s[-1]), UTC) == END
