"""The table of travel times."""

from __future__ import annotations

import pytest
from dash import html

from components.corridors import build_corridors
from services.base.texts import load_texts
from tests.components.trees import by_id, text_of, walk

CORRIDORS = [
    ("rocade", "Rocade", "Porte de Saint-Malo", "inner"),
    ("brest", "Rue de Brest", "Boulevard de Verdun", None),
]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fr", ["Rocade sens intérieur", "Rue de Brest → Boulevard de Verdun"]),
        ("en", ["Rocade clockwise", "Rue de Brest → Boulevard de Verdun"]),
    ],
)
def test_a_row_says_which_way_it_leads(language, told):
    card = build_corridors(load_texts(language), CORRIDORS)
    rows = [by_id(card, f"corridor-{key}") for key, *_ in CORRIDORS]
    assert [text_of(row) for row in rows] == told


def test_nothing_is_shown_before_there_are_times():
    card = build_corridors(load_texts(), CORRIDORS)
    assert card.hidden
    assert by_id(card, "corridor-brest").hidden


def test_every_column_and_row_has_its_heading():
    card = build_corridors(load_texts(), CORRIDORS)
    headings = [item for item in walk(card) if isinstance(item, html.Th)]
    assert [item.scope for item in headings] == ["col"] * 4 + ["row"] * 2
    assert any(isinstance(item, html.Caption) for item in walk(card))
