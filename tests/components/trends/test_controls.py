"""The controls of the page of the archive."""

from __future__ import annotations

from datetime import date
from typing import Any

from components.trends.controls import build_controls, id_of
from services.base.texts import load_texts
from tests.components.trees import by_id

VIEW = {"avant-apres": ("lieu", "lieu2")}


def test_a_list_of_places_says_what_holds_without_a_choice():
    tree = build_controls(
        load_texts("fr"), VIEW, {"avant-apres": {}}, [], "form", today=date(2026, 11, 30)
    )

    place: Any = by_id(tree, id_of("lieu"))
    detour: Any = by_id(tree, id_of("lieu2"))

    assert (place.placeholder, detour.placeholder) == ("Tout le réseau", "Aucun")
    assert place.labels["clear_selection"] == "Revenir à tout le réseau"
    assert detour.labels["clear_selection"] == "Ne comparer à aucun itinéraire"
