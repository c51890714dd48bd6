from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.watch.messages import summary_of
from services.watch.rules import SHIPPED_RULES, load_rules, rules_of
from services.watch.runbooks import headings_of, read_runbook, runbook_path

ROOT = Path(__file__).parents[3]
NAMES = sorted({rule.runbook_name for rule in load_rules().rule})
LANGUAGES = ("en", "fr")

RULE = """
[[rule]]
name = "load"
summary.fr = "Charge"
summary.en = "Load"
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_runbook_and_every_runbook_a_rule(language):
    folder = (ROOT / runbook_path("any", language)).parent
    assert sorted(path.stem for path in folder.glob("*.md")) == NAMES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_tells_meaning_confirmation_remedy_and_prevention(name, language):
    assert headings(name, language) == list(headings_of(language))
    assert all(len(part.strip()) > 40 for part in parts(name, language))


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_has_the_same_steps_and_commands_in_both_languages(name):
    for english, french in zip(*(parts(name, language) for language in LANGUAGES), strict=True):
        steps = [re.findall(r"^\d+\.", part, re.MULTILINE) for part in (english, french)]
        assert steps[0] == steps[1]
    commands = [
        sorted(re.findall(r"`(?:curl|python|kill|df|ls|pgrep)\b[^`]*`", text_of(name, language)))
        for language in LANGUAGES
    ]
    assert [one_line(text) for text in commands[0]] == [one_line(text) for text in commands[1]]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_show_it_in_each_language(name):
    english, french = (read_runbook(name, language) for language in LANGUAGES)
    assert english.meaning != french.meaning
    assert len(english.confirm) == len(french.confirm) >= 1
    assert len(english.fix) == len(french.fix) >= 1


def text_of(name: str, language) -> str:
    return (ROOT / runbook_path(name, language)).read_text("utf-8")


def headings(name: str, language) -> list[str]:
    return re.findall(r"^## (.+)$", text_of(name, language), re.MULTILINE)


def parts(name: str, language) -> list[str]:
    return re.split(r"^## .+$", text_of(name, language), flags=re.MULTILINE)[1:]


def one_line(text: str) -> str:
    return " ".join(text.split())


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


def test_a_rule_that_has_not_a_language_speaks_another():
    rule = load_rules().rule[0].model_copy(update={"summary": {"en": "Slow", "fr": "Lent"}})
    texts = load_texts("fr")
    assert summary_of(rule, texts) == "Lent"
    german = {**texts, "language": {**texts["language"], "code": "de"}}
    assert summary_of(rule, german) == "Slow"
