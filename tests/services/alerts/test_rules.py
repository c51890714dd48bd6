from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.alerts.rules import SHIPPED_RULES, load_rules, rules_of
from services.errors import ConfigurationError
from services.settings import load_settings

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"
HEADINGS = ["What it means", "How to confirm", "How to fix", "How to prevent"]

RULE = """
[[rule]]
name = "load"
summary_fr = "Charge"
summary_en = "Load"
severity = "warning"
signal = "value"
metric = "traffic_host_load_ratio"
above = 2
clear = 1
for_seconds = 0
unit = ""
"""


def test_the_rules_that_came_with_the_code_are_good_and_have_comments():
    rules = load_rules()
    assert len(rules.rule) >= 18
    assert SHIPPED_RULES.read_text("utf-8").count("\n# ") > len(rules.rule)


def test_every_rule_has_a_runbook_and_every_runbook_a_rule():
    wanted = {rule.runbook_name for rule in load_rules().rule}
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == wanted


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_tells_meaning_confirmation_remedy_and_prevention(path):
    text = path.read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    assert all(len(part.strip()) > 40 for part in parts)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("above = 2", "above = 'much'", "rule load: above: "),
        ("above = 2", "above = 2\nbelow = 1", "rule load: Value error, one of above and below"),
        ("clear = 1", "clear = 3", "rule load: Value error, clear lies beyond"),
        ("unit = ''", "unit = ''", ""),
        ('signal = "value"', 'signal = "increase"', "rule load: Value error, window_seconds"),
        ('severity = "warning"', 'severity = "bad"', "rule load: severity: "),
        ('name = "load"', 'name = "load"\ntypo = 1', "rule load: typo: "),
        ("[[rule]]", "[[rule", "alerts.toml: "),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_rule_and_key(tmp_path, before, after, told):
    path = tmp_path / "alerts.toml"
    path.write_text(RULE.replace(before, after), "utf-8")
    settings = load_settings(data_dir=tmp_path, alerts_file=path)
    if not told:
        assert rules_of(settings).rule[0].name == "load"
        return
    with pytest.raises(ConfigurationError) as raised:
        rules_of(settings)
    assert str(raised.value).startswith("TRAFFIC_ALERTS_FILE: ")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value).strip()


def test_two_rules_of_one_name_are_refused(tmp_path):
    path = tmp_path / "alerts.toml"
    path.write_text(RULE + RULE, "utf-8")
    with pytest.raises(ConfigurationError, match="two rules are called load"):
        load_rules(path)
