"""What places are called, in the language of some texts."""

from __future__ import annotations

from services.base.texts import Texts
from services.traffic.network import Network
from services.traffic.place_values import words_of
from services.traffic.stretch_wording import stretch_words
from services.trends.places import WHOLE


def place_words(network: Network, key: str, texts: Texts) -> str:
    """What a place is called, with its kind; the key itself where there is no such place."""
    kind, words = key.partition(":")[0], own_words(network, key, texts)
    if key == WHOLE or kind not in texts["trends_place"]:
        return words
    return with_kind(texts, kind, words)


def own_words(network: Network, key: str, texts: Texts) -> str:
    """What a place is called where its kind is plain; the key itself where there is none such."""
    if key == WHOLE:
        return str(texts["trends_place"][WHOLE])
    words = words_of(network, key).get(texts["language"]["code"])
    return words or key.partition(":")[2] or key


def with_kind(texts: Texts, kind: str, name: str) -> str:
    """A name with the kind of place in front."""
    return f"{texts['trends_place'][kind]} {name}".strip()


def segment_words(network: Network, segment: int, texts: Texts) -> str:
    """The stretch that a segment is part of.

    Parameters
    ----------
    segment : int
        Its place in the network's order.
    """
    return stretch_words(network.stretches[int(network.stretch_codes[segment])], texts)
