"""The runbooks in ``docs/runbooks/``, as steps that a page can show."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parents[2] / "docs" / "runbooks"
_NAME: Final = re.compile(r"[a-z0-9-]+")
_HEADING: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_STEP: Final = re.compile(r"^\d+\. ", re.MULTILINE)


@dataclass(frozen=True)
class Runbook:
    """What to do about a rule.

    Attributes
    ----------
    meaning : str
    confirm, fix : sequence of str
        Steps, as plain text.
    """

    meaning: str
    confirm: Sequence[str]
    fix: Sequence[str]


@lru_cache(maxsize=64)
def read_runbook(name: str) -> Runbook | None:
    """A runbook by its name; None where there is none."""
    if not _NAME.fullmatch(name):
        return None
    try:
        parts = _parts((FOLDER / f"{name}.md").read_text("utf-8"))
    except OSError as error:
        log.warning("no runbook %s: %s", name, error)
        return None
    return Runbook(
        meaning=_one_line(parts.get("What it means", "")),
        confirm=_steps(parts.get("How to confirm", "")),
        fix=_steps(parts.get("How to fix", "")),
    )


def _parts(text: str) -> Mapping[str, str]:
    _, *pieces = _HEADING.split(text)
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _steps(text: str) -> list[str]:
    return [_one_line(step) for step in _STEP.split(text) if step.strip()]


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("`", "")
