"""When the line on the archive is told, and asked for again."""

from __future__ import annotations

from datetime import date

import pytest
from dash import no_update

from callbacks.pages.trends.coverage import told
from services.base.texts import load_texts
from services.plain.trends.asking import Away, Busy, Done, Failed, Queued, Running
from services.plain.trends.coverage import Coverage
from services.trends.archive import NoHistory

TEXTS = load_texts("fr")
TODAY = date(2026, 11, 30)


def test_once_it_is_known_it_is_told_and_no_longer_asked_for():
    held = Coverage(date(2026, 11, 30), date(2026, 10, 4), date(2026, 11, 30), 56, 1.0)
    line, is_over = told(TEXTS, Done(held), "courbe", TODAY)
    assert "56 jours" in line.replace("\u00a0", " ")
    assert is_over


@pytest.mark.parametrize("outcome", [Running(3, 56), Queued(2), Busy(), Away()])
def test_until_then_it_is_asked_for_again(outcome):
    assert told(TEXTS, outcome, "courbe", TODAY) == (no_update, False)


def test_where_nothing_is_kept_yet_it_is_told_when_there_will_be_enough():
    line, is_over = told(TEXTS, Failed(NoHistory.reason), "courbe", TODAY)
    # Today is the first of 22 days.
    assert line.endswith("21/12/2026.")
    assert is_over


def test_what_has_no_answer_is_left_to_the_view_below():
    assert told(TEXTS, Failed("memory"), "courbe", TODAY) == (no_update, True)
