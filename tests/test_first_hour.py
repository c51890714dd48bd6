"""The first snapshot of the live feed: forecasts of every road and zone, from what is shipped."""

from __future__ import annotations

import dataclasses
import importlib
from datetime import timedelta

import numpy as np
import pytest

from callbacks.http.nowcast import zones_content
from callbacks.live import map_forecast
from callbacks.live.forecast_choice import find_forecast
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.forecast.nowcasts import LEAD_MINUTES, UNKNOWN_PERCENT
from services.forecast.zone_forecasts import DAY_NAMES, HOURS
from services.history import writer
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply
from services.roles.assembly import assemble
from tests.factories import OBSERVED_AT

NOW = OBSERVED_AT + timedelta(minutes=4)
SEGMENTS = 2_859


@pytest.fixture(scope="module")
def reply():
    """A reply of the real network, checked as one of the live feed."""
    body = DemoFeed().reply(OBSERVED_AT)
    return check_reply(body, city=RENNES, source="live", received_at=NOW)


@pytest.fixture
def services(tmp_path, store, reply):
    assert len(reply.network) == SEGMENTS
    store.publish(reply.network, reply.snapshot)
    writer.append_snapshot(tmp_path, reply.snapshot)
    return assemble(load_settings(data_dir=tmp_path), clock=lambda: NOW)


def test_the_map_forecasts_every_road_at_every_hour(services):
    texts = load_texts("fr")
    for day in DAY_NAMES:
        for hour in range(HOURS):
            answer = map_forecast.answer(services, texts, {"day": day, "hour": hour})
            unknown, *told = answer["counts"]
            assert (unknown, sum(told)) == (0, SEGMENTS)
            assert answer["basis"][:2] == ["initial", 0]


def test_every_zone_has_its_day_marked_as_initial(services):
    for zone in RENNES.zone_choices:
        found = find_forecast(services, 8, "monday", zone)
        assert len(found.hours) == HOURS
        assert (found.basis.origin, found.basis.observed_share) == ("initial", 0.0)


@pytest.mark.tensorflow
# TensorFlow 2.21's own tensors do not yet know an argument of NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_the_next_hour_is_there_of_every_zone_and_road(services, tmp_path, reply):
    # Here and not above: collecting the tests need not wait for TensorFlow.
    issuer = importlib.import_module("models.nowcast.issuer")
    roots = [tmp_path / "models" / "nowcast", SHIPPED_ARTIFACTS / "nowcast"]
    issuer.NowcastIssuer(RENNES, tmp_path, roots).run()
    table = services.nowcasts.current(reply.network.version, NOW)
    assert table.source == "live"
    assert UNKNOWN_PERCENT not in table.percent
    content = zones_content(table, reply.network)
    assert content["basis"] == ["initial", 0, 28]
    cells = [lead for zone in content["zones"] for lead in zone]
    # The whole network comes behind its zones.
    assert len(cells) == (len(RENNES.zones) + 1) * len(LEAD_MINUTES)


def test_a_road_that_was_never_heard_of_is_the_only_uncertain_one(tmp_path, store, reply):
    network = dataclasses.replace(
        reply.network, segment_ids=("99999_D", *reply.network.segment_ids[1:])
    )
    store.publish(network, reply.snapshot)
    services = assemble(load_settings(data_dir=tmp_path), clock=lambda: NOW)
    found = services.week.on(network, "live").at(0, 8)
    assert np.flatnonzero(~found.has_basis).tolist() == [0]
