"""The forecast card: its question, its sentence, its strip."""

from __future__ import annotations

import pytest
from dash import html

from components import forecast_card
from components.forecast_card import Choice, DayForecast, build_card
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.forecast import Basis, Forecast
from tests.components.trees import by_id, ids_of, plain, text_of, walk

TEXTS = load_texts("fr")
INITIAL = Basis("initial", 0.0, 84)
CHOICE = Choice(8, "monday", "centre-ville", "monday", DAY_NAMES, RENNES.zone_choices)


def forecast(hour=8, zone="centre-ville", basis=INITIAL, shares=(0.2, 0.62, 0.18)):
    return DayForecast(
        zone,
        "monday",
        "working_day",
        hour,
        [Forecast(zone, 0, hour, shares) for hour in range(24)],
        basis,
    )


def test_the_card_asks_and_answers_in_the_words_of_its_users():
    card = build_card(TEXTS, CHOICE, forecast())
    assert text_of(by_id(card, "forecast-title")) == (
        "Prévision d'embouteillage pour le centre-ville"
    )
    assert "Choisissez une heure :" in text_of(card)
    answer = by_id(card, "forecast-answer")
    assert text_of(answer).startswith("Prédiction : Dense probabilité 62 %")
    assert getattr(answer, "aria-live") == "polite"
    assert text_of(by_id(card, "forecast-note")) == (
        "Modèle initial, appris sur des données simulées"
    )


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("centre-ville", "le centre-ville"),
        ("rocade", "la rocade"),
        ("penetrantes", "les pénétrantes"),
        ("ceinture", "la ceinture"),
        ("quartiers", "les quartiers"),
        ("metropole", "toute la métropole"),
    ],
)
def test_the_title_follows_the_zone(zone, words):
    assert forecast_card.title(TEXTS, zone) == f"Prévision d'embouteillage pour {words}"


def test_hours_days_and_zones_are_offered_in_order():
    hours = forecast_card.hour_options(TEXTS)
    assert [item["label"] for item in hours] == [f"{hour}h" for hour in range(24)]
    days = forecast_card.day_options(TEXTS, DAY_NAMES, "saturday")
    assert [item["label"] for item in days] == [
        "Aujourd'hui (samedi)", "Demain (dimanche)", "lundi", "mardi", "mercredi", "jeudi",
        "vendredi",
    ]  # fmt: skip
    assert {item["value"] for item in days} == set(DAY_NAMES)
    zones = forecast_card.zone_options(TEXTS, RENNES.zone_choices)
    assert zones[0] == {"value": "centre-ville", "label": "Centre-ville"}


def test_the_chosen_hour_is_marked_and_every_button_says_its_hour():
    columns = forecast_card.strip_columns(TEXTS, forecast(hour=17))
    strip = dict(zip(forecast_card.STRIP_PROPERTIES, columns, strict=True))
    assert strip["aria-pressed"] == ["false"] * 17 + ["true"] + ["false"] * 6
    assert plain(strip["aria-label"][17]) == "17h : Dense, probabilité 62 %"
    assert set(strip["data-letter"]) == {"D"}
    card = build_card(TEXTS, CHOICE, forecast(hour=17))
    button = by_id(card, "strip-hour-17")
    assert getattr(button, "aria-pressed") == "true"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.997, "plus de 99 %"), (1.0, "100 %"), (0.993, "99 %")],
)
def test_only_a_certainty_reads_a_hundred(share, words):
    answer = forecast_card.build_answer(TEXTS, forecast(shares=(share, 1 - share, 0.0)))
    assert f"probabilité {words}" in text_of(answer)


def test_only_what_cannot_be_reads_none():
    answer = forecast_card.build_answer(TEXTS, forecast(shares=(0.997, 0.003, 0.0)))
    assert text_of(answer).endswith("Libre plus de 99 % Dense moins de 1 % Bloqué 0 %")


def test_without_a_model_a_sentence_takes_the_place_of_the_answer():
    card = build_card(TEXTS, CHOICE, None)
    assert "n'est pas disponible" in text_of(by_id(card, "forecast-answer"))
    assert by_id(card, "forecast-strip").hidden
    # The buttons are there all the same: an answer may come later.
    assert sum(id_.startswith("strip-hour-") for id_ in ids_of(card)) == 24


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (INITIAL, "Modèle initial, appris sur des données simulées"),
        (
            Basis("initial", 0.12, 84),
            "Modèle initial, appris à 12 % de la circulation observée",
        ),
        (
            Basis("initial", 0.004, 84),
            "Modèle initial, appris à moins de 1 % de la circulation observée",
        ),
        (
            Basis("average", 0.99, 84),
            "Le modèle initial faisait moins bien : moyenne de la circulation observée",
        ),
        (Basis("observed", 1.0, 84), "Modèle appris sur 84 jours de mesures"),
    ],
)
def test_a_note_says_what_the_forecast_rests_on(basis, words):
    assert plain(forecast_card.basis_note(TEXTS, basis)) == words


def test_nothing_is_bold_that_is_likely_wrong():
    firm, leaning = (
        build_card(TEXTS, CHOICE, forecast(shares=shares))
        for shares in ((0.2, 0.62, 0.18), (0.3, 0.45, 0.25))
    )
    for card, words, is_bold in ((firm, "Dense", True), (leaning, "plutôt dense", False)):
        answer = by_id(card, "forecast-answer")
        assert any(isinstance(item, html.Strong) for item in walk(answer)) is is_bold
        assert f"Prédiction : {words}" in plain(text_of(answer))
        hour = by_id(card, "strip-hour-3")
        assert ("strip-button--leaning" in hour.className) is not is_bold
        assert words in plain(hour.to_plotly_json()["props"]["aria-label"])


def test_every_control_has_a_label():
    card = build_card(TEXTS, CHOICE, forecast())
    labelled = {getattr(item, "htmlFor", None) for item in walk(card)} - {None}
    assert labelled == {"forecast-hour", "forecast-day", "forecast-zone"}
