"""The table of bottlenecks, and the hours and the history of one."""

from __future__ import annotations

from datetime import date

import msgspec

from components.trends.bottlenecks import (
    DETAIL_ID,
    GRID_ID,
    build_bottlenecks,
    build_detail,
    describe,
    hour_shares,
    often_hours,
    row_of,
)
from services.base.texts import load_texts
from services.plain.trends.bottlenecks import BottleneckRow, BottlenecksAnswer, QueueDay
from tests.components.trees import by_id, ids_of, plain, text_of

FR, EN = load_texts("fr"), load_texts("en")


def row(head, lost_s=36_000.0, hours=None, **changes):
    counts = [0] * 24
    for hour, days in (hours or {8: 4, 9: 2, 17: 1}).items():
        counts[hour] = days
    days = [date(2026, 11, number) for number in (16, 17, 18, 19)]
    made = BottleneckRow(
        head=head,
        segment=3,
        corridor="corridor:rocade",
        where=["inner_north", "between", "Rocade", "Porte A", "Porte B", 1_200],
        queues=5,
        days_by_hour=counts,
        longest_m=6_000,
        mean_length_m=4_250,
        mean_duration_s=5_400,
        lost_s=lost_s,
        reaches_end=False,
        history=[QueueDay(day, 7.75, 9.5, 5_000, 9_000.0, 600.0) for day in days],
    )
    return msgspec.structs.replace(made, **changes)


ANSWER = BottlenecksAnswer(
    rows=[row("a"), row("b", 1_800.0, {12: 4})],
    found=2,
    days=8,
    days_by_hour=[8] * 23 + [0],
    asked=10,
    corridors=32,
    network_version="v",
)


def changed(**values):
    return msgspec.structs.replace(ANSWER, **values)


def test_the_table_has_numbers_that_sort_and_words_that_are_read():
    grid = by_id(build_bottlenecks(FR, ANSWER, None), GRID_ID)
    first, second = grid.rowData
    assert (first["rank"], first["days"], first["length"], first["duration"]) == (1, 4, 4.2, 90)
    assert (first["lost"], second["lost"]) == (600, 30)
    assert plain(first["length_words"]) == "4,2"
    assert first["place"] == "Rocade nord intérieure, Porte A → Porte B"
    assert (first["road"], first["direction"]) == ("Rocade", "nord intérieure")
    kinds = {column["field"]: column["filter"] for column in grid.columnDefs}
    assert kinds["lost"] == "agNumberColumnFilter"
    assert kinds["road"] == "agTextColumnFilter"


def test_the_hours_are_those_of_half_of_its_days():
    assert plain(often_hours(FR, row("a"))) == "8–10 h"
    assert plain(often_hours(FR, row("a", hours={7: 4, 8: 4, 17: 3}))) == "7–9 h, 17–18 h"


def test_hours_are_shares_of_the_days_that_had_them():
    shares = hour_shares(ANSWER, ANSWER.rows[0])
    assert (shares[8], shares[17], shares[3], shares[23]) == (0.5, 0.125, 0.0, None)


def test_the_chosen_row_is_told_and_the_first_one_without_a_choice():
    assert row_of(ANSWER, "b").head == "b"
    assert row_of(ANSWER, "gone").head == row_of(ANSWER, None).head == "a"
    tree = build_bottlenecks(FR, ANSWER, "b")
    assert [chosen["head"] for chosen in by_id(tree, GRID_ID).selectedRows] == ["b"]
    assert "Le plus souvent à 12 h : 50 % des jours." in text_of(by_id(tree, DETAIL_ID))


def test_the_period_is_told_in_a_sentence():
    assert plain(describe(FR, ANSWER)) == (
        "2 endroits où des files reviennent, sur 8 jours observés de 10. Le plus coûteux : Rocade "
        "nord intérieure, Porte A → Porte B, 4 jours, 10 h perdues par qui y passerait tous les "
        "quarts d'heure."
    )
    assert plain(describe(EN, changed(found=1, rows=[row("a")]))).startswith("One place only")


def test_a_place_is_told_with_its_days_in_words():
    words = text_of(build_detail(FR, ANSWER, ANSWER.rows[0]))
    assert "4 jours sur 8, files de 4,2 km et 1 h 30 min en moyenne." in words
    assert "16/11/2026 : de 7 h 45 à 9 h 30, 5,0 km au plus long, 2 h 30 min perdues" in words
    assert plain(FR["trends_bouchons"]["reaches_end"]) not in words
    ending = build_detail(FR, ANSWER, row("a", reaches_end=True))
    assert plain(FR["trends_bouchons"]["reaches_end"]) in text_of(ending)


def test_more_than_are_shown_is_said():
    words = text_of(build_bottlenecks(FR, changed(found=240), None))
    assert "Les 2 plus coûteux de 240 sont montrés." in words


def test_nothing_found_and_nothing_observed_are_told_apart():
    nothing = text_of(build_bottlenecks(FR, changed(rows=[], found=0), None))
    assert plain(FR["trends_bouchons"]["none"]) in nothing
    unseen = build_bottlenecks(FR, changed(rows=[], found=0, days=0), None)
    assert plain(FR["trends_bouchons"]["no_data"]) in text_of(unseen)
    assert GRID_ID not in ids_of(unseen)
