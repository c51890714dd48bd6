"""The space–time diagram as a figure, in words, and for who cannot tell colours apart."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import msgspec
import pytest

from components.trends.scan import (
    BOUNDS,
    CELL_ID,
    COLOURS,
    GRAPH_ID,
    PLACE_ID,
    TIME_ID,
    build_scan,
    colour_scale,
    describe,
    outline_words,
    scan_figure,
)
from services.base.texts import load_texts
from services.plain.trends.along import PassedPlace
from services.plain.trends.common import Period
from services.plain.trends.scan import Outline, ScanAnswer, ScannedQueue, ScanQuery
from tests.components.trees import by_id, ids_of, plain, text_of

FR, EN = load_texts("fr"), load_texts("en")
DAY = date(2026, 11, 26)
QUERY = ScanQuery("corridor:nord", DAY)
PLACES = (PassedPlace(0.0, "Sud"), PassedPlace(1_500.0, "Pont"), PassedPlace(3_000.0, "Nord"))
EVENT = Outline("event", 0.0, 1_000.0, 900, 1_800, "", delay_s=840.0)
SITE = Outline("roadwork", 1_000.0, 3_000.0, 0, 3_600, "Rue de Vern", level="difficult")
QUEUE = ScannedQueue(head_m=2_000.0, length_m=1_900.0, from_s=900, to_s=3_600, worst_s=1_125.0)
# An hour of quarters, from 23 h.
ANSWER = ScanAnswer(
    start=datetime(2026, 11, 26, 22, tzinfo=UTC),
    step_s=900,
    local_hours=[23.0, 23.25, 23.5, 23.75],
    segments=[7, 3],
    segment_ids=["a", "b"],
    network_version="v",
    ends_m=[1_000.0, 3_000.0],
    free_kmh=[50.0, None],
    speed_kmh=[[50, 20, None, 5], [30, 30, 30, 30]],
    closed=[(0, 2)],
    places=PLACES,
    outlines=[EVENT, SITE],
    queues=[QUEUE],
    days=1,
    asked=1,
)


def changed(**values):
    return msgspec.structs.replace(ANSWER, **values)


def test_each_cell_is_where_and_when_it_was():
    heat, closed, _ = scan_figure(FR, ANSWER, "vitesse")["data"]
    assert heat["x"] == [0, 1, 2, 3, 4]
    assert heat["y"] == [0.0, 1_000.0, 3_000.0]
    assert heat["z"] == [[50, 20, None, 5], [30, 30, 30, 30]]
    assert closed["z"] == [[None, None, 1, None], [None] * 4]


def test_the_share_of_free_flow_is_drawn_where_that_is_known():
    heat = scan_figure(FR, ANSWER, "part")["data"][0]
    assert heat["z"] == [[1.0, 0.4, None, 0.1], [None] * 4]
    assert (heat["zmin"], heat["zmax"]) == (0, 1.0)


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("measure", ["vitesse", "part"])
def test_the_slower_the_darker_by_far_enough_for_who_sees_no_hue(measure):
    light = [luminance(colour) for colour in COLOURS[measure]]
    assert all(after + 0.05 >= 1.35 * (before + 0.05) for before, after in pairwise(light))


@pytest.mark.parametrize("measure", ["vitesse", "part"])
def test_each_step_of_the_scale_has_its_colour_and_its_words(measure):
    scale = colour_scale(measure)
    assert scale[0][0] == 0
    assert scale[-1][0] == 1
    assert len(scale) == 2 * len(COLOURS[measure]) == 2 * (len(BOUNDS[measure]) - 1)
    words = text_of(build_scan(FR, ANSWER, QUERY, measure))
    for step in range(len(COLOURS[measure])):
        assert plain(FR["trends_scan"][f"legend_{measure}_{step}"]) in words


def test_roadworks_and_events_are_outlined_and_numbered():
    layout = scan_figure(FR, ANSWER, "vitesse")["layout"]
    event, site = layout["shapes"]
    assert (event["x0"], event["x1"], event["y0"], event["y1"]) == (1, 2, 0.0, 1_000.0)
    assert (site["x0"], site["x1"], site["y0"], site["y1"]) == (0, 4, 1_000.0, 3_000.0)
    # Never colour alone.
    assert event["line"]["dash"] != site["line"]["dash"]
    assert [note["text"] for note in layout["annotations"]] == ["1", "2"]
    first, second = map(plain, outline_words(FR, ANSWER))
    assert first == (
        "1. Événement inhabituel de 23 h 15 à 23 h 30, entre Sud et Pont : "
        "14 min de plus que d'habitude au pire"
    )
    assert second.startswith("2. Chantier, Rue de Vern : entre Pont et Nord (")


def test_an_event_tells_its_likely_cause():
    answer = changed(outlines=[msgspec.structs.replace(EVENT, what="Rue de Vern")])
    assert plain(outline_words(EN, answer)[0]).endswith("likely cause: roadworks, Rue de Vern")


def test_the_diagram_is_told_in_a_sentence():
    assert plain(describe(FR, ANSWER)) == (
        "Une file : tête entre Pont et Nord, de 23 h 15 à 24 h, 1,9 km au plus long ; "
        "qui la traverse perd jusqu'à 19 min."
    )
    assert plain(describe(EN, changed(queues=[QUEUE, QUEUE]))).startswith(
        "2 queues. The one that cost the most: head between Pont and Nord, from 23:15 to 24:00"
    )
    assert plain(describe(FR, changed(queues=[]))).startswith("Aucune file")


def test_cells_are_reached_without_a_mouse():
    tree = build_scan(FR, ANSWER, QUERY, "vitesse")
    assert {GRAPH_ID, CELL_ID, TIME_ID, PLACE_ID} <= set(ids_of(tree))
    time, place = by_id(tree, TIME_ID), by_id(tree, PLACE_ID)
    assert (time.type, time.max, place.max) == ("range", 3, 1)
    assert by_id(tree, CELL_ID).role == "status"


def test_the_script_is_given_what_it_reads_cells_out_with():
    meta = scan_figure(FR, ANSWER, "vitesse")["layout"]["meta"]
    assert meta["start_s"] == int(ANSWER.start.timestamp())
    assert [plain(time) for time in meta["times"]] == ["23 h", "23 h 15", "23 h 30", "23 h 45"]
    assert meta["places"] == ["entre Sud et Pont", "entre Pont et Nord"]
    assert (meta["segments"], meta["shapes"]) == ([7, 3], 2)
    mean = scan_figure(FR, changed(start=None), "vitesse")["layout"]["meta"]
    assert mean["start_s"] is None


def test_names_that_would_lie_over_each_other_are_left_out_and_the_ends_stay():
    crowded = [PassedPlace(metres, f"P{metres:.0f}") for metres in (0, 40, 1_500, 1_560, 2_990)]
    answer = changed(places=[*crowded, PassedPlace(3_000.0, "Nord")])
    axis = scan_figure(FR, answer, "vitesse")["layout"]["yaxis"]
    assert axis["ticktext"] == ["P0", "P1500", "Nord"]


def test_a_mean_day_says_of_how_many_days_it_is():
    query = ScanQuery("corridor:nord", DAY, Period(DAY, DAY))
    words = text_of(build_scan(FR, changed(start=None, days=9, asked=14), query, "vitesse"))
    assert "la moyenne de 9 jours observés sur 14" in words


def test_a_day_that_was_not_observed_says_so():
    words = text_of(build_scan(FR, changed(days=0, queues=[]), QUERY, "vitesse"))
    assert plain(FR["trends_scan"]["none"]) in words
