"""What is said of the forecast of an hour: its sentence, its strip, what it rests on."""

from __future__ import annotations

from datetime import date

import pytest
from dash import html

from components import forecast_words
from components.forecast_words import DayForecast
from services.base.texts import load_texts
from services.plain.forecast import Basis, Forecast
from tests.components.trees import plain, text_of, walk

TEXTS = load_texts("fr")
INITIAL = Basis("initial", 0.0, 84)


def forecast(hour=8, zone="centre-ville", basis=INITIAL, shares=(0.2, 0.62, 0.18)):
    return DayForecast(
        zone,
        date(2026, 11, 30),
        "working_day",
        hour,
        [Forecast(zone, 0, hour, shares) for hour in range(24)],
        basis,
    )


def answer_of(**values):
    return html.Div(forecast_words.build_answer(TEXTS, forecast(**values)))


def test_the_answer_names_status_probability_and_date():
    assert plain(text_of(answer_of())).startswith(
        "Prédiction : Dense probabilité 62 % lundi 30 novembre, 8 h"
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
    assert forecast_words.title(TEXTS, zone) == f"Prévision d'embouteillage pour {words}"


def test_every_hour_of_the_strip_says_its_status():
    columns = forecast_words.strip_columns(TEXTS, forecast(hour=17))
    strip = dict(zip(forecast_words.STRIP_PROPERTIES, columns, strict=True))
    assert plain(strip["aria-label"][17]) == "17 h : Dense, probabilité 62 %"
    assert set(strip["data-letter"]) == {"D"}


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.997, "plus de 99 %"), (1.0, "100 %"), (0.993, "99 %")],
)
def test_only_a_certainty_reads_a_hundred(share, words):
    answer = answer_of(shares=(share, 1 - share, 0.0))
    assert f"probabilité {words}" in text_of(answer)


def test_only_what_cannot_be_reads_none():
    answer = answer_of(shares=(0.997, 0.003, 0.0))
    assert text_of(answer).endswith("Libre plus de 99 % Dense moins de 1 % Bloqué 0 %")


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
    assert plain(forecast_words.basis_note(TEXTS, basis)) == words


def test_nothing_is_bold_that_is_likely_wrong():
    for shares, words, is_bold in (
        ((0.2, 0.62, 0.18), "Dense", True),
        ((0.3, 0.45, 0.25), "plutôt dense", False),
    ):
        answer = answer_of(shares=shares)
        assert any(isinstance(item, html.Strong) for item in walk(answer)) is is_bold
        assert f"Prédiction : {words}" in plain(text_of(answer))
        classes, _letters, labels = forecast_words.strip_columns(TEXTS, forecast(shares=shares))
        assert ("strip-button--leaning" in classes[3]) is not is_bold
        assert words in plain(labels[3])
