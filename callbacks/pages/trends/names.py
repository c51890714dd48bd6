"""What the places and the days that an address asks about are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from services.base.texts import Texts, formats
from services.plain.trends.common import Period
from services.traffic.corridor_wording import corridor_words
from services.traffic.network import Network
from services.traffic.stretch_wording import stretch_words
from services.trends.place_words import own_words, place_words, with_kind
from services.trends.places import keys_of

__all__ = ["day_words", "own_words", "period_words", "place_options", "place_words"]


def place_options(network: Network, texts: Texts) -> Sequence[Mapping[str, str]]:
    """The places that lists offer, as options with their names."""
    offered = keys_of(network)
    named = {f"zone:{name}": str(texts["zone"].get(name, name)) for name in network.city.zones}
    for corridor in network.corridors:
        named[f"corridor:{corridor.way.key}"] = corridor_words(corridor.way, texts)
    for stretch in network.stretches:
        named[f"troncon:{stretch.key}"] = stretch_words(stretch, texts)
    return [
        {"value": key, "label": with_kind(texts, kind, named.get(key, ""))}
        for kind, keys in offered.items()
        for key in keys
    ]


def route_words(network: Network, texts: Texts) -> Sequence[tuple[str, str]]:
    """The keys of the corridors, each with its name."""
    return [
        (f"corridor:{corridor.way.key}", corridor_words(corridor.way, texts))
        for corridor in network.corridors
    ]


def day_words(texts: Texts, day: date, today: date) -> str:
    """A day by its day of the week; its year where it is not this one's."""
    words = formats(texts).long_day(day, texts["calendar"]["first_day"])
    return words if day.year == today.year else f"{words} {day.year}"


def period_words(texts: Texts, period: Period) -> str:
    """The days of a period."""
    written, wording = formats(texts), texts["trends"]
    first, last = written.day(period.first), written.day(period.last)
    words = str(wording["period"]).format(first=first, last=last)
    if period.days == "tous":
        return words
    kept = texts["trends_control"][f"jours_{period.days}"]
    return f"{words} ({str(kept).lower()})"
