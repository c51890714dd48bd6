"""The learner's night: all champions are challenged once, apart from the learner."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from models.challenge import source_to_learn_from
from models.night import challenge_apart, challenge_at_night
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.operations.database import open_operations
from services.operations.decisions import latest_decisions
from services.operations.tables import FORECAST_KINDS
from tests.models.histories import write_history


def test_it_works_in_one_hour_of_the_night_only_and_on_every_kind(tmp_path):
    settings = load_settings(data_dir=tmp_path, source="demo")
    asked = []
    # The night of a clock change has 25 hours, and this one once.
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for hour in range(25):
        challenge_at_night(
            RENNES,
            settings,
            lambda hour=hour: midnight + timedelta(hours=hour),
            run=lambda _, kind, source: asked.append((kind, source)),
        )
    assert asked == [(kind, "demo") for kind in FORECAST_KINDS]


@pytest.mark.parametrize(
    ("source", "observed", "learned"),
    [
        ("demo", True, "demo"),
        ("live", False, "live"),
        ("auto", False, "demo"),
        ("auto", True, "live"),
    ],
)
def test_observed_traffic_comes_first(tmp_path, source, observed, learned):
    if observed:
        write_history(tmp_path, weeks=1, source="live")
    assert source_to_learn_from(load_settings(data_dir=tmp_path, source=source)) == learned


def test_a_challenge_in_a_process_of_its_own_is_told_and_on_record(tmp_path, caplog):
    settings = load_settings(data_dir=tmp_path, source="demo")
    with caplog.at_level(logging.INFO, "models.night"):
        challenge_apart(settings, "week", "demo")
    assert "challenge of kind week: week: postponed: too little history" in caplog.text
    with open_operations(settings).begin() as session:
        [decision] = latest_decisions(session)
    assert (decision.kind, decision.action) == ("week", "postponed")
