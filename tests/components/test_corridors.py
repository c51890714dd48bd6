"""The table of the corridors: its headings; the rows are written by a script."""

from __future__ import annotations

from dash import html

from components.corridors import build_corridors
from services.base.texts import load_texts
from tests.components.trees import by_id, walk


def test_nothing_is_shown_before_there_are_times():
    assert build_corridors(load_texts()).hidden


def test_every_column_has_its_heading_and_the_table_says_what_it_is():
    card = build_corridors(load_texts())
    headings = [item for item in walk(card) if isinstance(item, html.Th)]
    assert [item.scope for item in headings] == ["col"] * 4
    assert any(isinstance(item, html.Caption) for item in walk(card))
    assert by_id(card, "corridors-rows") is not None
