"""How places that somebody named fare: what rules on the traffic look at.

Travel times, of corridors and stretches, are those of ``services.traffic.corridor_times``; of zones
the speed ratio of ``services.traffic.zone_ratios`` tells congestion and, beside the usual one, how
much longer trips take than usually.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from services.base.texts import Texts, languages, load_texts
from services.plain.places_now import PlaceNow, PlacesNow
from services.traffic.corridor_times import WayTime, way_times
from services.traffic.corridor_wording import corridor_words
from services.traffic.indicators import congestion_level, travel_time_s
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot
from services.traffic.stretch_wording import stretch_words
from services.traffic.stretches import Stretch
from services.traffic.usual_hour import UsualHour, compare_traffic
from services.traffic.zone_ratios import travel_times_s, zone_times

_Words = Mapping[str, str]


def places_now(
    network: Network, snapshot: Snapshot, usual: UsualHour | None, places: Iterable[str]
) -> PlacesNow:
    """How some places fare.

    Parameters
    ----------
    network, snapshot
        Of the same version.
    usual : UsualHour or None
        Whatever there is; it counts where it tells of the snapshot.
    places : iterable of str
        As of :class:`services.plain.places_now.PlaceNow`.
    """
    told = usual if usual is not None and usual.tells_of(snapshot) else None
    usual_s = None
    if told is not None:
        compared = compare_traffic(network, snapshot, told)
        usual_s = travel_times_s(network, compared.usual_kmh["p50"])

    def on_way(place: str, words: _Words, segments: tuple[int, ...]) -> PlaceNow:
        [time] = way_times(network, snapshot, [segments], usual_s)
        return _of_way(place, words, time)

    kinds: dict[str, Callable[[str, str], PlaceNow]] = {
        "corridor": lambda place, name: _corridor(network, place, name, on_way),
        "troncon": lambda place, name: _stretch(network, place, name, on_way),
        "zone": lambda place, name: _zone(network, snapshot, told, place, name),
    }
    return PlacesNow(
        source=snapshot.source,
        observed_at=snapshot.observed_at.isoformat(),
        places=[_of_kind(kinds, place) for place in places],
    )


def words_of(network: Network, place: str) -> Mapping[str, str]:
    """What people call a place, by language; empty where the network has none of that key.

    Parameters
    ----------
    place : str
        As of :class:`services.plain.places_now.PlaceNow`, or ``reseau`` for the whole network.
    """
    kind, _, name = place.partition(":")
    if kind == "corridor":
        ways = [one.way for one in network.corridors if one.way.key == name]
        return _in_each_language(partial(corridor_words, ways[0])) if ways else _NO_WORDS
    if kind == "troncon":
        found = _stretches_called(network, name)
        return _in_each_language(partial(stretch_words, found[0])) if found else _NO_WORDS
    zone = network.city.whole_network if place == "reseau" else name
    if zone not in network.city.zone_choices:
        return _NO_WORDS
    return _in_each_language(lambda texts: str(texts["zone"][zone]))


_OnWay = Callable[[str, _Words, tuple[int, ...]], PlaceNow]
_NO_WORDS: Final[_Words] = {}


def _of_kind(kinds: Mapping[str, Callable[[str, str], PlaceNow]], place: str) -> PlaceNow:
    kind, _, name = place.partition(":")
    return kinds[kind](place, name)


def _in_each_language(words: Callable[[Texts], str]) -> dict[str, str]:
    return {language: words(load_texts(language)) for language in languages()}


def _corridor(network: Network, place: str, key: str, on_way: _OnWay) -> PlaceNow:
    corridor = next((one for one in network.corridors if one.way.key == key), None)
    if corridor is None:
        return PlaceNow(place, "gone", _NO_WORDS)
    return replace(on_way(place, words_of(network, place), corridor.segments), key=place)


def _stretch(network: Network, place: str, name: str, on_way: _OnWay) -> PlaceNow:
    found = _stretches_called(network, name)
    if len(found) != 1:
        return PlaceNow(place, "several" if found else "gone", _NO_WORDS)
    [stretch] = found
    words = _in_each_language(partial(stretch_words, stretch))
    return replace(on_way(place, words, stretch.segments), key=f"troncon:{stretch.key}")


def _stretches_called(network: Network, name: str) -> list[Stretch]:
    """The stretches of a key, or of some words in one of the languages."""
    by_key = [stretch for stretch in network.stretches if stretch.key == name]
    if by_key:
        return by_key
    wanted = _plain(name)
    return [
        stretch
        for stretch in network.stretches
        if any(_plain(stretch_words(stretch, load_texts(one))) == wanted for one in languages())
    ]


def _plain(words: str) -> str:
    """Words as they are compared: whatever their case, their spaces and the arrow."""
    return " ".join(words.replace("->", "→").replace("→", " → ").split()).casefold()


def _of_way(place: str, words: _Words, time: WayTime) -> PlaceNow:
    if time.is_closed:
        return PlaceNow(place, "closed", words, usual_s=time.usual_s)
    return PlaceNow(
        place,
        "unknown" if time.now_s is None else "known",
        words,
        time_s=time.now_s,
        usual_s=time.usual_s,
        over_usual=_more(time.now_s, time.usual_s),
        congestion=_more(time.now_s, time.free_flow_s, least=0.0),
    )


def _more(time_s: float | None, than_s: float | None, least: float = -1.0) -> float | None:
    if time_s is None or not than_s:
        return None
    return max(time_s / than_s - 1.0, least)


def _zone(
    network: Network, snapshot: Snapshot, usual: UsualHour | None, place: str, zone: str
) -> PlaceNow:
    choices = network.city.zone_choices
    if zone not in choices:
        return PlaceNow(place, "gone", _NO_WORDS)
    code = choices.index(zone)
    words, key = words_of(network, place), "reseau" if code == len(choices) - 1 else place
    ratio = float(zone_times(network, travel_time_s(network, snapshot)).speed_ratios()[code])
    if math.isnan(ratio):
        return PlaceNow(place, "unknown", words, key=key)
    return PlaceNow(
        place,
        "known",
        words,
        key=key,
        over_usual=_zone_over_usual(usual, code, ratio),
        congestion=congestion_level(ratio),
    )


def _zone_over_usual(usual: UsualHour | None, code: int, ratio: float) -> float | None:
    # Of the whole network, which is the last, nothing is kept.
    if usual is None or code >= np.size(usual.zones.p50) or not usual.zones.is_known()[code]:
        return None
    usual_ratio = float(np.asarray(usual.zones.p50)[code])
    return None if math.isnan(usual_ratio) else usual_ratio / ratio - 1.0
