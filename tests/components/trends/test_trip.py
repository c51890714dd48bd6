"""Departures in sentences and as a curve."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from components.trends.trip import best_words, build_trip, leave_words, trip_figure
from services.base.texts import load_texts
from services.plain.trends.trip import TripAnswer, TripNow
from tests.components.trees import plain, text_of

FR, EN = load_texts("fr"), load_texts("en")
HOURS = [8.0, 8.25, 8.5, 8.75]
WINDOW = (8.0, 8.75)
NOTHING = [None] * 4
ANSWER = TripAnswer(
    start=datetime(2026, 11, 25, 23, tzinfo=UTC), step_s=900, local_hours=HOURS, length_m=8_400.0,
    free_s=600.0, driven_s=NOTHING, usual_s=[660.0] * 4, usual_low_s=[600.0] * 4,
    usual_high_s=[720.0] * 4, forecast_s=[900.0, 840.0, 780.0, 744.0],
    high_s=[1_200.0, 1_140.0, None, 800.0], closed=[], now=None, usual_days=12, high_from="days",
    has_nowcast=False, is_simulated=True,
)  # fmt: skip


def changed(**values):
    return msgspec.structs.replace(ANSWER, **values)


def leave(answer, hour=None, texts=FR):
    return plain(leave_words(texts, answer, hour, WINDOW))


def test_a_departure_is_told_with_what_is_usual_and_once_in_ten_times():
    assert leave(ANSWER, 8.25) == (
        "Partir à 8 h 15 : 14 min, habituel 11 min, jusqu'à 19 min une fois sur dix."
    )
    assert leave(ANSWER, 8.25, EN) == (
        "Leaving at 8:15: 14 mins, usually 11 mins, up to 19 mins once in ten times."
    )


def test_what_is_not_known_is_left_out_of_the_sentence():
    assert leave(changed(usual_s=NOTHING), 8.5) == "Partir à 8 h 30 : 13 min."


def test_a_departure_between_two_is_the_nearest():
    assert leave(ANSWER, 8.3).startswith("Partir à 8 h 15")


def test_without_a_chosen_time_it_is_now_else_the_beginning_of_the_window():
    now = TripNow(datetime(2026, 11, 26, 7, 20, tzinfo=UTC), 8.33, 960.0, 1_500.0, 660.0)
    assert leave(changed(now=now)) == (
        "Partir maintenant : 16 min, habituel 11 min, jusqu'à 25 min une fois sur dix."
    )
    assert leave(ANSWER).startswith("Partir à 8 h : 15 min")


def test_what_was_driven_and_what_is_only_usual_are_told_as_that():
    assert leave(changed(driven_s=[1_000.0, *NOTHING[1:]]), 8.0) == (
        "Parti à 8 h : 17 min, habituel 11 min."
    )
    assert leave(changed(forecast_s=NOTHING, high_s=NOTHING), 8.0) == (
        "Partir à 8 h : 11 min d'habitude, jusqu'à 12 min une fois sur dix."
    )


@pytest.mark.parametrize(
    ("closed", "words"), [([1], "une portion est fermée"), ([], "moins de la moitié")]
)
def test_why_there_is_no_time_is_told(closed, words):
    nothing = changed(forecast_s=NOTHING, usual_s=NOTHING, closed=closed)
    assert words in leave(nothing, 8.25)


def test_the_best_time_to_leave_is_told_beside_the_worst():
    assert plain(best_words(FR, ANSWER, WINDOW)) == (
        "Entre 8 h et 8 h 45, le mieux est de partir à 8 h 45 : 12 min ; "
        "le pire serait 8 h : 15 min."
    )
    driven = changed(driven_s=[900.0, 840.0, 780.0, 1_500.0])
    assert plain(best_words(FR, driven, WINDOW)) == (
        "Entre 8 h et 8 h 45, le mieux était de partir à 8 h 30 : 13 min ; "
        "le pire était 8 h 45 : 25 min."
    )


def test_what_differs_by_less_than_half_a_minute_is_alike():
    alike = changed(forecast_s=[900.0, 910.0, 905.0, 920.0])
    assert "ne change presque rien : 15 min" in plain(best_words(FR, alike, WINDOW))


def test_a_window_without_departures_says_so():
    assert "aucun départ" in plain(
        best_words(FR, changed(forecast_s=NOTHING, usual_s=NOTHING), WINDOW)
    )


def test_lines_are_in_minutes_and_each_has_a_dash_of_its_own():
    figure = trip_figure(FR, ANSWER, WINDOW)
    lines = {trace["name"]: trace for trace in figure["data"] if trace["line"]["width"]}
    assert list(lines["prévu"]["y"]) == [15.0, 14.0, 13.0, 12.4]
    assert {"prévu", "habituel", "vitesse libre", "dépassé une fois sur dix"} == set(lines)
    assert lines["habituel"]["line"]["dash"] != lines["prévu"]["line"]["dash"]
    [window] = figure["layout"]["shapes"]
    assert (window["x0"], window["x1"]) == (0, 3)


def test_the_page_says_what_its_figures_rest_on():
    words = text_of(build_trip(FR, ANSWER, None, WINDOW))
    for key in ("week", "high_days", "simulated", "definition"):
        assert plain(FR["trends_trajet"][key]) in words
    assert "médiane des 12 derniers jours" in words
    assert "À vitesse libre, ce trajet de 8,4 km prend 10 min." in words
    words = text_of(build_trip(FR, changed(is_holiday=True), None, WINDOW))
    assert "médiane des 12 derniers dimanches observés, car ce jour est férié" in words


def test_without_history_and_forecast_it_says_what_it_needs():
    nothing = changed(
        forecast_s=NOTHING, usual_s=NOTHING, high_from=None, usual_days=1, is_simulated=False
    )
    words = text_of(build_trip(FR, nothing, None, WINDOW))
    assert plain(FR["trends_trajet"]["none"]) in words
    assert "il faut trois jours du même nom dans l'historique ; il y en a 1" in words
