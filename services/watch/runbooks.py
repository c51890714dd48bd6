"""The runbooks in ``docs/runbooks/``, one folder a language, as steps that a page can show."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from services.base.formats import typeset
from services.base.texts import load_texts

log = logging.getLogger(__name__)

FOLDER: Final = Path("docs", "runbooks")
_ROOT: Final = Path(__file__).parents[2]
_NAME: Final = re.compile(r"[a-z0-9-]+")
_HEADING: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_STEP: Final = re.compile(r"^\d+\. ", re.MULTILINE)


@dataclass(frozen=True)
class Runbook:
    """What to do about a rule.

    Attributes
    ----------
    confirm, fix : sequence of str
        Steps, as plain text.
    """

    meaning: str
    confirm: Sequence[str]
    fix: Sequence[str]


def headings_of(language: str) -> tuple[str, str, str, str]:
    """Of what it means, how to confirm, how to fix and how to prevent it."""
    words = load_texts(language)["runbook"]
    return words["meaning"], words["confirm"], words["fix"], words["prevent"]


def runbook_path(name: str, language: str) -> Path:
    """Where a runbook is, from the root of the project."""
    return FOLDER / language / f"{name}.md"


@lru_cache(maxsize=128)
def read_runbook(name: str, language: str) -> Runbook | None:
    """A runbook by its name, in a language; None where there is none."""
    if not _NAME.fullmatch(name):
        return None
    try:
        content = (_ROOT / runbook_path(name, language)).read_text("utf-8")
    except OSError as error:
        log.warning("no runbook %s: %s", name, error)
        return None
    parts = _parts(typeset(content, language))
    meaning, confirm, fix, _ = (parts.get(heading, "") for heading in headings_of(language))
    return Runbook(meaning=_one_line(meaning), confirm=_steps(confirm), fix=_steps(fix))


def _parts(text: str) -> Mapping[str, str]:
    _, *pieces = _HEADING.split(text)
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _steps(text: str) -> list[str]:
    return [_one_line(step) for step in _STEP.split(text) if step.strip()]


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("`", "")
