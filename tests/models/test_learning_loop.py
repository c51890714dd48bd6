"""A simulated fortnight at high speed: observe, score, challenge, and all of it on record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import orjson
import pytest
from sqlalchemy import func, select

from models.catalogue import champion_in_use, roots_of
from models.challenge import challenge
from models.zones.challenge import ZonesChallenge
from models.zones.kind import ZONES
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history.upkeep import keep_up
from services.learn.job import score_forecasts
from services.learn.quality_metrics import quality_metrics
from services.learn.summary import quality_report
from services.metrics.definitions import FORECAST_SKILL
from services.operations.database import open_operations
from services.operations.decisions import latest_decisions
from services.operations.tables import ForecastScore
from tests.models.histories import rhythm
from tests.models.versions import SHIPPED, write_zones_version
from tests.services.learn.histories import times, write

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

# Two weeks before it, so that a first challenger has something to learn from.
START = datetime(2026, 10, 26, tzinfo=UTC)
WEEKS_BEFORE = 2
EXCEPTIONS = 0.15
# The champion at first knows how often each status is seen, and nothing of the hours.
CLIMATOLOGY = (0.6, 0.35, 0.05)


def doing(moment):
    """The weekly rhythm, and now and then something else."""
    generator = np.random.default_rng(int(moment.timestamp()))
    local = RENNES.local(moment)
    usual = rhythm(local.weekday(), local.hour)
    return int(generator.integers(3)) if generator.random() < EXCEPTIONS else usual


def quiet(_line):
    return None


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The data directory after the fortnight, and the shipped models."""
    data_dir, shipped = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("shipped")
    write_zones_version(shipped, SHIPPED, shares=CLIMATOLOGY, is_champion=True)
    operations = open_operations(load_settings(data_dir=data_dir))
    write(data_dir, times(START, WEEKS_BEFORE * 7 * 24, 60), doing)
    for day in range(WEEKS_BEFORE * 7, (WEEKS_BEFORE + 2) * 7):
        midnight = START + timedelta(days=day)
        write(data_dir, times(midnight, 24, 60), doing)
        # Twice a week, as after a stop: what is scored late is of the champion that it was then.
        if day % 7 in {3, 6}:
            now = midnight + timedelta(hours=24, minutes=15)
            keep_up(RENNES, data_dir, now, None)
            score_forecasts(RENNES, data_dir, shipped, operations, now)
        # The first training is given its time, the second one is cut short.
        epochs = 25 if day < (WEEKS_BEFORE + 1) * 7 else 1
        roots = roots_of(data_dir, ZONES, shipped)
        contest = ZonesChallenge(RENNES, data_dir, "demo", roots=roots, epochs=epochs)
        challenge(contest, operations, midnight + timedelta(hours=26), quiet)
    return data_dir, shipped


@pytest.fixture
def operations(lived):
    return open_operations(load_settings(data_dir=lived[0]), read_only=True)


@pytest.fixture
def decisions(operations):
    with operations.begin() as session:
        return latest_decisions(session)[::-1]


def test_one_challenger_was_promoted_and_one_refused(lived, decisions):
    assert [(item.action, item.reason) for item in decisions] == [
        ("postponed", "too_little_history"),
        ("promoted", "better_than_champion"),
        ("refused", "worse_than_champion"),
    ]
    _, promoted, refused = decisions
    assert promoted.previous == SHIPPED
    assert refused.previous == promoted.version
    champion = champion_in_use(roots_of(lived[0], ZONES, lived[1]))
    assert champion is not None
    assert champion.version == promoted.version
    assert champion.problem == ""
    figures = promoted.figures
    assert figures["challenger_rps"] < figures["champion_rps"]
    assert figures["challenger_rps"] <= figures["average_rps"]
    assert (figures["judged_first_day"], figures["judged_last_day"]) == ("2026-11-09", "2026-11-15")


def test_what_was_decided_is_beside_each_version_too(lived, decisions):
    for item, word in zip(decisions[1:], ("promoted", "refused"), strict=True):
        directory = lived[0] / "models" / item.version
        card = (directory / "MODEL_CARD.md").read_text(encoding="utf-8")
        assert f"it was **{word}**" in card
        assert "The newest whole days were kept" in card
        assert f"{item.figures['champion_rps']:.4f}" in card
        # Neither has seen the days it was evaluated by.
        learned = orjson.loads((directory / "measures.json").read_bytes())["trained_on"]
        assert learned["last_day"] < item.figures["judged_first_day"]


def test_every_forecast_was_scored_and_the_new_champion_does_better(operations, decisions):
    rps = func.sum(ForecastScore.rps_sum) / func.sum(ForecastScore.cases)
    query = (
        select(ForecastScore.model_version, rps, func.max(ForecastScore.day))
        .where(ForecastScore.forecaster == "model")
        .group_by(ForecastScore.model_version)
    )
    with operations.begin() as session:
        scores = {version: (score, day) for version, score, day in session.execute(query)}
        report = quality_report(RENNES, session, "demo", datetime(2026, 11, 23, 8, tzinfo=UTC))
    promoted = decisions[1].version
    assert set(scores) == {SHIPPED, promoted}
    assert scores[promoted][0] < scores[SHIPPED][0] / 2
    assert scores[promoted][1] == date(2026, 11, 23)
    for lead in report.leads:
        # 24 hours of every zone but the whole network, which would count them twice.
        assert lead.yesterday.cases == 24 * (len(RENNES.zone_choices) - 1)
        assert lead.week.skill["persistence"] > 0
    assert [lead.lead_minutes for lead in report.leads] == [60, 1_440]


def test_the_skill_is_there_for_monitoring(operations):
    metrics = quality_metrics(RENNES, operations, "demo", datetime(2026, 11, 23, 8, tzinfo=UTC))
    skills = {
        (item.labels["lead_minutes"], item.labels["baseline"]): item.value
        for item in metrics
        if item.name == FORECAST_SKILL.name
    }
    assert set(skills) == {
        (lead, baseline) for lead in ("60", "1440") for baseline in ("average", "persistence")
    }
