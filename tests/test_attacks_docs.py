"""The tables of attacks name tests that there are, one in each row, and leave none out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_, _, SECTION = (
    (ROOT / "docs" / "operations.md").read_text("utf-8").partition("\n## Attacks that were tried\n")
)
SECTION = SECTION.partition("\n## ")[0]
ROWS = [line for line in SECTION.splitlines() if line.startswith("| ") and "| tried |" not in line]
THERE = {
    name: path
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
}


def test_every_attack_is_told_with_the_tests_that_hold_it():
    held = {row: re.findall(r"`(test_\w+)`", row.split("|")[-2]) for row in ROWS}
    assert len(held) > 30
    assert [row for row, names in held.items() if not names] == []
    named = {name for names in held.values() for name in names}
    assert named - THERE.keys() == set()
    attacks = {path for path in THERE.values() if path.parent.name == "attacks"}
    assert attacks - {THERE[name] for name in named} == set()


def test_the_files_that_are_named_are_there():
    named = re.findall(r"`(tests/[^`]+)`", SECTION)
    assert [path for path in named if not (ROOT / path).exists()] == []
