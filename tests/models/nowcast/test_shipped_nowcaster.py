"""The nowcaster that comes with the code: what it says of itself, and that it forecasts."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

import models
from models.nowcast.judging import is_no_worse_than_baselines, lead_table
from models.registry import CARD_FILE, MEASURES_FILE, champion_version

ARTIFACTS = Path(models.__file__).parent / "artifacts" / "nowcast"


@pytest.fixture(scope="module")
def directory():
    return ARTIFACTS / champion_version(ARTIFACTS)


@pytest.fixture(scope="module")
def measures(directory):
    return orjson.loads((directory / MEASURES_FILE).read_bytes())


def test_it_says_that_it_learned_from_four_weeks_of_simulated_traffic(measures, directory):
    assert measures["trained_on"]["source"] == "demo"
    assert measures["trained_on"]["days"] == 28
    card = (directory / CARD_FILE).read_text(encoding="utf-8")
    assert "learned from simulated traffic" in card
    assert lead_table(measures["test"]) in card


def test_it_is_no_worse_than_the_baselines_on_days_it_has_not_seen(measures):
    assert is_no_worse_than_baselines(measures["test"])
    split = measures["split"]
    assert set(split["test"]).isdisjoint(split["train"] + split["validation"])


def test_it_is_the_only_version_that_is_shipped_and_small(directory):
    assert [path for path in ARTIFACTS.iterdir() if path.is_dir()] == [directory]
    assert sum(path.stat().st_size for path in directory.iterdir()) < 3_500_000
