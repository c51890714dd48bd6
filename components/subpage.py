"""What a page has of its own, and the cards and tables that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from dash import html
from dash.development.base_component import Component

from components.aria import aria

CARD: Final = "card-panel subpage-card"


class Skip(NamedTuple):
    """A link for who goes through a page by keyboard."""

    words: str
    target_id: str


@dataclass(frozen=True)
class Subpage:
    """What a page has of its own, within the frame of all (:mod:`components.frame`).

    Attributes
    ----------
    content : sequence of Component
        Its parts.
    unseen : sequence of Component
        Stores and timers.
    notices : sequence of Component
        Between the header and the content.
    content_id : str
        Of the element around the content, where a callback changes all of it.
    content_class : str
        Of the same element.
    skips : sequence of Skip
        Further links for who goes through a page by keyboard, behind the one to the content.
    is_live : bool
        Whether refreshes bring the data whose age the header tells, and the title is left to it.
    """

    content: Sequence[Component]
    unseen: Sequence[Component] = ()
    notices: Sequence[Component] = ()
    content_id: str = ""
    content_class: str = "subpage-main"
    skips: Sequence[Skip] = ()
    is_live: bool = False


def build_card(title: str, *content: Any) -> html.Section:
    """A titled part of a page."""
    return html.Section(
        [html.H2(title, className="card-title"), *content],
        className=CARD,
    )


def build_paragraphs(text: str) -> list[html.P]:
    """A text whose lines are paragraphs."""
    return [html.P(paragraph) for paragraph in text.split("\n") if paragraph]


def build_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], label: str = "") -> html.Div:
    """A table that a phone scrolls sideways; the first column names the row.

    Parameters
    ----------
    label : str
        For who hears it, where no heading says what it holds.
    """
    head = html.Tr([html.Th(column, scope="col") for column in columns])
    body = [html.Tr([html.Th(row[0], scope="row"), *map(html.Td, row[1:])]) for row in rows]
    named = aria(label=label) if label else {}
    table = html.Table([html.Thead(head), html.Tbody(body)], className="quality-table", **named)
    region = {"role": "region", **named} if label else {}
    return html.Div(table, className="quality-scroll", tabIndex=0, **region)
