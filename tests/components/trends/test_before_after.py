"""What people read of two periods: the change, its interval, and whether chance may explain it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from dash import dcc, html

from components.trends.before_after import build_before_after, curve_figure, daily_figure
from services.base.texts import load_texts
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    BeforeAfterQuery,
    MeasuredChange,
    PeriodValues,
    PlaceChange,
)
from services.plain.trends.common import Period
from tests.components.trees import text_of, walk

NAMES = {"corridor:a": "Rocade", "corridor:b": "Boulevards"}
BEFORE, AFTER = date(2026, 10, 5), date(2026, 11, 2)
WEEKS = timedelta(days=27)
QUERY = BeforeAfterQuery(
    "corridor:a",
    Period(BEFORE, BEFORE + WEEKS, "ouvres"),
    Period(AFTER, AFTER + WEEKS, "ouvres"),
    to_hour=9.5,
)


def period(first, value, **changes):
    stated = {
        "days": [first, first + timedelta(days=1)],
        "values": [value, value],
        "asked": 20,
        "compared": 19,
        "weeks": 4,
        "closed_share": 0.0,
        "curve": [value] * 96,
    } | changes
    return PeriodValues(**stated)


def measured(**changes):
    stated = {
        "before": 600.0,
        "after": 750.0,
        "low": 60.0,
        "high": 240.0,
        "p_value": 2 / 70,
        "is_beyond_chance": True,
        "block_weeks": 1,
    } | changes
    return MeasuredChange(**stated)


def place(**changes):
    stated = {
        "place": "corridor:a",
        "unit": "s",
        "free": 500.0,
        "before": period(BEFORE, 600.0),
        "after": period(AFTER, 750.0),
        "change": measured(),
        "untold": None,
    } | changes
    return PlaceChange(**stated)


def shown(*places, language="fr"):
    return build_before_after(load_texts(language), BeforeAfterAnswer(places), QUERY, NAMES)


def test_a_change_beyond_chance_is_told_with_its_interval():
    text = text_of(shown(place()))

    assert (
        "10 min avant, 12 min 30 s après : +2 min 30 s (+25 % ; à 95 %, de +1 min à +4 min)."
        in text
    )
    assert "C'est au-delà du hasard : sans changement, un tel écart n'arriverait que 3 fois" in text


def test_a_change_that_chance_may_explain_says_so():
    change = measured(after=570.0, low=-90.0, high=30.0, p_value=0.31, is_beyond_chance=False)

    text = text_of(shown(place(change=change)))

    assert "10 min avant, 9 min 30 s après : −30 s (−5 % ; à 95 %, de −1 min 30 s à +30 s)." in text
    assert "Le hasard suffit à l'expliquer : sans aucun changement, un tel écart arrive 31" in text


def test_what_lies_just_above_five_in_a_hundred_is_not_told_as_five():
    """At five it would be called beyond chance: the sentence must not contradict itself."""
    change = measured(p_value=0.0524, is_beyond_chance=False)
    assert "un tel écart arrive 6 fois sur 100" in text_of(shown(place(change=change)))


@pytest.mark.parametrize(
    ("p_value", "words"), [(0.01, "une fois sur 100 au plus"), (0.012, "2 fois")]
)
def test_of_a_rare_chance_no_less_is_told_than_it_is(p_value, words):
    assert words in text_of(shown(place(change=measured(p_value=p_value))))


def test_of_an_area_it_is_told_how_many_times_as_long():
    change = measured(before=1.2, after=1.5, low=0.1, high=0.5)

    text = text_of(shown(place(unit="index", free=1.0, change=change)))

    assert "1,20 fois le temps à vitesse libre avant, 1,50 fois" in text
    assert "+0,30 (+25 % ; à 95 %, de +0,10 à +0,50)" in text


@pytest.mark.parametrize(
    ("untold", "words"),
    [
        (
            "too_few_weeks",
            "il faut au moins quatre semaines comparables de chaque côté, il y en a 3",
        ),
        ("nothing_alike", "aucun jour observé avant n'a son pareil après"),
    ],
)
def test_what_cannot_be_told_says_why(untold, words):
    found = place(change=None, untold=untold, before=period(BEFORE, 600.0, weeks=3))

    assert words in text_of(shown(found))


def test_a_road_that_was_closed_says_for_how_much_of_the_time():
    found = place(after=period(AFTER, 750.0, closed_share=0.4))

    assert "Fermé 40 % du temps après" in text_of(shown(found))
    assert "Fermé" not in text_of(shown(place()))


def test_the_detour_stands_beside_it_in_the_same_terms():
    cards = shown(place(), place(place="corridor:b"))

    headings = [text_of(item) for item in walk(cards) if isinstance(item, html.H2)]
    assert headings == ["Rocade", "Itinéraire de déviation : Boulevards", "Les deux côte à côte"]
    table = next(item for item in walk(cards) if isinstance(item, html.Table))
    rows = [item for item in walk(table) if isinstance(item, html.Tr)]
    assert [text_of(row)[:6] for row in rows[1:]] == ["Rocade", "Boulev"]
    graphs = [item.id for item in walk(cards) if isinstance(item, dcc.Graph)]
    assert len(graphs) == len(set(graphs)) == 4


def test_the_periods_and_hours_are_told():
    text = text_of(shown(place()))

    assert "Avant : du 05/10/2026 au 01/11/2026. Après : du 02/11/2026 au 29/11/2026." in text
    assert "Jours ouvrés, jours fériés exclus, de 7 h à 9 h 30." in text


def test_figures_are_in_minutes_and_tell_before_from_after_without_colours():
    texts = load_texts()

    daily = daily_figure(texts, place())["data"]
    assert daily[0]["y"] == [10.0, 10.0]
    assert daily[0]["marker"]["symbol"] != daily[2]["marker"]["symbol"]
    assert daily[-1]["y"] == [pytest.approx(500 / 60, abs=1e-3)] * 2
    curve = curve_figure(texts, place())["data"]
    assert [len(trace["y"]) for trace in curve] == [96, 96]
    assert curve[0]["line"]["dash"] != curve[1]["line"]["dash"]


def test_a_period_without_a_day_has_figures_all_the_same():
    nothing = period(AFTER, 0.0, days=[], values=[], compared=0, weeks=0, curve=[None] * 96)

    assert shown(place(after=nothing, change=None, untold="nothing_alike"))
    assert shown(
        place(before=nothing, after=nothing, change=None, untold="nothing_alike"), language="en"
    )
