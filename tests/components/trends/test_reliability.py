"""What people read of reliability: the figures, or why there are none."""

from __future__ import annotations

from datetime import date

from dash import html

from components.trends.reliability import TABLE_ID, build_reliability
from services.base.texts import load_texts
from services.plain.trends.reliability import (
    Indices,
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
)
from tests.components.trees import by_id, plain, text_of, walk

NAMES = {
    "corridor:a": "Rocade, sens intérieur",
    "zone:centre": "Centre-ville",
    "troncon:1~2": "D 34",
}
MORNING = Indices(
    mean_s=1_200.0,
    p95_s=1_800.0,
    travel_time_index=1.2,
    planning_time_index=1.8,
    buffer_index=0.5,
    lottr=1.62,
    is_reliable=False,
)


def corridor(**changes):
    """One that is told in the morning alone."""
    stated = {
        "place": "corridor:a",
        "is_route": True,
        "free_s": 1_000.0,
        "parts": [
            PartReliability("morning", 0.95, 20, None, MORNING),
            PartReliability("midday", 0.4, 20, "share", None),
            PartReliability("evening", 0.9, 4, "days", None),
            PartReliability("weekend", 0.0, 0, "never", None),
        ],
        "is_reliable": None,
    } | changes
    return PlaceReliability(**stated)


def shown(*places, language="fr"):
    answer = ReliabilityAnswer(date(2026, 11, 2), date(2026, 11, 29), 26, 2, places)
    return build_reliability(load_texts(language), answer, NAMES)


def rows_of(cards):
    table = next(item for item in walk(cards) if isinstance(item, html.Tbody))
    return [[text_of(cell) for cell in walk(row) if isinstance(cell, html.Td)]
            for row in walk(table) if isinstance(row, html.Tr)]  # fmt: skip


def test_the_figures_of_a_part_of_the_week_stand_in_a_row():
    morning = rows_of(shown(corridor()))[0]

    assert morning == ["20 min", "30 min", "1,20", "1,80", "50 %", "1,62", "non fiable", "95 %"]


def test_where_too_little_was_observed_the_table_says_so_and_no_figure():
    rows = rows_of(shown(corridor()))

    assert rows[1] == [*["–"] * 6, "non affiché : observé 40 % du temps", "40 %"]
    assert rows[2][6] == "non affiché : il faut 5 jours observés, il y en a 4"
    assert rows[3][6] == "non affiché : jamais observé"


def test_the_headline_is_what_one_has_to_plan_for():
    text = text_of(shown(corridor()))

    assert (
        "Matin, 6–10 h : pour n'être en retard qu'une fois sur vingt, comptez 30 min au lieu "
        in text
    )
    assert "26 jours observés, 2 sans aucune donnée." in text


def test_of_a_zone_it_is_a_drive_of_ten_minutes():
    text = text_of(shown(corridor(place="zone:centre", is_route=False), corridor()))

    # 1 200 and 1 800 s of what takes 1 000 s in free flow.
    assert "comptez 18 min pour ce qui prend 10 min à vitesse libre, et 12 min en moyenne" in text


def test_a_place_that_was_never_observed_has_no_headline_but_a_reason():
    parts = [PartReliability("morning", 0.0, 0, "never", None)]

    assert "Aucune période de la semaine n'a été assez observée" in text_of(
        shown(corridor(parts=parts))
    )


def test_all_corridors_sort_by_numbers_that_people_read_in_words():
    grid = by_id(shown(corridor(place="zone:centre", is_route=False), corridor()), TABLE_ID)

    # The zone is no corridor.
    assert {row["place"] for row in grid.rowData} == {"Rocade, sens intérieur"}
    first, second = grid.rowData[:2]
    assert (first["tti"], first["tti_words"]) == (1.2, "1,20")
    assert (first["mean"], plain(first["mean_words"])) == (1_200.0, "20 min")
    assert (second["tti"], second["tti_words"]) == (None, "–")
    assert {column["field"] for column in grid.columnDefs} <= set(first)


def test_a_stretch_that_is_chosen_is_no_corridor_either():
    grid = by_id(shown(corridor(place="troncon:1~2"), corridor()), TABLE_ID)

    assert len(grid.rowData) == 4


def test_definitions_and_sources_are_folded_below():
    [folded] = [item for item in walk(shown(corridor())) if isinstance(item, html.Details)]

    text = text_of(folded)
    for source in ("23 CFR 490.511", "FHWA-HOP-06-070", "Manski", "Hyndman"):
        assert source in text


def test_english_says_the_same():
    text = text_of(shown(corridor(), language="en"))

    assert "Morning, 6–10: to be late only once in twenty times, allow 30 min" in text
    assert "not shown: observed 40% of the time" in text
