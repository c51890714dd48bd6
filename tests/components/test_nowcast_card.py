"""The card of the next hour: a table that reads as one, with a place for every figure."""

from __future__ import annotations

import pytest
from dash import html

from components.nowcast_card import NOTE_ID, NOW, TABLE_ID, TITLE_ID, build_nowcast, cell_id
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.nowcasts import LEAD_MINUTES
from tests.components.trees import by_id, ids_of, plain, text_of, walk

TEXTS = {language: load_texts(language) for language in ("fr", "en")}
COLUMNS = [NOW, *map(str, LEAD_MINUTES)]


@pytest.fixture(params=TEXTS)
def texts(request):
    return TEXTS[request.param]


@pytest.fixture
def card(texts):
    return build_nowcast(texts, RENNES.zones, LEAD_MINUTES)


def of_type(tree, kind):
    return [item for item in walk(tree) if isinstance(item, kind)]


def test_every_zone_has_a_cell_now_and_at_each_lead_time(card):
    ids = ids_of(card)
    assert len(ids) == len(set(ids))
    for zone in RENNES.zones:
        for column in COLUMNS:
            assert cell_id(zone, column) in ids


def test_rows_and_columns_have_heads_that_can_be_read_out(card, texts):
    heads = of_type(by_id(card, TABLE_ID), html.Th)
    columns = [head for head in heads if head.scope == "col"]
    rows = [head for head in heads if head.scope == "row"]
    assert len(columns) == 1 + len(COLUMNS)
    assert [text_of(head) for head in rows] == [texts["zone"][zone] for zone in RENNES.zones]
    spoken = [head.to_plotly_json()["props"].get("aria-label") for head in columns[1:]]
    assert spoken[0] == texts["nowcast"]["now"]
    for minutes, words in zip(LEAD_MINUTES, spoken[1:], strict=True):
        assert str(minutes) in words
    assert text_of(of_type(card, html.Caption)[0]) == plain(texts["nowcast"]["caption"])


def test_before_the_first_figure_it_says_that_they_are_on_their_way(card, texts):
    note = by_id(card, NOTE_ID)
    assert note.children == texts["nowcast"]["waiting"]
    assert note.role == "status"
    for zone in RENNES.zones:
        cell = by_id(card, cell_id(zone, NOW))
        assert "nowcast-cell--unknown" in cell.className
        assert text_of(cell) == texts["glance"]["no_value"]


def test_it_is_named_by_its_title(card, texts):
    assert card.to_plotly_json()["props"]["aria-labelledby"] == TITLE_ID
    assert text_of(by_id(card, TITLE_ID)) == texts["nowcast"]["title"]


def test_every_state_has_words(texts):
    for state in ("waiting", "none", "outdated", "note"):
        assert texts["nowcast"][state]
