"""A training by hand is on record as well: what was decided, by which figures."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from models.catalogue import champion_in_use, roots_of
from models.train import decide_by_average, record_training
from models.training_command import Trained
from services.operations import latest_decisions, open_operations, recorded_versions
from services.settings import load_settings
from tests.models.versions import FIRST, SECOND, comparison, record_of, write_zones_version

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("average", "action", "reason"),
    [(0.033, "promoted", "no_worse_than_average"), (0.029, "refused", "worse_than_average")],
)
def test_the_decision_is_recorded_with_its_figures(tmp_path, average, action, reason):
    operations = open_operations(load_settings(data_dir=tmp_path))
    roots = roots_of(tmp_path, "zones", tmp_path / "shipped")
    write_zones_version(roots.local, FIRST, is_champion=True)
    learned = champion_in_use(roots).measures["trained_on"]
    compared = comparison(average=average)
    ruling = decide_by_average(compared)
    measures = record_of(SECOND, learned) | {
        "test": compared,
        "decision": {"action": ruling.action, "reason": ruling.reason},
    }
    directory = write_zones_version(roots.local, SECOND)
    trained = Trained(directory, measures, ruling.action == "promoted")
    record_training(operations, trained, champion_in_use(roots), NOW)
    with operations.begin() as session:
        [decision] = latest_decisions(session)
        [version] = recorded_versions(session)
    assert (decision.action, decision.reason, decision.decided_by) == (action, reason, "training")
    assert (decision.version, decision.previous) == (SECOND, FIRST)
    assert decision.figures["average_rps"] == average
    assert (version.version, version.last_day) == (SECOND, date(2026, 11, 8))
