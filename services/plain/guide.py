"""A user guide as plain data: what it is made of, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The title of a part, as text."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, whose words may be marked (``**``, ``*`` and backquotes)."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list, numbered or not, of paragraphs."""

    items: Sequence[str]
    is_numbered: bool


@dataclass(frozen=True)
class Rows:
    """A table of paragraphs, the first row its head."""

    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Code:
    """Lines to be typed as they are."""

    text: str


Block = Heading | Paragraph | Items | Rows | Code
