"""What stretches are called, in every language."""

from __future__ import annotations

import itertools

import pytest

from services.base.texts import languages, load_texts
from services.traffic.stretch_wording import stretch_words
from services.traffic.stretches import Stretch

FRENCH = load_texts("fr")


def stretch(label, direction, start="", end="", sector=None):
    return Stretch("1~2", "the feed's name", label, direction, sector, start, end, (0,), 1_800.0)


@pytest.mark.parametrize(
    ("found", "french", "english"),
    [
        (
            stretch("Rocade", "inner", "Porte de Saint-Malo", "Porte de Maurepas", "north"),
            "Rocade nord intérieure, Porte de Saint-Malo → Porte de Maurepas",
            "Ring road north, clockwise, Porte de Saint-Malo → Porte de Maurepas",
        ),
        (
            stretch("Rue de Fougères", "inwards", "Rue Lesage"),
            "Rue de Fougères vers le centre, depuis Rue Lesage",
            "Rue de Fougères towards the centre, from Rue Lesage",
        ),
        (
            stretch("Rue de Fougères", "outwards", end="Rue Lesage"),
            "Rue de Fougères vers la périphérie, jusqu'à Rue Lesage",
            "Rue de Fougères out of the centre, as far as Rue Lesage",
        ),
        (
            stretch("Boulevard de Vitré", "west"),
            "Boulevard de Vitré vers l'ouest",
            "Boulevard de Vitré westbound",
        ),
        (
            stretch("Rond-point", "around", "Rue de Vern", "Rue de Vern"),
            "Rond-point, Rue de Vern",
            "Rond-point, Rue de Vern",
        ),
    ],
)
def test_a_stretch_is_named_as_a_driver_would(found, french, english):
    assert stretch_words(found, FRENCH) == french
    assert stretch_words(found, load_texts("en")) == english


@pytest.mark.parametrize("language", languages())
def test_every_direction_has_words(language):
    cardinals = ("north", "east", "south", "west")
    ring = itertools.product(("inner", "outer"), cardinals)
    found = [stretch("Rocade", side, sector=sector) for side, sector in ring]
    found += [stretch("Rocade", way) for way in (*cardinals, "inwards", "outwards", "around")]

    assert len({stretch_words(item, load_texts(language)) for item in found}) == len(found)
    assert {item.way for item in found} == set(FRENCH["stretch_way"])
