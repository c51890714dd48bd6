"""Corridors in words."""

from __future__ import annotations

from services.base.texts import Texts
from services.traffic.corridors import CorridorWay


def corridor_words(way: CorridorWay, texts: Texts) -> str:
    """A corridor as people name it, with where it leads.

    Examples
    --------
    >>> from services.base.texts import load_texts
    >>> ring = CorridorWay("rocade", "Rocade", "Porte A", "inner", (), ())
    >>> corridor_words(ring, load_texts("fr")), corridor_words(ring, load_texts("en"))
    ('Rocade, sens intérieur', 'Ring road, clockwise')
    """
    wording = texts["corridors"]
    name = texts["local_name"].get(way.name, way.name)
    if way.side is not None:
        return f"{name}, {wording[way.side]}"
    return f"{name} {wording['towards'].format(towards=way.towards)}"
