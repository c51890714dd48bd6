"""When the line on the archive is told, and asked for again."""

from __future__ import annotations

from datetime import date

import pytest
from dash import no_update

from callbacks.pages.trends.coverage import told
from services.base.texts import load_texts
from services.plain.trends.asking import Away, Busy, Done, Failed, Queued, Running
from services.plain.trends.coverage import Coverage

TEXTS = load_texts("fr")


def test_once_it_is_known_it_is_told_and_no_longer_asked_for():
    held = Coverage(date(2026, 11, 30), date(2026, 10, 4), date(2026, 11, 30), 56, 1.0)
    line, is_over = told(TEXTS, Done(held), "courbe")
    assert "56 jours" in line.replace("\u00a0", " ")
    assert is_over


@pytest.mark.parametrize("outcome", [Running(3, 56), Queued(2), Busy(), Away()])
def test_until_then_it_is_asked_for_again(outcome):
    assert told(TEXTS, outcome, "courbe") == (no_update, False)


def test_what_has_no_answer_is_left_to_the_view_below():
    assert told(TEXTS, Failed("no_history"), "courbe") == (no_update, True)
