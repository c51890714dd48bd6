"""What every page has around its content: header, nav, title, footer, and the offer of a language.

Made of HTML components alone: pages of text are turned into a document without Dash
(:mod:`components.markup`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import html

from components.aria import aria, data
from components.footer import build_footer
from components.header import build_header, build_unreachable
from components.subpage import Skip, Subpage
from services.base.texts import Texts

MAIN_ID: Final = "content"


@dataclass(frozen=True)
class Language:
    """A language of the site.

    Attributes
    ----------
    offer, accept, decline : str
        Words, in this language, that offer it to somebody who reads another one.
    """

    code: str
    name: str
    offer: str
    accept: str
    decline: str


@dataclass(frozen=True)
class LogOut:
    """The way out of the operators' area: where its form goes, and what it sends along."""

    url: str
    token: str


@dataclass(frozen=True)
class Frame:
    """What the frame of a page shows beside its words.

    Attributes
    ----------
    section : str
        Of the texts, with the page's ``title`` and ``tagline``.
    home_url, icon_url, api_url, dashboard_url, area_url : str
        Addresses; the last one of the operators' area.
    nav, readings : sequence of pairs
        Section and address of each page that the nav leads to, and of the public ones of text
        alone.
    language : str
        The one in use.
    others : sequence of Language
        Those that may be chosen instead.
    offered : Language or None
        The one that a visitor who came for the first time seems to prefer.
    log_out : LogOut or None
        On the operators' pages.
    """

    section: str
    home_url: str
    icon_url: str
    api_url: str
    dashboard_url: str
    area_url: str
    nav: Sequence[tuple[str, str]]
    readings: Sequence[tuple[str, str]]
    language: str
    others: Sequence[Language] = ()
    offered: Language | None = None
    log_out: LogOut | None = None


def build_framed(texts: Texts, frame: Frame, page: Subpage) -> html.Div:
    """A whole page."""
    named: dict[str, Any] = {"id": page.content_id} if page.content_id else {}
    skips = [Skip(texts["header"]["skip_to_content"], MAIN_ID), *page.skips]
    return html.Div(
        [
            *page.unseen,
            build_header(texts, frame, skips, is_live=page.is_live),
            *_offer(frame.offered, frame.language),
            *([build_unreachable(texts)] if page.is_live else []),
            *page.notices,
            html.Main(
                [
                    _title(texts[frame.section], page),
                    html.Div(list(page.content), className=page.content_class, **named),
                ],
                id=MAIN_ID,
                className="site-main",
                # Where a link leads, and what is read first after a change of page.
                tabIndex=-1,
            ),
            build_footer(texts, frame),
        ],
        # No element of one page is taken for one of another, with what scripts have written there.
        id=f"page-{frame.section}",
        className="page",
        lang=frame.language,
    )


def build_no_script(texts: Texts, frame: Frame) -> html.Div:
    """What is read without JavaScript where a page needs it: why, and what can be read without."""
    wording = texts["page"]
    links = [(texts["footer"]["api_traffic"], frame.api_url)]
    links += [(texts[name]["link"], address) for name, address in frame.readings]
    return html.Div(
        [
            html.H1(texts[frame.section]["title"]),
            html.P(wording["no_script"]),
            html.Ul([html.Li(html.A(words, href=address)) for words, address in links]),
        ],
        className="no-script",
    )


def _title(wording: Any, page: Subpage) -> html.Div:
    return html.Div(
        [
            html.H1(wording["title"], className="site-title"),
            html.P(wording["tagline"], className="site-tagline"),
        ],
        className="visually-hidden" if page.is_live else "site-heading",
    )


def _offer(offered: Language | None, current: str) -> list[html.Div]:
    if offered is None:
        return []
    choices = ((offered.accept, offered.code), (offered.decline, current))
    return [
        html.Div(
            [
                html.Span(offered.offer),
                *(
                    html.A(words, href=f"?lang={code}", **data(language=code))
                    for words, code in choices
                ),
            ],
            className="site-offer",
            lang=offered.code,
            role="region",
            **aria(label=offered.offer),
        )
    ]
