"""What the pages beside the map share: the frame around them, and the cards they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.aria import aria
from components.footer import build_small_footer
from services.base.texts import Texts

CARD: Final = "card-panel quality-card"


@dataclass(frozen=True)
class Subpage:
    """What a page beside the map has of its own.

    Attributes
    ----------
    content : sequence of Component
        Its cards.
    unseen : sequence of Component
        Stores and timers.
    links : sequence of pairs
        Words and address of each link in the header, behind the way back to the map.
    header_end : sequence of Component
        Behind the links.
    content_id : str
        Of the element around the content, where a callback changes all of it.
    """

    content: Sequence[Component]
    unseen: Sequence[Component] = ()
    links: Sequence[tuple[str, str]] = ()
    header_end: Sequence[Component] = ()
    content_id: str = ""


def build_subpage(
    texts: Texts,
    section: str,
    page: Subpage,
    *,
    home_url: str,
    icon_url: str,
    languages: Mapping[str, str],
    language: str,
) -> html.Div:
    """A whole page beside the map.

    Parameters
    ----------
    section : str
        Of the texts, with the page's ``title`` and ``tagline``.
    languages : mapping
        Code and own name of every language there is.
    language : str
        The one in use.
    """
    named: dict[str, Any] = {"id": page.content_id} if page.content_id else {}
    return html.Div(
        [
            *page.unseen,
            _header(texts, section, page, home_url, icon_url),
            html.Main(list(page.content), className="quality-main", **named),
            build_small_footer(texts, languages, language),
        ],
        className="page",
        lang=language,
    )


def build_card(title: str, *content: Any) -> html.Section:
    """A titled part of a page."""
    return html.Section(
        [html.H2(title, className="card-title"), *content],
        className=CARD,
    )


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


def _header(texts: Texts, section: str, page: Subpage, home_url: str, icon_url: str) -> html.Header:
    wording = texts[section]
    titles = [
        html.H1(wording["title"], className="brand-name"),
        html.P(wording["tagline"], className="brand-tagline"),
    ]
    brand = [html.Img(src=icon_url, alt="", className="brand-icon"), html.Div(titles)]
    anchors: list[Component] = [
        html.A(texts["page"]["back"], href=home_url, className="quality-back"),
        *(html.A(words, href=address) for words, address in page.links),
        *page.header_end,
    ]
    return html.Header(
        [html.Div(brand, className="brand"), html.Nav(anchors, className="subpage-links")],
        className="page-header",
    )
