"""Stretches and corridors of the real roads of Rennes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from services.base.texts import load_texts
from services.traffic.road_lines import turn_deg
from services.traffic.stretch_wording import stretch_words
from tests.factories import rennes_network

RING_KM = 31.0


def test_every_segment_is_of_one_stretch_and_no_length_is_lost():
    network = rennes_network()
    found = network.stretches

    assert sorted(i for item in found for i in item.segments) == list(range(len(network)))
    assert sum(item.length_m for item in found) == pytest.approx(network.length_m.sum())
    assert len(found) == 459
    of_each = [found[code] for code in network.stretch_codes]
    assert all(place in item.segments for place, item in enumerate(of_each))
    assert {item.road for item in found} == set(network.names.tolist())


def test_no_stretch_turns_back():
    lines = rennes_network().lines
    turns = [
        turn_deg(lines.end_heading[before], lines.start_heading[after])
        for item in rennes_network().stretches
        for before, after in pairwise(item.segments)
    ]

    assert max(turns) < 135.0


def test_the_ring_road_is_31_km_each_way():
    there, back = (
        item for item in rennes_network().corridors if item.way.key in {"rocade", "rocade-retour"}
    )

    assert there.length_m / 1_000 == pytest.approx(RING_KM, abs=1.0)
    assert back.length_m / 1_000 == pytest.approx(RING_KM, abs=1.0)
    assert not set(there.segments) & set(back.segments)


def test_the_ring_road_is_cut_at_the_same_portes_each_way_near_where_it_passes_them():
    """However long the segments beside a porte are: those near Beaulieu are of 0.1 and 1.1 km."""
    ring = [item for item in rennes_network().stretches if item.road == "Route nationale 136"]

    def lengths_km(start, end):
        ways = {("inner", start, end), ("outer", end, start)}
        found = [item for item in ring if (item.direction, item.start, item.end) in ways]
        assert {item.direction for item in found} == {"inner", "outer"}, (start, end)
        return [item.length_m / 1_000 for item in found]

    assert lengths_km("Porte de Tizé", "Porte de Beaulieu") == pytest.approx([6.0, 6.0], rel=0.2)
    assert lengths_km("Porte de Beaulieu", "Porte des Loges") == pytest.approx([1.6, 1.6], rel=0.2)
    assert lengths_km("Porte de Lorient", "Porte de Brest") == pytest.approx([1.0, 1.0], rel=0.2)


def test_every_corridor_of_the_city_is_driven_both_ways():
    network = rennes_network()
    keys = [item.way.key for item in network.corridors]

    assert len(keys) == len(set(keys)) == 2 * len(network.city.corridors)
    assert all(item.length_m > 1_000.0 for item in network.corridors)


def test_the_order_of_the_rows_has_no_part_in_it():
    network = rennes_network()
    order = np.random.default_rng(14).permutation(len(network))
    shuffled = replace(
        network,
        segment_ids=tuple(network.segment_ids[place] for place in order),
        geometry=tuple(network.geometry[place] for place in order),
        names=network.names[order],
        road_classes=network.road_classes[order],
        speed_limit_kmh=network.speed_limit_kmh[order],
    )

    def told(found):
        ids = found.segment_ids
        stretches = [replace(item, segments=()) for item in found.stretches]
        segments = [[ids[place] for place in item.segments] for item in found.stretches]
        return segments, [replace(item, length_m=0.0) for item in stretches]

    assert told(shuffled) == told(network)


def test_a_driver_knows_the_names():
    names = {stretch_words(item, load_texts()) for item in rennes_network().stretches}

    assert "Rocade nord intérieure, Porte de Saint-Malo → Porte de Maurepas" in names
    assert "Rue de Saint-Malo vers la périphérie, depuis Bd de Verdun" in names
    assert "Porte de Nantes vers l'est, Rocade → N 137" in names
    assert not any("Route nationale" in name or "départementale" in name for name in names)
