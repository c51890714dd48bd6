"""Challenging the week of every segment: promoted or refused on days that neither has seen."""

from __future__ import annotations

import dataclasses
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from models.catalogue import champion_in_use, roots_of
from models.challenge import challenge
from models.errors import HistoryTooShort
from models.week.challenge import WeekChallenge, parts_with_newest_evaluated
from models.week.kind import WEEK
from services.city.calendar import Calendar
from services.city.rennes import RENNES
from services.operations.decisions import recorded_versions
from tests.models.histories import write_history

# The history ends with Sunday 2026-11-29; the newest whole week begins on the 23rd.
NIGHT = datetime(2026, 11, 30, 2, tzinfo=UTC)
FIRST_DAY, FIRST_EVALUATED = date(2026, 11, 2), date(2026, 11, 23)


@dataclasses.dataclass(frozen=True)
class FitOptions:
    seed: int
    epochs: int = 1


class Network:
    """Stands in for the Keras model: surer than the prior, in a city as sure, or nonsense."""

    name = "sure"

    def shares(self, prior):
        if self.name == "sure":
            sharpened = prior.week**8
            return sharpened / sharpened.sum(axis=-1, keepdims=True)
        return np.full_like(prior.week, 1 / prior.week.shape[-1])

    def weight_count(self):
        return 1

    def weights_hash(self):
        return {"sure": "aaaaaa", "nonsense": "bbbbbb"}[self.name]

    def save(self, path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("weights", self.name)


@pytest.fixture
def network(monkeypatch):
    """What is trained, without TensorFlow."""
    found = Network()
    stand_in = SimpleNamespace(
        FitOptions=FitOptions,
        Lesson=lambda *parts: parts,
        fit_network=lambda *_: found,
    )
    monkeypatch.setitem(sys.modules, "models.week.correction", stand_in)
    return found


def run(data_dir, tmp_path, operations, now=NIGHT):
    roots = dataclasses.replace(
        roots_of(tmp_path, WEEK, tmp_path / "shipped"), local=tmp_path / "week"
    )
    contest = WeekChallenge(RENNES, data_dir, "demo", roots=roots)
    return challenge(contest, operations, now, lambda line: None), champion_in_use(roots)


def test_one_is_promoted_and_one_that_is_no_better_refused(data_dir, tmp_path, operations, network):
    promoted, champion = run(data_dir, tmp_path, operations)
    assert (promoted.action, promoted.reason) == ("promoted", "no_champion")
    assert champion.version == promoted.version
    # Neither has seen the days it is evaluated by.
    assert champion.measures["trained_on"]["last_day"] == "2026-11-22"
    assert promoted.figures["judged_first_day"] == FIRST_EVALUATED.isoformat()
    assert promoted.figures["challenger_rps"] <= promoted.figures["average_rps"]
    # Two weeks later the roads are as ever, and what was learned is nonsense.
    write_history(tmp_path, weeks=6)
    network.name = "nonsense"
    refused, kept = run(tmp_path, tmp_path, operations, NIGHT + timedelta(days=14))
    assert (refused.action, refused.reason) == ("refused", "worse_than_champion")
    assert refused.figures["champion_rps"] < refused.figures["challenger_rps"]
    assert refused.previous == kept.version == promoted.version
    with operations.begin() as session:
        assert {item.kind for item in recorded_versions(session)} == {"week"}


def test_whoever_is_worse_than_the_frequencies_is_refused_without_a_champion_too(
    data_dir, tmp_path, operations, network
):
    network.name = "nonsense"
    decision, champion = run(data_dir, tmp_path, operations)
    assert (decision.action, decision.reason) == ("refused", "worse_than_average")
    assert champion is None


def test_a_week_that_cannot_be_trained_leaves_the_champion(
    data_dir, tmp_path, operations, network, monkeypatch
):
    _, champion = run(data_dir, tmp_path, operations)

    def fail(*_):
        raise MemoryError("no memory")

    monkeypatch.setattr(sys.modules["models.week.correction"], "fit_network", fail)
    write_history(tmp_path, weeks=6)
    failed, kept = run(tmp_path, tmp_path, operations, NIGHT + timedelta(days=14))
    assert (failed.action, failed.reason) == ("failed", "training_failed")
    assert kept.version == champion.version


def test_holidays_are_in_no_part_and_two_of_each_weekday_are_needed():
    days = [FIRST_DAY + timedelta(days=count) for count in range(28)]
    parts = parts_with_newest_evaluated(days, days[-7:], Calendar(RENNES.holidays))
    assert parts.test == days[-7:]
    assert parts.left_out == [date(2026, 11, 11)]
    assert max(parts.learn) < FIRST_EVALUATED
    with pytest.raises(HistoryTooShort, match="1 of some weekday"):
        parts_with_newest_evaluated(days[:14], days[7:14], Calendar(RENNES.holidays))
