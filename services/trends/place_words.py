"""What places are called, in the language of some texts."""

from __future__ import annotations

from services.base.texts import Texts
from services.traffic.corridor_wording import corridor_words
from services.traffic.network import Network
from services.traffic.stretch_wording import stretch_words
from services.trends.places import WHOLE, corridor_of, stretch_of


def place_words(network: Network, key: str, texts: Texts) -> str:
    """What a place is called, with its kind; the key itself where there is no such place."""
    kind, words = key.partition(":")[0], own_words(network, key, texts)
    if key == WHOLE or kind not in texts["trends_place"]:
        return words
    return with_kind(texts, kind, words)


def own_words(network: Network, key: str, texts: Texts) -> str:
    """What a place is called where its kind is plain; the key itself where there is none such."""
    kind, _, name = key.partition(":")
    if (corridor := corridor_of(network, key)) is not None:
        return corridor_words(corridor.way, texts)
    if (stretch := stretch_of(network, key)) is not None:
        return stretch_words(stretch, texts)
    if kind == "zone":
        return str(texts["zone"].get(name, name))
    return str(texts["trends_place"][WHOLE]) if key == WHOLE else name or key


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
