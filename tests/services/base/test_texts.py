"""The texts: one file per language, complete, and enough to add one."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from services.base import texts
from services.base.texts import FOLDER, checked_language, languages, load_texts

FRENCH = load_texts("fr")
SOURCES = Path(__file__).parents[3]


def told(text):
    return text if isinstance(text, str) else text["other"]


def shape(texts):
    """Sections, keys, and the names that each text lets the code fill in."""
    return {
        # Of a text that changes with a number, that for most numbers stands for all.
        (section, key): {name for _, name, _, _ in string.Formatter().parse(told(text)) if name}
        for section, entries in texts.items()
        for key, text in entries.items()
    }


@pytest.mark.parametrize("language", languages())
def test_every_language_says_the_same_things(language):
    assert shape(load_texts(language)) == shape(FRENCH)
    assert load_texts(language)["language"]["code"] == language


@pytest.mark.parametrize("language", languages())
def test_a_text_that_changes_with_a_number_has_a_form_for_one_and_for_others(language):
    for section, entries in load_texts(language).items():
        for key, forms in entries.items():
            if not isinstance(forms, str):
                assert set(forms) == {"one", "other"}, (section, key)


def test_french_keeps_the_spaces_before_its_signs_unbroken():
    for section, entries in FRENCH.items():
        for key, text in entries.items():
            breaking = re.findall(r"(?: [:;!?»%]|« ).*", told(text))
            assert breaking == [], (section, key)


def test_another_file_is_another_language(tmp_path, monkeypatch):
    french = (FOLDER / "fr.toml").read_text(encoding="utf-8")
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    (tmp_path / "fr.toml").write_text(french, encoding="utf-8")
    assert languages() == {"fr": "Français"}
    english = french.replace('code = "fr"', 'code = "en"').replace('"Français"', '"English"')
    (tmp_path / "en.toml").write_text(english, encoding="utf-8")
    assert languages() == {"fr": "Français", "en": "English"}
    assert checked_language("en") == "en"
    assert load_texts("en")["language"]["name"] == "English"


@pytest.mark.parametrize("asked", ["xx", "", None, "../fr", ["fr"], 3])
def test_an_unknown_language_is_french(asked):
    assert checked_language(asked) == "fr"


def test_no_french_text_is_left_in_code_or_scripts():
    accented = re.compile(r"[éèêàçùôîûœÉÈÀ«»]")
    strings = re.compile(r'"([^"\n]*)"')
    for path in (*SOURCES.glob("assets/*.js"), *(SOURCES / "callbacks").rglob("*.py")):
        code = "\n".join(
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if not line.lstrip().startswith(("#", "//", "/*", "*"))
        )
        found = [text for text in strings.findall(code) if accented.search(text)]
        assert found == [], path.name


def test_every_text_is_used():
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (
            *SOURCES.glob("assets/*.js"),
            *(SOURCES / "components").rglob("*.py"),
            *(SOURCES / "callbacks").rglob("*.py"),
            *SOURCES.glob("services/watch/*.py"),
            *SOURCES.glob("services/roles/*.py"),
            SOURCES / "services" / "trends" / "report_mail.py",
            SOURCES / "services" / "camera" / "errors.py",
        )
    )
    # Keys made of data: a status, a zone, a day, a parameter, a state of the data.
    made = ("status", "status_meaning", "zone_status", "zone_status_letter", "zone")
    of_forecasts = ("forecast_status", "forecast_status_meaning", "forecast_status_leaning")
    of_forecasts += ("zone_status_leaning", "basis", "basis_note")
    compared = ("usual_sentence", "usual_speed")
    made_sections = {*made, *of_forecasts, *compared, "zone_in_title", "invalid", "privacy"}
    made_sections |= {"accessibility", "nav"}
    # Of the camera: a class of pixels, why nothing is read; of a day: what it is.
    made_sections |= {"camera_class", "camera_unknown", "day_note"}
    # Of a stretch: where it leads, from where to where.
    made_sections |= {"local_name", "stretch", "stretch_way"}
    # Of unusual events: how they go on; of roadworks: how much they disturb.
    made_sections |= {"event_trend", "roadwork_level"}
    # Of the archive: a control and its choices, a kind of place, why there is no answer.
    made_sections |= {"trends_control", "trends_place", "trends_problem", "trends_grid"}
    # What needs so many days of it.
    made_sections |= {"trends_coverage_needs"}
    # What a mark on a figure is of.
    made_sections |= {"trends_mark_kind"}
    # Why an alert is over; of a report a part of the week, and why nothing is told of it.
    made_sections |= {"alert_ending", "report_part", "report_untold"}
    # What a column of its tables means.
    made_sections |= {"trends_columns"}
    # What lists of places look up by names of their own.
    made_sections |= {"trends_place_list"}
    made_prefixes = ("announce_", "short_", "congestion", "jam", "shares", "worst")
    # Of the quality page: a kind of model and its facts, a column, a comparison and what with,
    # a decision and its reason.
    made_prefixes += ("kind_", "fact_", "column_", "verdict_", "told_", "action_", "reason_")
    made_prefixes += ("baseline_", "than_", "facing_", "explain_", "period_")
    # Of a diagram and of departures: a colour, a queue, what a time is and what it rests on.
    made_prefixes += ("heading_", "legend_", "queue_", "leave_", "high_")
    # Of a view of the archive: a measure and its unit.
    made_prefixes += ("measure_", "unit_")
    # What a measure or a figure is, and what a forecast's band is as wide as.
    made_prefixes += ("definition_", "forecast_")
    # A part of the week, why nothing is told, which days.
    made_prefixes += ("part_", "untold_", "kept_")
    # Of the operators' page: a severity, the state of a rule, a role, what was noted.
    made_prefixes += (
        "severity_",
        "state_",
        "role_",
        "note_",
        "observed_",
        "limits_",
        "by_",
        "command_",
        # Of a rule on the traffic: its days; of a report: its period.
        "days_",
        "title_",
        "list_",
    )
    unused = [
        f"{section}.{key}"
        for section, key in shape(FRENCH)
        if section not in made_sections
        and not key.startswith(made_prefixes)
        and not re.search(rf"\b{key}\b", code)
    ]
    assert unused == []
