"""The user guide in ``docs/guide.*.md``, of which a page shows the words.

Of Markdown it knows what these files use: headings of the second level, paragraphs, lists, tables
and code. Pictures, and links to the guide in another language, are for readers of the files.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from services.base.formats import typeset
from services.plain.guide import Block, Code, Heading, Items, Paragraph, Rows

log = logging.getLogger(__name__)

_ROOT: Final = Path(__file__).parents[2]
_FENCE: Final = "```"
_FOR_READERS: Final = ("# ", "![", "*[")
_ITEM: Final = re.compile(r"^(?:- |(\d+)\. )")
_RULE: Final = re.compile(r"^\|[-| ]+\|$")


def guide_path(language: str) -> Path:
    """Where the guide is, from the root of the project."""
    return Path("docs", f"guide.{language}.md")


@lru_cache(maxsize=4)
def read_guide(language: str) -> Sequence[Block]:
    """The guide in a language; nothing where there is none."""
    try:
        content = (_ROOT / guide_path(language)).read_text("utf-8")
    except OSError as error:
        log.warning("no guide in %s: %s", language, error)
        return ()
    return tuple(blocks_of(content, language))


def blocks_of(content: str, language: str) -> list[Block]:
    r"""What a guide is made of.

    >>> blocks_of("# Guide\n\n## One\n\nA word\nor two.\n\n1. a\n   b\n2. c\n", "en")[1:]
    [Paragraph(text='A word or two.'), Items(items=['a b', 'c'], is_numbered=True)]
    """
    pieces = re.split(rf"^{_FENCE}.*$", content, flags=re.MULTILINE)
    found: list[Block] = []
    for place, piece in enumerate(pieces):
        # Every other one stands between two fences.
        if place % 2:
            found.append(Code(piece.strip()))
            continue
        parts = (part.strip() for part in piece.split("\n\n"))
        told = (part for part in parts if part and not part.startswith(_FOR_READERS))
        found += [_block(typeset(part, language)) for part in told]
    return found


def _block(part: str) -> Block:
    lines = part.split("\n")
    if part.startswith("## "):
        return Heading(part.removeprefix("## "))
    if part.startswith("|"):
        rows = [line for line in lines if not _RULE.match(line)]
        return Rows([[cell.strip() for cell in row.strip("|").split("|")] for row in rows])
    if first := _ITEM.match(part):
        return Items(_items(lines), is_numbered=first[1] is not None)
    return Paragraph(" ".join(lines))


def _items(lines: Sequence[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if begins := _ITEM.match(line):
            items.append(line[begins.end() :])
        else:
            items[-1] += f" {line.strip()}"
    return items
