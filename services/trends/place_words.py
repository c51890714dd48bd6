"""What places are called, in the language of some texts."""

from __future__ import annotations

from services.base.texts import Texts
from services.traffic.network import Network
from services.traffic.stretch_wording import stretch_words
from services.trends.places import corridor_of, stretch_of


def place_words(network: Network, key: str, texts: Texts) -> str:
    """What a place is called, without its kind; nothing for the whole network."""
    kind, _, name = key.partition(":")
    if (corridor := corridor_of(network, key)) is not None:
        way = corridor.way
        side = texts["corridors"].get(way.side) if way.side else None
        return f"{way.name}, {side}" if side else f"{way.name} → {way.towards}"
    if (stretch := stretch_of(network, key)) is not None:
        return stretch_words(stretch, texts)
    if kind == "segment" and name in network.index_of_id:
        return segment_words(network, network.index_of_id[name], texts)
    return str(texts["zone"].get(name, name)) if kind == "zone" else ""


def full_place_words(network: Network, key: str, texts: Texts) -> str:
    """The same with its kind in front, as lists have it."""
    kind = key.partition(":")[0]
    label = texts["trends_place"].get(kind, "")
    return f"{label} {place_words(network, key, texts)}".strip()


def segment_words(network: Network, segment: int, texts: Texts) -> str:
    """The stretch that a segment is part of.

    Parameters
    ----------
    segment : int
        Its place in the network's order.
    """
    return stretch_words(network.stretches[int(network.stretch_codes[segment])], texts)
