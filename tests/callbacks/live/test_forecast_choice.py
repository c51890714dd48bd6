"""What the server answers to a choice of an hour, word for word."""

from __future__ import annotations

import json
import re

import pytest

from components import moment
from tests.callbacks.conftest import DashClient
from tests.components.trees import plain
from tests.factories import write_forecasts

HOUR, DAY, ZONE = (f"{name}.value" for name in (moment.HOUR_ID, moment.DAY_ID, moment.ZONE_ID))
ANSWERED = moment.ANSWERED_STORE_ID
NO_HOUR = "Heure inconnue : choisissez une heure entre 0 h et 23 h."
NO_DAY = "Jour inconnu : choisissez un jour de la semaine."
NO_ZONE = "Zone inconnue : choisissez une zone de la liste."
QUESTION = f"{moment.QUESTION_STORE_ID}.data"


@pytest.fixture
def choose(tmp_path, make_client):
    write_forecasts(tmp_path)
    return lambda **choice: chosen(DashClient(make_client()), **choice)


def chosen(dash_client, hour="8", day="monday", zone="centre-ville", language="fr"):
    values = {HOUR: hour, DAY: day, ZONE: zone, "language.data": language}
    response = dash_client.call(f"{ANSWERED}.data", values, QUESTION)
    assert response.status_code == 200
    return response.get_json()["response"][ANSWERED]["data"]


def all_words(dash_client, **choice):
    return plain(json.dumps(chosen(dash_client, **choice), ensure_ascii=False))


def words(node):
    if isinstance(node, dict):
        return words(node["props"].get("children", ""))
    return "".join(map(words, node)) if isinstance(node, list) else str(node)


def test_the_strip_comes_with_the_answer(choose):
    content = choose()
    assert plain(words(content["answer"])).startswith(
        "Prédiction : Bloqué probabilité 75 % lundi 26 août, 8 h"
    )
    classes, letters, labels = content["strip"]
    assert letters[8] == "B"
    assert classes[3] == "strip-button strip-button--free"
    assert plain(labels[3]) == "3 h : Libre, probabilité 90 %"


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        *(({"hour": hour}, NO_HOUR) for hour in (24, -1, "24", "", "abc", "8" * 5_000, None, [8])),
        *(({"day": day}, NO_DAY) for day in ("lundi", 3, ["monday"])),
        *(({"zone": zone}, NO_ZONE) for zone in ("Rocade", "paris", {"a": 1})),
    ],
)
def test_a_wrong_choice_changes_the_sentence_and_nothing_else(choose, choice, sentence):
    content = choose(**choice)
    assert [name for name, told in content.items() if told is not None] == ["answer"]
    assert plain(words(content["answer"])) == sentence


@pytest.mark.parametrize("language", ["xx", None, 3, ["fr"]])
def test_an_unknown_language_gets_french(choose, language):
    assert "Prédiction" in words(choose(language=language)["answer"])


def test_without_a_model_the_card_says_so_without_a_strip(make_client, monkeypatch, tmp_path):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    content = chosen(DashClient(make_client()))
    assert "n'est pas disponible" in words(content["answer"])
    assert content["strip"] == []
    assert content["note"] == ""


def test_a_choice_is_answered_in_words_with_its_probability(dash_client):
    text = all_words(dash_client)
    assert re.search(r"Prédiction\W+(Libre|Dense|Bloqué)", text)
    assert "%" in text
    assert "données simulées" in text


def test_the_answer_is_the_one_of_the_api(dash_client, client):
    for hour in (3, 8, 17):
        status = client.get(f"/api/v1/forecast?hour={hour}&day=tuesday").get_json()["status"]
        word = {"free": "Libre", "dense": "Dense", "blocked": "Bloqué"}[status]
        assert f"Prédiction : {word}" in all_words(dash_client, hour=hour, day="tuesday")


def test_the_title_follows_the_zone(dash_client):
    assert "pour le centre-ville" in all_words(dash_client)
    assert "pour la rocade" in all_words(dash_client, zone="rocade")
