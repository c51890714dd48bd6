"""The control of the moment, the strip of hours and the frame of the answer."""

from __future__ import annotations

import pytest

from components import moment
from components.moment import Choice
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.nowcasts import LEAD_MINUTES
from services.forecast.zone_forecasts import DAY_NAMES
from tests.components.trees import by_id, plain, text_of, walk

TEXTS = load_texts("fr")
CHOICE = Choice("metropole", "saturday", DAY_NAMES, RENNES.zone_choices)
CONTROL = moment.build_moment_control(TEXTS, CHOICE, LEAD_MINUTES)


def props(component):
    return component.to_plotly_json()["props"]


def test_it_begins_with_now_and_offers_the_next_hour():
    buttons = [by_id(CONTROL, f"moment-{minutes}") for minutes in (0, *LEAD_MINUTES)]
    assert [plain(text_of(item)) for item in buttons] == [
        "Maintenant", "+15 min", "+30 min", "+45 min", "+60 min",
    ]  # fmt: skip
    assert [props(item)["aria-pressed"] for item in buttons] == ["true", *["false"] * 4]
    assert [props(item)["data-ahead"] for item in buttons] == ["0", "15", "30", "45", "60"]


def test_no_hour_is_chosen_at_first_so_that_whichever_is_chosen_is_a_change():
    hour = by_id(CONTROL, moment.HOUR_ID)
    assert hour.value == ""
    assert "" not in [item["value"] for item in hour.options]


def test_hours_days_and_zones_are_offered_in_order():
    hours = moment.hour_options(TEXTS)
    assert [plain(item["label"]) for item in hours] == [f"{hour} h" for hour in range(24)]
    days = moment.day_options(TEXTS, DAY_NAMES, "saturday")
    assert [item["label"] for item in days] == [
        "Aujourd'hui (samedi)", "Demain (dimanche)", "lundi", "mardi", "mercredi", "jeudi",
        "vendredi",
    ]  # fmt: skip
    assert {item["value"] for item in days} == set(DAY_NAMES)
    zones = moment.zone_options(TEXTS, RENNES.zone_choices)
    assert zones[0] == {"value": "centre-ville", "label": "Centre-ville"}


def test_every_control_has_a_label():
    labelled = {getattr(item, "htmlFor", None) for item in walk(CONTROL)} - {None}
    assert labelled == {moment.HOUR_ID, moment.DAY_ID, moment.ZONE_ID}


def test_the_strip_waits_for_a_forecast_and_its_24_hours_are_no_stops_of_the_tabulator():
    strip = moment.build_hours_strip(TEXTS)
    assert strip.hidden
    assert [(props(item)["data-hour"], item.tabIndex) for item in strip.children] == [
        (str(hour), -1) for hour in range(24)
    ]


@pytest.mark.parametrize(("zone", "words"), TEXTS["zone_in_title"].items())
def test_the_answer_names_its_zone_and_is_read_out_as_it_changes(zone, words):
    answer = moment.build_answer(TEXTS, Choice(zone, "monday", DAY_NAMES, RENNES.zone_choices))
    assert text_of(by_id(answer, moment.TITLE_ID)) == f"Trafic en ce moment pour {words}"
    assert props(by_id(answer, moment.ANSWER_ID))["aria-live"] == "polite"


def test_a_message_can_be_closed_and_is_read_out():
    message = moment.build_message(TEXTS)
    assert message.role == "status"
    assert by_id(message, moment.MESSAGE_ID).hidden
    assert props(by_id(message, "page-message-close"))["aria-label"] == "Fermer"
