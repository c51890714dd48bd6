from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "postmortems.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_the_guard_of_a_postmortem_exists(path, name):
    assert f"def {name}(" in (ROOT / path).read_text("utf-8")


def test_every_postmortem_has_a_guard():
    parts = re.split(r"^## .+$", TEXT, flags=re.MULTILINE)[1:]
    assert len(parts) >= 10
    assert all("**Guard:**" in part for part in parts)
    assert all("::test_" in part or ".ci/run" in part for part in parts)
