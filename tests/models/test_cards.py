"""The model cards: they tell the shipped versions' own records, and name the city."""

from __future__ import annotations

import json

import pytest

from models.nowcast.card import nowcast_card
from models.versions import CARD_FILE, MEASURES_FILE
from models.week.card import week_card
from models.zones.card import model_card
from services.forecast.champions import SHIPPED_ARTIFACTS, champion_version

CARDS = {"": model_card, "week": week_card, "nowcast": nowcast_card}


@pytest.fixture(params=CARDS)
def kind(request):
    return request.param


@pytest.fixture
def directory(kind):
    root = SHIPPED_ARTIFACTS / kind
    return root / champion_version(root)


def test_the_card_that_is_shipped_tells_the_record_beside_it(kind, directory):
    measures = json.loads((directory / MEASURES_FILE).read_text(encoding="utf-8"))

    assert (directory / CARD_FILE).read_text(encoding="utf-8") == CARDS[kind](measures)


def test_a_card_names_the_city_that_the_version_was_trained_for_and_no_other(kind, directory):
    measures = json.loads((directory / MEASURES_FILE).read_text(encoding="utf-8"))
    card = CARDS[kind](measures | {"city": "Lisboa"})

    assert "of Lisboa" in card.partition("\n")[0]
    assert "not how well it forecasts Lisboa." in card
    assert "Rennes" not in card
