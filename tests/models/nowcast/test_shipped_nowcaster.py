"""The nowcaster that comes with the code: what it says of itself, and that it forecasts."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import models
from models.nowcast.evaluation import lead_table, objection
from models.nowcast.features import LAGS
from models.nowcast.issuer import forecast_next_hour, known_share
from models.versions import CARD_FILE
from services.city.rennes import RENNES
from services.forecast.champions import champion_version
from services.forecast.nowcasts import LEAD_MINUTES
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply
from services.traffic.status import Status

# A Tuesday, 17:30 in Rennes.
RUSH_HOUR = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
ARTIFACTS = Path(models.__file__).parent / "artifacts" / "nowcast"


@pytest.fixture(scope="module")
def directory():
    return ARTIFACTS / champion_version(ARTIFACTS)


def test_it_says_that_it_learned_from_four_weeks_of_simulated_traffic(measures, directory):
    assert measures["trained_on"]["source"] == "demo"
    assert measures["trained_on"]["days"] == 28
    card = (directory / CARD_FILE).read_text(encoding="utf-8")
    assert "learned from simulated traffic" in card
    assert lead_table(measures["test"]) in card


def test_it_is_no_worse_than_the_baselines_on_days_it_has_not_seen(measures):
    assert objection(measures["test"]) is None
    split = measures["split"]
    assert set(split["test"]).isdisjoint(split["train"] + split["validation"])


def test_it_is_the_only_version_that_is_shipped_and_small(directory):
    assert [path for path in ARTIFACTS.iterdir() if path.is_dir()] == [directory]
    assert sum(path.stat().st_size for path in directory.iterdir()) < 3_500_000


@pytest.mark.tensorflow
# TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_it_loads_and_forecasts_the_simulated_rennes(directory):
    # Here and not above: collecting the tests need not wait for TensorFlow.
    storing = importlib.import_module("models.nowcast.stored_nowcaster")
    stored = storing.load_nowcaster(directory)
    body = DemoFeed().reply(RUSH_HOUR)
    checked = check_reply(body, city=RENNES, source="demo", received_at=RUSH_HOUR)
    network, observed = checked.network, checked.snapshot.columns
    assert known_share(stored, network) == 1.0
    assert stored.network_version == network.version
    ratio = (observed["speed_kmh"] / network.speed_limit_kmh).astype(np.float32)
    ratio[np.isin(observed["status"], (Status.UNKNOWN, Status.IMPOSSIBLE))] = np.nan
    # An hour as it is now: the last step is the same as a real one's.
    found = forecast_next_hour(stored, network, np.tile(ratio, (LAGS, 1)), RUSH_HOUR)
    assert found.shape == (3, len(LEAD_MINUTES), len(network))
    assert np.all(np.diff(found, axis=0) >= 0.0)
    known = np.isfinite(ratio)
    error = np.abs(found[1, 0] - ratio)[known]
    assert float(error.mean()) < 0.15
    zones = stored.zones.quantiles(network, found[:, None])
    assert np.all((zones > 0.0) & (zones <= 1.0))
