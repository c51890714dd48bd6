"""The forecast map's answers: statuses for a moment, or a sentence."""

from __future__ import annotations

import gzip

import numpy as np
import orjson
import pytest

from callbacks.live import map_forecast
from components import moment
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.forecast.network_levels import forecast_level
from services.forecast.segment_statuses import LEANING
from services.forecast.week_forecasts import WeekOnNetwork
from services.roles.assembly import assemble
from services.traffic.status import Status, pack_statuses
from tests.callbacks.conftest import NOW, DashClient
from tests.factories import (
    MODEL_VERSION,
    make_network,
    make_snapshot_for,
    make_week_table,
    write_week_forecasts,
)

TEXTS = load_texts("fr")
NETWORK = make_network()
ASKED = {"day": "tuesday", "hour": 17}


@pytest.fixture
def services(tmp_path, store):
    write_week_forecasts(tmp_path)
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    return assemble(load_settings(data_dir=tmp_path), clock=lambda: NOW)


def test_a_moment_gets_every_status_and_says_what_it_is(services):
    answer = map_forecast.answer(services, TEXTS, ASKED)
    codes = WeekOnNetwork(make_week_table(NETWORK), NETWORK).at(1, 17).status_codes
    assert answer["statuses"] == pack_statuses(codes)
    assert answer["counts"] == np.bincount(codes, minlength=5).tolist()
    assert sum(answer["shares"]) == pytest.approx(1_000, abs=2)
    assert (answer["day"], answer["hour"]) == ("tuesday", 17)
    assert (answer["model"], answer["basis"]) == (MODEL_VERSION, ["initial", 0, 84])
    assert answer["network"] == NETWORK.version


def test_the_figures_are_those_of_the_curve_and_of_what_the_map_shows(services):
    answer = map_forecast.answer(services, TEXTS, ASKED)
    found = WeekOnNetwork(make_week_table(NETWORK), NETWORK).at(1, 17)
    assert answer["congestion"] == round(100 * forecast_level(NETWORK, found)) > 100
    jammed = found.status_codes == Status.CONGESTED
    assert answer["jam_km"] == round(NETWORK.length_m[jammed].sum() / 1000, 1) > 0
    delays = [delay for _segment, delay, *_others in answer["worst"]]
    assert delays == sorted(delays, reverse=True)
    assert len(delays) > 0


def test_what_is_not_firm_has_a_code_of_its_own(services):
    answer = map_forecast.answer(services, TEXTS, {"day": "tuesday", "hour": 8})
    # The second segment may be anything at 8 h; all others are heavy.
    codes = np.full(len(NETWORK), Status.HEAVY, np.uint8)
    codes[1] += LEANING
    assert answer["statuses"] == pack_statuses(codes)
    assert answer["counts"] == [0, 0, len(NETWORK), 0, 0]


def test_no_live_value_is_in_a_forecast(services):
    before = map_forecast.answer(services, TEXTS, ASKED)
    services.store.publish(NETWORK, make_snapshot_for(NETWORK, np.full(len(NETWORK), 3)))
    assert map_forecast.answer(services, TEXTS, ASKED) == before


def test_a_whole_city_is_a_few_hundred_bytes(services, store):
    codes = np.random.default_rng(3).choice(4, 2_859, p=[0.03, 0.5, 0.4, 0.07]).astype(np.uint8)
    payload = map_forecast.answer(services, TEXTS, ASKED) | {"statuses": pack_statuses(codes)}
    # Statuses drawn at random compress worst: real ones lie together.
    assert len(gzip.compress(orjson.dumps(payload))) < 2_000


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"day": "monday", "hour": 24}, TEXTS["invalid"]["hour"]),
        ({"day": "monday"}, TEXTS["invalid"]["hour"]),
        ({"day": "lundi", "hour": 8}, TEXTS["invalid"]["day"]),
        ({"day": ["monday"], "hour": 8}, TEXTS["invalid"]["day"]),
        ("8", TEXTS["invalid"]["hour"]),
        (None, TEXTS["invalid"]["hour"]),
    ],
)
def test_a_wrong_moment_gets_a_sentence(services, asked, sentence):
    assert map_forecast.answer(services, TEXTS, asked) == {"problem": sentence}


def test_without_a_network_a_sentence_says_so(tmp_path):
    write_week_forecasts(tmp_path)
    services = assemble(load_settings(data_dir=tmp_path), clock=lambda: NOW)
    problem = {"problem": TEXTS["map_forecast"]["no_network"]}
    assert map_forecast.answer(services, TEXTS, ASKED) == problem


def test_without_a_model_a_sentence_says_so(tmp_path, store, monkeypatch):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    services = assemble(load_settings(data_dir=tmp_path), clock=lambda: NOW)
    problem = {"problem": TEXTS["map_forecast"]["unavailable"]}
    assert map_forecast.answer(services, TEXTS, ASKED) == problem


def test_the_page_s_own_way_gives_the_same(services, make_client):
    request = f"{moment.ROADS_QUESTION_STORE_ID}.data"
    response = DashClient(make_client()).call(
        f"{moment.ROADS_ANSWER_STORE_ID}.data", {request: ASKED}, request
    )
    content = response.get_json()["response"][moment.ROADS_ANSWER_STORE_ID]["data"]
    assert content == map_forecast.answer(services, TEXTS, ASKED)
