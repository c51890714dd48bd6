"""The model that comes with the code, as the page and the API see it: without TensorFlow."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import models
from models.versions import CARD_FILE, MEASURES_FILE
from models.zones.comparison import comparison_table, objection
from models.zones.features import features_of
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import CachedForecasts

FEATURES = features_of(RENNES)

PACKAGE = Path(models.__file__).parent
ARTIFACTS = PACKAGE / "artifacts"
NO_DATA = PACKAGE / "nothing-trained-here"
TUESDAY, SUNDAY = 1, 6


@pytest.fixture(scope="module")
def table():
    return CachedForecasts(RENNES, NO_DATA, ARTIFACTS).table()


@pytest.fixture(scope="module")
def directory(table):
    return ARTIFACTS / table.model_version


def badness(forecast):
    """0 for certainly free to 2 for certainly blocked."""
    return forecast.probabilities["dense"] + 2 * forecast.probabilities["blocked"]


def test_it_says_that_it_learned_from_twelve_weeks_of_simulated_traffic(table, directory):
    assert table.is_simulated
    assert (table.trained_on.source, table.trained_on.days) == ("demo", 84)
    assert table.trained_on.last_day == date(2026, 11, 22)
    card = (directory / CARD_FILE).read_text(encoding="utf-8")
    assert "learned from simulated traffic" in card


def test_it_was_trained_with_the_encoding_of_this_code(table, measures):
    assert table.feature_version == measures["features"]["version"] == FEATURES.version


@pytest.mark.parametrize("zone", RENNES.zone_choices)
def test_a_tuesday_at_8_is_worse_than_at_3_and_than_a_sunday_at_8(table, zone):
    # Against what is driven freely the radials are dense in one morning rush of three.
    clearly = 0.25 if zone == "penetrantes" else 0.5
    rush = badness(table.at(TUESDAY, 8, zone))
    assert rush > badness(table.at(TUESDAY, 3, zone)) + clearly
    assert rush > badness(table.at(SUNDAY, 8, zone)) + clearly


def test_it_is_no_worse_than_the_averages_on_days_it_has_not_seen(measures):
    assert objection(measures["test"]) is None
    assert measures["test"]["against"]["commonest status"]["rps_skill"] > 0.5
    split = measures["split"]
    assert measures["test"]["days"] == split["test"]
    assert set(split["test"]).isdisjoint(split["train"] + split["validation"])


def test_the_documents_tell_its_measures_as_they_are(measures, directory):
    found = comparison_table(measures["test"])
    assert found in (directory / CARD_FILE).read_text(encoding="utf-8")
    document = PACKAGE.parent / "docs" / "forecast-model.md"
    assert found in document.read_text(encoding="utf-8")
    assert directory.name in document.read_text(encoding="utf-8")


def test_it_is_the_only_version_that_is_shipped_and_small(directory):
    # Other kinds of models have a directory of their own beside it.
    versions = [path.parent for path in ARTIFACTS.glob(f"*/{MEASURES_FILE}")]
    assert versions == [directory]
    assert sum(path.stat().st_size for path in directory.iterdir()) < 500_000
