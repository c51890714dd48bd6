"""A training by hand is on record as well: what was decided, by which figures."""

from __future__ import annotations

import importlib
import sys
from dataclasses import asdict
from datetime import date
from types import SimpleNamespace

import pytest

from models.camera import train as camera
from models.catalogue import champion_in_use, roots_of
from models.kinds import MODEL_KINDS
from models.nowcast.evaluation import objection as nowcast_objection
from models.training import NOT_RECORDED, decide_by
from models.training_command import Trained
from models.versions import promote
from models.week.scores import MODEL, RAW_FREQUENCIES
from models.week.train import objection as week_objection
from models.zones.comparison import objection as zones_objection
from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.decisions import latest_decisions, recorded_versions
from tests.models.versions import FIRST, SECOND, comparison, record_of, write_zones_version


def week_measures(other):
    return comparison() | {
        "coverage": 0.8,
        "forecasters": {
            MODEL: {"ranked_probability_score": 0.03},
            RAW_FREQUENCIES: {"ranked_probability_score": other},
        },
        "against": {RAW_FREQUENCIES: {"rps_skill": 1 - 0.03 / other, "days_better": 5}},
    }


def nowcast_measures(other):
    return comparison() | {
        "forecasters": {
            "nowcaster": [{"rps": 0.03, "mae_ratio": 0.1}] * 6,
            "persistence": [{"rps": other, "mae_ratio": 0.1}] * 6,
            "hour-of-week average": [{"rps": other, "mae_ratio": 0.1}] * 6,
        },
        "against": {},
    }


# The command, what is objected, and its measures: of the model 0.03, of its baselines as given.
KINDS = {
    "zones": ("models.zones.train", zones_objection, lambda other: comparison(average=other)),
    "week": ("models.week.train", week_objection, week_measures),
    "nowcast": ("models.nowcast.train", nowcast_objection, nowcast_measures),
}
WORSE = {
    "zones": "worse_than_average",
    "week": "worse_than_average",
    "nowcast": "worse_than_baseline",
}


@pytest.fixture
def trained_as(monkeypatch, tmp_path):
    """Runs the command of a kind of model whose training gives these measures."""

    def run(kind, other, *arguments):
        name, objection, measures_of = KINDS[kind]
        module = importlib.import_module(name)
        roots = roots_of(tmp_path, MODEL_KINDS[kind])
        write_zones_version(roots.local, FIRST, is_champion=True)
        learned = champion_in_use(roots).measures["trained_on"]

        def train(_city, data_dir, source, root, **_options):
            ruling = decide_by(objection)(measures_of(other))
            measures = record_of(SECOND, learned) | {
                "test": measures_of(other),
                "decision": asdict(ruling),
            }
            directory = write_zones_version(roots.local, SECOND)
            if ruling.action == "promoted":
                promote(roots.local, SECOND)
            return Trained(directory, measures, ruling.action == "promoted")

        monkeypatch.setattr(module, "train", train)
        for table in ("comparison_table", "scores_table", "lead_table"):
            monkeypatch.setattr(module, table, lambda test: "a table", raising=False)
        return module.main(["--data-dir", str(tmp_path), *arguments])

    return run


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("other", "action"), [(0.033, "promoted"), (0.029, "refused")], ids=["better", "worse"]
)
def test_the_decision_is_recorded_with_its_figures(tmp_path, trained_as, kind, other, action):
    assert trained_as(kind, other) == 0
    with open_operations(load_settings(data_dir=tmp_path)).begin() as session:
        [decision] = latest_decisions(session)
        [version] = recorded_versions(session)
    reason = "no_worse_than_average" if action == "promoted" else WORSE[kind]
    assert (decision.kind, decision.action, decision.reason) == (kind, action, reason)
    assert decision.decided_by == "training"
    assert (decision.version, decision.previous) == (SECOND, FIRST)
    assert decision.figures["challenger_rps"] == 0.03
    assert (version.kind, version.version) == (kind, SECOND)
    assert version.last_day == date(2026, 11, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_for_another_place_is_no_decision_of_this_installation(
    tmp_path, trained_as, kind
):
    assert trained_as(kind, 0.033, "--out", str(tmp_path / "elsewhere")) == 0
    assert not list(tmp_path.glob("operations.sqlite3*"))


@pytest.mark.parametrize(
    ("baseline", "action", "reason"),
    [(0.2, "promoted", "better_than_baseline"), (0.7, "refused", "worse_than_baseline")],
)
def test_so_is_a_training_of_the_cameras_model(tmp_path, monkeypatch, baseline, action, reason):
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    # Not TensorFlow, which nothing here needs.
    fitting = SimpleNamespace(FitOptions=lambda **_options: None)
    monkeypatch.setitem(sys.modules, "models.camera.fit", fitting)

    def train(_data, root, _options, **_others):
        content = {
            "test": {"mean_iou": 0.6, "iou": {"vehicle": 0.8}},
            "baseline": {"mean_iou": baseline},
        }
        ruling = camera.decide_by_baseline(content)
        measures = content | {"decision": asdict(ruling)}
        return Trained(root / "camera" / SECOND, measures, ruling.action == "promoted")

    monkeypatch.setattr(camera, "train", train)
    assert camera.main(["--data", str(tmp_path)]) == 0
    with open_operations(load_settings(data_dir=tmp_path)).begin() as session:
        [decision] = latest_decisions(session)
    assert (decision.kind, decision.version, decision.decided_by) == ("camera", SECOND, "training")
    assert (decision.action, decision.reason) == (action, reason)
    assert decision.figures == {"mean_iou": 0.6}


def test_a_database_that_takes_nothing_is_said_and_the_version_stays(tmp_path, trained_as, capsys):
    (tmp_path / "operations.sqlite3").mkdir()
    assert trained_as("zones", 0.033) == 0
    told = capsys.readouterr().out
    assert NOT_RECORDED in told
    assert "it is now the champion" in told
