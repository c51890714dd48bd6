from __future__ import annotations

from components import time_bar
from components.forecast_card import Choice
from components.time_bar import build_time_bar
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import DAY_NAMES
from tests.components.trees import by_id, text_of, walk

TEXTS = load_texts("fr")
BAR = build_time_bar(
    TEXTS, Choice(13, "tuesday", "centre-ville", "monday", DAY_NAMES, RENNES.zone_choices)
)


def test_it_begins_with_now_and_offers_the_coming_hour():
    assert by_id(BAR, time_bar.NOW_ID).to_plotly_json()["props"]["aria-pressed"] == "true"
    assert by_id(BAR, time_bar.FORECAST_ID).to_plotly_json()["props"]["aria-pressed"] == "false"
    assert by_id(BAR, time_bar.CHOICE_ID).hidden is True
    assert by_id(BAR, time_bar.BANNER_ID).hidden is True
    assert by_id(BAR, time_bar.DAY_ID).value == "tuesday"
    assert text_of(by_id(BAR, time_bar.HOUR_TEXT_ID)) == "13 h"


def test_the_slider_is_the_browser_s_own_over_the_whole_day():
    slider = by_id(BAR, time_bar.HOUR_ID)
    assert (slider.type, slider.min, slider.max, slider.step, slider.value) == (
        "range", 0, 23, 1, 13,
    )  # fmt: skip


def test_every_choice_has_a_name():
    labelled = {getattr(item, "htmlFor", None) for item in walk(BAR)}
    assert {time_bar.DAY_ID, time_bar.HOUR_ID} <= labelled
