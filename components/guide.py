"""The page that says how Tendances is used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.subpage import Subpage, build_card, build_table
from services.base.texts import Texts
from services.plain.guide import Block, Code, Heading, Items, Paragraph, Rows

_MARKED: Final = re.compile(r"\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`")
_WRAPS: Final = (html.Strong, html.Em, html.Code)


def build_guide(texts: Texts, blocks: Sequence[Block], trends_url: str) -> Subpage:
    """The page, a card for each part.

    Parameters
    ----------
    trends_url : str
        Of the page that it is about.
    """
    wording = texts["guide"]
    cards: list[Component] = [html.P(html.A(wording["open"], href=trends_url))]
    part: list[Component] = []
    title = wording["title"]
    for block in blocks:
        if isinstance(block, Heading):
            cards += [build_card(title, *part)] if part else []
            title, part = block.text, []
        else:
            part.append(_built(block))
    return Subpage([*cards, build_card(title, *part)])


def _built(block: Paragraph | Items | Rows | Code) -> Component:
    if isinstance(block, Code):
        return html.Pre(html.Code(block.text), tabIndex=0)
    if isinstance(block, Items):
        wrap = html.Ol if block.is_numbered else html.Ul
        return wrap([html.Li(marked(item)) for item in block.items], className="guide-items")
    if isinstance(block, Rows):
        head, *rows = block.rows
        return build_table(head, [[marked(cell) for cell in row] for row in rows])
    return html.P(marked(block.text))


def marked(text: str) -> list[Any]:
    """A text with its marked words.

    >>> [getattr(one, "children", one) for one in marked("a **b** `c`")]
    ['a ', 'b', ' ', 'c']
    """
    found: list[Any] = []
    end = 0
    for match in _MARKED.finditer(text):
        found.append(text[end : match.start()])
        wrap = _WRAPS[(match.lastindex or 1) - 1]
        found.append(wrap(match[match.lastindex or 1]))
        end = match.end()
    return [one for one in (*found, text[end:]) if one != ""]
