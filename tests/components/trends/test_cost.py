"""What people read of lost time: of a driver, and of vehicles only where they are counted."""

from __future__ import annotations

from components.trends.cost import build_cost, cost_figure
from services.base.texts import load_texts
from services.plain.trends.cost import CostAnswer, CountedCost
from tests.components.trees import text_of

WORKING = [0.0] * 8 + [600.0] + [60.0] * 15


def answer(**changes):
    stated = {
        "is_route": True,
        "free_s": 1_200.0,
        "working_days": WORKING,
        "other_days": [None, *[12.0] * 23],
        "mean_s": 90.0,
        "jam_km_hours": 3.24,
        "observed_days": 26,
        "lacking_days": 2,
        "observed_share": 0.93,
        "counted": None,
        "has_counts": False,
        "unknown_counts": 0,
    } | changes
    return CostAnswer(**stated)


def counted(**changes):
    stated = {
        "length_share": 0.8,
        "hours": 2_600.0,
        "vehicles_share": 0.97,
        "days": 26,
        "euros": None,
        "rate": None,
        "rate_source": "",
    } | changes
    return CountedCost(**stated)


def shown(language="fr", **changes):
    return text_of(build_cost(load_texts(language), answer(**changes), "Rocade"))


def test_a_driver_reads_what_a_drive_loses():
    text = shown()

    assert "un conducteur perd en moyenne 1 min 30 s sur ce trajet, qui prend 20 min" in text
    assert "Au pire, en partant à 8 h un jour ouvré : 10 min." in text
    assert "3,2 kilomètres × heures de bouchon par jour" in text


def test_of_an_area_it_is_a_drive_there():
    assert "perd en moyenne 1 min 30 s sur un trajet de 10 min" in shown(
        is_route=False, free_s=600.0
    )


def test_without_counts_no_vehicle_is_told():
    assert "aucun véhicule n'est inventé" in shown()
    elsewhere = shown(has_counts=True, unknown_counts=2)
    assert "Les comptages donnés ne couvrent pas ce lieu" in elsewhere
    assert "2 lieux du fichier de comptages n'existent pas" in elsewhere
    assert "€ sur" not in elsewhere


def test_hours_of_vehicles_are_told_and_what_they_speak_of():
    text = shown(has_counts=True, counted=counted())

    assert "Environ 100 heures de véhicules perdues par jour en moyenne, 2 600 sur les 26" in text
    assert "Les comptages couvrent 80 % de la longueur" in text
    assert "la vitesse était connue pour 97 %" in text
    assert "Aucun taux n'est réglé" in text


def test_euros_are_told_with_their_rate_and_its_source():
    text = shown(
        has_counts=True, counted=counted(euros=35_123.0, rate=13.5, rate_source="une étude")
    )

    assert "Soit environ 35 100 € sur ces jours, à 13,50 € l'heure de véhicule (une étude)." in text


def test_a_place_without_observation_says_so():
    text = shown(mean_s=None, jam_km_hours=None, working_days=[None] * 24, observed_days=0)

    assert "Rien n'a été assez observé pour le dire." in text
    assert "0 jours observés, 2 sans aucune donnée" in text


def test_the_figure_is_in_minutes_and_leaves_out_what_is_not_known():
    working, other = cost_figure(load_texts("en"), answer())["data"]

    assert working["y"][8] == 10.0
    assert other["y"][0] is None
    assert working["marker"]["pattern"] != other["marker"]["pattern"]
