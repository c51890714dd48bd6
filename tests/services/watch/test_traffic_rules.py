"""The rules on the traffic as operators write them, and when they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.watch.people import shown_names
from services.watch.traffic_rules import (
    SHIPPED_TRAFFIC_RULES,
    check_traffic_rules,
    places_named,
    traffic_rules_of,
)
from services.watch.traffic_words import rule_summary
from tests.components.trees import plain

RULE = """# A comment, so that lines are not counted from the table.
[people]
duty = "json://127.0.0.1:1 json://127.0.0.1:2"

[[rule]]
name = "first"
zone = "centre-ville"
congestion_above = 50

[[rule]]
name = "morning"
corridor = "rocade"
minutes_above = 20
hours = ["07:00", "09:00"]
days = "working"
for_minutes = 6
tell = ["duty", "mailto://me:secret@example.org"]
"""


def rules_in(tmp_path: Path, text: str):
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")
    return traffic_rules_of(load_settings(data_dir=tmp_path, rules_file=path), RENNES)


def rule_of(tmp_path, **changes):
    lines = {"name": '"one"', "corridor": '"rocade"', "minutes_above": "20", **changes}
    text = "\n".join(f"{key} = {value}" for key, value in lines.items() if value is not None)
    return rules_in(tmp_path, f"[[rule]]\n{text}\n").rule[0]


def test_a_rule_says_place_limit_clearing_and_whom_it_tells(tmp_path):
    rules = rules_in(tmp_path, RULE)
    zone, morning = rules.rule
    assert (morning.place, morning.threshold, morning.cleared) == ("corridor:rocade", 1200, 1080)
    assert (morning.for_seconds, morning.severity, morning.unit) == (360, "warning", "s")
    assert (zone.place, zone.threshold, zone.unit) == ("zone:centre-ville", 0.5, "%")
    assert rules.addresses_of(morning, []) == [
        "json://127.0.0.1:1", "json://127.0.0.1:2", "mailto://me:secret@example.org"
    ]  # fmt: skip
    assert rules.addresses_of(zone, ["json://all"]) == ["json://all"]
    assert shown_names(morning.tell, rules.people) == ["duty", "mailto://…"]
    assert "secret" not in repr(rules)


def test_people_of_the_other_rules_are_known_here_too(tmp_path):
    alerts = tmp_path / "alerts.toml"
    alerts.write_text('rule = []\n[people]\nvoirie = "json://127.0.0.1:9"\n')
    path = tmp_path / "rules.toml"
    path.write_text(RULE.replace('"duty", ', '"voirie", '))
    settings = load_settings(data_dir=tmp_path, rules_file=path, alerts_file=alerts)
    rules = traffic_rules_of(settings, RENNES)
    assert rules.addresses_of(rules.rule[1], [])[0] == "json://127.0.0.1:9"


def test_the_file_that_came_with_the_code_holds_no_rule_and_good_examples(tmp_path):
    assert traffic_rules_of(load_settings(data_dir=tmp_path), RENNES).rule == ()
    text = SHIPPED_TRAFFIC_RULES.read_text("utf-8")
    _, _, examples = text.partition("# [people]")
    told = "\n".join(line.removeprefix("# ") for line in f"# [people]{examples}".splitlines())
    rules = rules_in(tmp_path, told)
    assert [rule.name for rule in rules.rule] == ["rocade-matin", "centre-inhabituel"]
    check_traffic_rules(
        load_settings(data_dir=tmp_path, rules_file=tmp_path / "rules.toml"), RENNES
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"rocade"', '"rocad"', "line 12: rule morning: corridor: Value error, one of rocade, roc"),
        ('"centre-ville"', '"centre"', "line 7: rule first: zone: Value error, one of centre"),
        ('"07:00"', '"7:00"', "line 14: rule morning: hours: Value error, two times such as"),
        ('"09:00"', '"25:00"', "line 14: rule morning: hours: Value error, two times such as"),
        ('"09:00"', '"07:00"', "line 14: rule morning: hours: Value error, they end when"),
        ('"working"', '"workday"', "line 15: rule morning: days"),
        ('"working"', "[]", "line 15: rule morning: days"),
        ("for_minutes", "for_minute", "line 16: rule morning: for_minute: Extra inputs"),
        ("minutes_above = 20", "minutes_above = -1", "line 13: rule morning: minutes_above: "),
        ("minutes_above = 20", "", "line 10: rule morning: Value error, one of minutes_above"),
        ('"rocade"', '"rocade"\nzone = "rocade"', "line 10: rule morning: Value error, one of cor"),
        ('zone = "centre-ville"\ncongestion', 'zone = "rocade"\nminutes', "goes with a corridor"),
        ("for_minutes = 6", "clear = 21", "line 10: rule morning: Value error, clear lies"),
        ('"duty", ', '"dutty", ', "line 17: rule morning: tell: Value error, entry 1 is neither"),
        ('"morning"', '"first"', "two rules are called first"),
        ("[people]", "[peopel]", "line 2: peopel: Extra inputs"),
        ("[[rule]]", "[[rule", "(at line 5, column 7)"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_line_in_the_file(tmp_path, before, after, told):
    text = RULE.replace(before, after)
    assert text != RULE
    with pytest.raises(ConfigurationError) as raised:
        rules_in(tmp_path, text)
    said = str(raised.value)
    assert said.startswith(f"TRAFFIC_RULES_FILE: {tmp_path / 'rules.toml'}: ")
    assert told in said
    assert "\n" not in said
    assert "secret" not in said


def test_an_address_that_no_channel_has_is_told_without_itself(tmp_path):
    rules_in(tmp_path, RULE.replace("mailto://me:secret", "nonsense://me:secret"))
    settings = load_settings(data_dir=tmp_path, rules_file=tmp_path / "rules.toml")
    with pytest.raises(ConfigurationError, match="rule morning: address 3 of 3") as raised:
        check_traffic_rules(settings, RENNES)
    assert "secret" not in str(raised.value)


def test_the_worker_learns_where_each_place_is_named(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULE, "utf-8")
    named = places_named(load_settings(data_dir=tmp_path, rules_file=path), RENNES)
    assert named == {
        "zone:centre-ville": f"{path}: line 7: rule first",
        "corridor:rocade": f"{path}: line 12: rule morning",
    }


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


# Tuesday 24 November 2026 in Rennes: an hour ahead of UTC. 11 November is a public holiday, a
# Wednesday; 20 October lies in the school holidays, a Tuesday.
@pytest.mark.parametrize(
    ("moment", "is_due"),
    [
        (utc(2026, 11, 24, 5, 59), False),
        (utc(2026, 11, 24, 6, 0), True),
        (utc(2026, 11, 24, 7, 59), True),
        (utc(2026, 11, 24, 8, 0), False),
        (utc(2026, 11, 28, 6, 30), False),
        (utc(2026, 11, 11, 6, 30), False),
        # Summer time: two hours ahead.
        (utc(2026, 10, 20, 5, 30), True),
        (utc(2026, 10, 20, 7, 30), False),
    ],
)
def test_working_days_from_seven_to_nine(tmp_path, moment, is_due):
    rule = rule_of(tmp_path, hours='["07:00", "09:00"]', days='"working"')
    assert rule.is_due(RENNES, moment) is is_due


def due_minutes(rule, day_start: datetime, hours: int) -> int:
    """How many of the minutes from a time on the rule holds in."""
    start = int(day_start.timestamp())
    moments = (datetime.fromtimestamp(start + 60 * n, UTC) for n in range(60 * hours))
    return sum(rule.is_due(RENNES, moment) for moment in moments)


def test_both_changes_of_the_clock(tmp_path):
    night = rule_of(tmp_path, hours='["02:00", "04:00"]')
    morning = rule_of(tmp_path, hours='["07:00", "09:00"]')
    # 25 October 2026 has 25 hours, and three to four o'clock comes after two hours from two on.
    assert due_minutes(night, utc(2026, 10, 24, 22), 25) == 180
    assert due_minutes(morning, utc(2026, 10, 24, 22), 25) == 120
    # 29 March 2026 has 23, and none of them is from two to three.
    assert due_minutes(night, utc(2026, 3, 28, 23), 23) == 60
    assert due_minutes(morning, utc(2026, 3, 28, 23), 23) == 120


def test_hours_that_pass_midnight_belong_to_the_day_on_which_they_begin(tmp_path):
    rule = rule_of(tmp_path, hours='["22:00", "06:00"]', days='["friday"]')
    friday_evening, saturday_early = utc(2026, 11, 27, 21, 30), utc(2026, 11, 28, 4, 30)
    assert rule.is_due(RENNES, friday_evening)
    assert rule.is_due(RENNES, saturday_early)
    assert not rule.is_due(RENNES, utc(2026, 11, 27, 4, 30))
    assert not rule.is_due(RENNES, utc(2026, 11, 28, 21, 30))


def test_the_last_minute_of_a_day_and_a_weekend(tmp_path):
    late = rule_of(tmp_path, hours='["20:00", "24:00"]', days='"weekend"')
    assert late.is_due(RENNES, utc(2026, 11, 28, 22, 59))
    assert not late.is_due(RENNES, utc(2026, 11, 28, 23, 0))
    assert not late.is_due(RENNES, utc(2026, 11, 27, 22, 59))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fr", "Rocade, sens intérieur : plus de 20 min, de 07:00 à 09:00, jours ouvrés"),
        ("en", "Ring road, clockwise: more than 20 mins, 07:00 to 09:00, working days"),
    ],
)
def test_a_rule_is_told_in_words(tmp_path, language, told):
    rule = rules_in(tmp_path, RULE).rule[1]
    words = {"fr": "Rocade, sens intérieur", "en": "Ring road, clockwise"}
    assert plain(rule_summary(rule, words, load_texts(language))) == told


def test_a_rule_on_the_usual_and_one_with_words_of_its_own(tmp_path):
    usual = rule_of(tmp_path, minutes_above=None, percent_above_usual="30", days='["monday"]')
    told = plain(rule_summary(usual, {}, load_texts("fr")))
    assert told == "rocade : 30 % de plus que d'habitude, lundi"
    own = rule_of(tmp_path, **{"summary.fr": '"Le matin est long"'})
    assert rule_summary(own, {}, load_texts("en")) == "Le matin est long"
