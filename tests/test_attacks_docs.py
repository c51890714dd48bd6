"""The tables of attacks name tests that there are, and leave none out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_, _, SECTION = (
    (ROOT / "docs" / "operations.md").read_text("utf-8").partition("\n## Attacks that were tried\n")
)


def test_every_attack_is_told_with_the_test_that_holds_it():
    named = set(re.findall(r"`(tests/[^`]+)`", SECTION.partition("\n## ")[0]))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    there = {f"tests/attacks/{path.name}" for path in (ROOT / "tests/attacks").glob("test_*.py")}
    assert there - named == set()
