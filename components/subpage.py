"""What the pages beside the map share: their header, and the cards that they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

CARD: Final = "card-panel quality-card"


def build_header(
    title: str,
    tagline: str,
    icon_url: str,
    links: Sequence[tuple[str, str]],
    *more: Component,
) -> html.Header:
    """The header of a page.

    Parameters
    ----------
    title, tagline, icon_url : str
    links : sequence of pairs
        Words and address of each, the way back to the map first.
    *more : Component
        After the links.
    """
    titles = [html.H1(title, className="brand-name"), html.P(tagline, className="brand-tagline")]
    brand = [html.Img(src=icon_url, alt="", className="brand-icon"), html.Div(titles)]
    (back, home_url), *others = links
    anchors: list[Component] = [html.A(back, href=home_url, className="quality-back")]
    anchors += [html.A(words, href=address) for words, address in others]
    anchors += more
    return html.Header(
        [html.Div(brand, className="brand"), html.Nav(anchors, className="subpage-links")],
        className="page-header",
    )


def build_card(title: str, *content: Any, more_classes: str = "") -> html.Section:
    """A titled part of a page.

    Parameters
    ----------
    more_classes : str
        Of the style sheets, beside those of every card.
    """
    return html.Section(
        [html.H2(title, className="card-title"), *content],
        className=f"{CARD} {more_classes}".strip(),
    )
