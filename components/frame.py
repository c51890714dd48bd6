"""What every page has around its content: header, nav, title, footer, and the offer of a language.

Made of HTML components alone: pages of text are turned into a document without Dash
(:mod:`components.markup`).
"""

from __future__ import annotations

from typing import Any, Final

from dash import html

from components.aria import aria, data
from components.footer import build_footer
from components.frame_data import Frame, Language
from components.header import build_header, build_unreachable
from components.subpage import Skip, Subpage
from services.base.texts import Texts

MAIN_ID: Final = "content"


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
