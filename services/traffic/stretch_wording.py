"""What a stretch is called, in the language of some texts."""

from __future__ import annotations

from collections.abc import Sequence

from services.base.texts import Texts, road_words
from services.traffic.stretches import Stretch


def stretch_parts(stretch: Stretch) -> list[str | int]:
    """What ``assets/wording.js`` makes the same words of, with the length in metres."""
    return [
        stretch.way,
        stretch.form,
        stretch.label,
        stretch.start,
        stretch.end,
        round(stretch.length_m),
    ]


def stretch_words(stretch: Stretch, texts: Texts) -> str:
    """A stretch as a driver would name it, without its length.

    ``assets/wording.js`` says the same in the browser.

    Examples
    --------
    >>> from services.base.texts import load_texts
    >>> ring = Stretch("1~2", "RN 136", "Rocade", "inner", "north", "Porte A", "Porte B", (), 1.0)
    >>> stretch_words(ring, load_texts("fr"))
    'Rocade nord intérieure, Porte A → Porte B'
    >>> stretch_words(ring, load_texts("en"))
    'Ring road north, clockwise, Porte A → Porte B'
    """
    return words_of_parts(stretch_parts(stretch), texts)


def words_of_parts(parts: Sequence[str | int], texts: Texts) -> str:
    """The same of what :func:`stretch_parts` gives."""
    return road_words(texts, parts)
