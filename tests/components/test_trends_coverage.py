"""The line on the archive: since when, how much, and what a view waits for."""

from __future__ import annotations

from datetime import date

import pytest

from callbacks.pages.trends.page_view import whole_weeks
from components.trends.coverage import coverage_words
from services.base.texts import load_texts
from services.plain.trends.coverage import NEEDED_DAYS, Coverage
from services.trends.comparison import MIN_WEEKS
from services.trends.indices import MIN_OBSERVED_SHARE
from services.trends.periods import MIN_USUAL_DAYS

TODAY = date(2026, 11, 30)
WEEKS = Coverage(TODAY, date(2026, 10, 4), TODAY, 56, 0.989)
DAYS = Coverage(TODAY, date(2026, 11, 26), TODAY, 5, 1.0)


def words(held, view, language="fr"):
    told = coverage_words(load_texts(language), held, view)
    return told.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def test_since_when_and_how_much_is_told():
    assert (
        words(WEEKS, "courbe") == "Archive depuis le 04/10/2026 : 56 jours, 98 % du temps observé."
    )
    assert words(WEEKS, "courbe", "en") == (
        "Archive since 04/10/2026: 56 days, 98% of the time observed."
    )


def test_a_view_says_what_it_needs_and_when_that_will_be_there():
    assert words(DAYS, "courbe") == (
        "Archive depuis le 26/11/2026 : 5 jours, 100 % du temps observé. "
        "La comparaison à l'habituel demande 22 jours d'archive : ce sera le cas le 17/12/2026."
    )
    assert words(DAYS, "bouchons") == words(DAYS, "scan")
    assert "needs 56 days of archive: there will be as many on 20/01/2027" in words(
        DAYS, "avant-apres", "en"
    )


def test_before_anything_was_observed_it_is_told_too():
    assert words(Coverage(TODAY), "fiabilite") == (
        "L'archive est encore vide : elle se remplit avec chaque relevé du trafic. "
        "Un indice de fiabilité demande 16 jours d'archive : ce sera le cas le 15/12/2026."
    )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_whatever_needs_days_has_words(language):
    assert load_texts(language)["trends_coverage_needs"].keys() == NEEDED_DAYS.keys()


def test_what_views_need_is_what_they_look_for():
    # Days of the same name, and today.
    assert NEEDED_DAYS["courbe"] == 7 * MIN_USUAL_DAYS + 1
    assert NEEDED_DAYS["trajet"] == 7 * MIN_USUAL_DAYS + 1
    # Of the period that the page asks for first; its first day and today are not whole.
    first, last = (date.fromisoformat(day) for day in whole_weeks(TODAY).values())
    asked = (last - first).days + 1
    assert NEEDED_DAYS["fiabilite"] == asked * MIN_OBSERVED_SHARE + 2
    assert NEEDED_DAYS["avant-apres"] == 2 * 7 * MIN_WEEKS
