"""An initial model that does worse than the average of what was observed is set aside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from models.versions import promote
from services.city.rennes import RENNES
from services.forecast.champions import set_aside_version
from services.learn.setting_aside import MIN_CASES, MIN_DAYS_SCORED, set_aside_what_is_worse
from services.operations.decisions import latest_decisions
from services.operations.tables import FORECAST_KINDS, ForecastScore

VERSION = "2026-11-22-aaaaaa"
NOW = datetime(2026, 12, 10, 12, tzinfo=UTC)
FOLDERS = {"zones": ".", "week": "week", "nowcast": "nowcast"}
PER_ROW = 500


@pytest.fixture
def shipped(tmp_path):
    """A champion of each kind that learned from simulated traffic."""
    root = tmp_path / "shipped"
    for folder in FOLDERS.values():
        champion(root / folder, VERSION)
    return root


def champion(root, version, source="demo"):
    (root / version).mkdir(parents=True)
    record = {"trained_on": {"source": source}}
    (root / version / "measures.json").write_bytes(orjson.dumps(record))
    promote(root, version)


def score(operations, *, model, average, kind="week", days=3, version=VERSION, source="live"):
    """Mean scores of the last days, 500 cases each."""
    with operations.begin() as session:
        for back in range(1, days + 1):
            for forecaster, rps in {"model": model, "average": average, "persistence": 0.2}.items():
                session.add(
                    ForecastScore(
                        source=source,
                        kind=kind,
                        day=date(2026, 12, 10) - timedelta(days=back),
                        zone="rocade",
                        lead_minutes=60,
                        forecaster=forecaster,
                        model_version=version,
                        cases=PER_ROW,
                        rps_sum=PER_ROW * rps,
                        brier_sum=0.0,
                        ratio_cases=0,
                        ratio_error_sum=0.0,
                        band_cases=0,
                        band_hits=0,
                        better_than={},
                        calibration=[[0.0, 0.0, 0.0]] * 10,
                    )
                )


def judged(tmp_path, shipped, operations):
    found = set_aside_what_is_worse(RENNES, tmp_path, shipped, operations, NOW)
    return [item.kind for item in found]


@pytest.mark.parametrize("kind", FORECAST_KINDS)
def test_each_kind_is_set_aside_by_its_own_scores_and_once(tmp_path, shipped, operations, kind):
    score(operations, model=0.11, average=0.10, kind=kind)
    assert judged(tmp_path, shipped, operations) == [kind]
    root = tmp_path / "models" / FOLDERS[kind]
    assert set_aside_version(root) == VERSION
    with operations.begin() as session:
        [decision] = latest_decisions(session)
        told = (decision.version, decision.action, decision.reason, decision.decided_by)
        figures = decision.figures
    assert told == (VERSION, "set_aside", "worse_than_average", "scoring")
    assert figures["champion_rps"] == pytest.approx(0.11)
    assert figures["average_rps"] == pytest.approx(0.10)
    assert (figures["cases"], figures["judged_days"]) == (1_500, 3)
    assert judged(tmp_path, shipped, operations) == []


@pytest.mark.parametrize(
    "scores",
    [
        {"model": 0.10, "average": 0.11},
        {"model": 0.10, "average": 0.10},
        # Not enough: two days, or of another model or traffic.
        {"model": 0.11, "average": 0.10, "days": MIN_DAYS_SCORED - 1},
        {"model": 0.11, "average": 0.10, "version": "2026-11-22-bbbbbb"},
        {"model": 0.11, "average": 0.10, "source": "demo"},
    ],
)
def test_what_is_no_worse_or_too_little_scored_stays(tmp_path, shipped, operations, scores):
    assert MIN_CASES <= MIN_DAYS_SCORED * PER_ROW
    score(operations, **scores)
    assert judged(tmp_path, shipped, operations) == []
    assert set_aside_version(tmp_path / "models" / "week") is None


def test_a_model_that_learned_from_observed_traffic_is_none_of_this(tmp_path, shipped, operations):
    local = "2026-12-01-cccccc"
    champion(tmp_path / "models" / "week", local, source="live")
    score(operations, model=0.11, average=0.10, version=local)
    assert judged(tmp_path, shipped, operations) == []


def test_promoting_it_again_shows_it_again(tmp_path, shipped, operations):
    score(operations, model=0.11, average=0.10)
    judged(tmp_path, shipped, operations)
    promote(tmp_path / "models" / "week", VERSION)
    assert set_aside_version(tmp_path / "models" / "week") is None
