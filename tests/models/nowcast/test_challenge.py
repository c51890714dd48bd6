"""Challenging the nowcaster: on the newest whole days, beside the champion and the baselines."""

from __future__ import annotations

import dataclasses
import importlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from models.catalogue import CHAMPION_NAME, champion_in_use, roots_of
from models.challenge import challenge, rule
from models.errors import HistoryTooShort
from models.nowcast.challenge import NowcastChallenge, parts_with_newest_evaluated
from models.nowcast.city_table import load_city_table
from models.nowcast.evaluation import (
    NOWCASTER,
    PERSISTENCE,
    EvaluatedForecast,
    compared_by_day,
    on_common_cases,
)
from models.nowcast.kind import NOWCAST
from models.nowcast.options import Architecture, FitOptions
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.operations.database import open_operations
from tests.models.nowcast.cities import START, every, write_city

DAYS = 17
END = START + timedelta(days=DAYS)
NIGHT = END + timedelta(hours=3)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("city")
    write_city(directory, every(5, START, END))
    return directory


@pytest.fixture(scope="module")
def table(data_dir):
    return load_city_table(RENNES, data_dir, "demo", 5, lambda line: None)


@pytest.mark.tensorflow
# TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_the_first_is_evaluated_by_the_baselines_and_its_like_is_no_better(
    data_dir, tmp_path, monkeypatch
):
    city = importlib.import_module("models.nowcast.city_nowcaster")
    sizes = Architecture(
        members=1, hearing_members=1, units=8, layers=1, message_heads=1, telling_neighbours=2
    )
    fit = FitOptions(epochs=2, times_per_step=4, learning_rate=5e-3, sizes=sizes)
    roots = dataclasses.replace(
        roots_of(tmp_path, NOWCAST, tmp_path / "shipped"), local=tmp_path / "nowcast"
    )
    contest = NowcastChallenge(
        RENNES, data_dir, "demo", roots=roots, options=city.CityOptions(times=120, fit=fit)
    )
    operations = open_operations(load_settings(data_dir=tmp_path))
    lines = []
    first = challenge(contest, operations, NIGHT, lines.append)
    assert (first.action, first.reason) == ("promoted", "no_champion"), lines
    champion = champion_in_use(roots)
    assert champion.version == first.version
    # The last of the ten days before those that it is evaluated by.
    assert champion.measures["trained_on"]["last_day"] == "2026-11-16"
    assert (first.figures["judged_first_day"], first.figures["judged_days"]) == ("2026-11-17", 7)
    # One that learned the very same is no better on the same days.
    evaluated = [datetime(2026, 11, day, tzinfo=UTC).date() for day in range(17, 24)]
    again = importlib.import_module("models.nowcast.stored_nowcaster").load_nowcaster(
        champion.directory
    )
    monkeypatch.setattr(city, "learn_city", lambda *_, **__: again.city)

    def decide(test):
        return rule(test, has_champion=True, objection=contest.objection(test))

    refused = contest.train(evaluated, decide, lines.append)
    assert refused.measures["decision"]["reason"] == "worse_than_champion"
    against = refused.measures["test"]["against"][CHAMPION_NAME]
    assert against["rps_skill"] == pytest.approx(0.0, abs=1e-4)
    assert against["days"] == 7
    assert champion_in_use(roots).version == champion.version


def test_nothing_of_the_evaluated_days_is_learned_or_calibrated_by(table):
    dates = table.dates()
    parts = parts_with_newest_evaluated(table, dates[-7:], seed=1)
    assert parts.test == dates[-7:]
    assert max([*parts.train, *parts.validation]) < min(parts.test)
    with pytest.raises(HistoryTooShort):
        parts_with_newest_evaluated(table, dates[4:11], seed=1)
    with pytest.raises(HistoryTooShort, match="no day to evaluate by"):
        parts_with_newest_evaluated(table, [END.date() + timedelta(days=9)], seed=1)


def test_days_after_the_last_asked_for_are_not_read(data_dir, table):
    until = table.dates()[9]
    assert (
        load_city_table(RENNES, data_dir, "demo", 5, lambda line: None, until=until).dates()[-1]
        == until
    )


def test_all_are_evaluated_where_all_say_something_day_by_day(table):
    rows = np.arange(300, 300 + 2 * 288, 24)
    shape = (len(rows), 4, len(table.network))

    def sure(place):
        shares = np.zeros((3, *shape), np.float32)
        shares[place] = 1.0
        return EvaluatedForecast(np.full(shape, 0.8, np.float32), shares)

    silent = sure(2)
    silent.ratio[..., :20] = np.nan
    evaluated = on_common_cases({NOWCASTER: sure(1), PERSISTENCE: silent})
    assert np.isnan(evaluated[NOWCASTER].ratio[..., :20]).all()
    assert not np.isnan(evaluated[NOWCASTER].ratio[..., 20:]).any()
    found = compared_by_day(evaluated, table, rows, RENNES.thresholds)
    days = len(np.unique(table.times.day[rows]))
    # Dense is nearer to what happens in this city than blocked, every day.
    assert found[PERSISTENCE]["days_better"] == found[PERSISTENCE]["days"] == days
    assert found[PERSISTENCE]["rps_skill"] > 0
