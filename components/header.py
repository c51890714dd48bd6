"""The header of every page: what this is, the nav, how old the data are, and the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component
from plotly.io.json import to_json_plotly

from components.aria import aria, data
from components.frame_data import Frame, Language, LogOut
from components.subpage import Skip
from services.base.texts import Texts

FRESHNESS_ID: Final = "freshness"
SENTENCE_ID: Final = "freshness-sentence"
ANNOUNCEMENT_ID: Final = "freshness-announcement"
CONNECTION_ID: Final = "connection"
# Sections of the texts that the age is told with.
AGE_TEXTS: Final = ("freshness", "age", "calendar")


def build_header(
    texts: Texts, frame: Frame, skips: Sequence[Skip], *, is_live: bool
) -> html.Header:
    """The header.

    Parameters
    ----------
    is_live : bool
        Whether it tells the age of the data that refreshes bring. Else it tells what the frame
        comes with, if anything. Scripts write it, once the browser knows it.
    """
    return html.Header(
        [
            *(
                html.A(skip.words, href=f"#{skip.target_id}", className="skip-link")
                for skip in skips
            ),
            html.A(
                [
                    html.Img(src=frame.icon_url, alt="", className="site-icon"),
                    html.Span(texts["page"]["title"], className="site-name"),
                ],
                href=frame.home_url,
                className="site-brand",
            ),
            _nav(texts, frame),
            html.Div(
                [
                    *(_freshness(texts, frame.age) if is_live or frame.age else []),
                    *([_way_back(texts, frame.home_url)] if frame.log_out else []),
                    *(_language(language) for language in frame.others),
                    *([_log_out(texts, frame.log_out)] if frame.log_out else []),
                ],
                className="site-state",
            ),
        ],
        className="site-header",
    )


def build_unreachable(texts: Texts) -> html.P:
    """What is said while the server does not answer; hidden until then."""
    return html.P(
        texts["freshness"]["unreachable"],
        id=CONNECTION_ID,
        className="connection",
        role="alert",
        hidden=True,
    )


def _nav(texts: Texts, frame: Frame) -> html.Nav:
    def entry(section: str, address: str) -> html.Li:
        current: dict[str, Any] = aria(current="page") if section == frame.section else {}
        return html.Li(
            html.A(
                [
                    html.Span(className=f"site-nav-icon site-nav-icon--{section}"),
                    texts["nav"][section],
                ],
                href=address,
                **current,
            )
        )

    return html.Nav(
        html.Ul([entry(*item) for item in frame.nav]),
        className="site-nav",
        **aria(label=texts["header"]["area" if frame.log_out else "nav"]),
    )


def _freshness(texts: Texts, age: Mapping[str, Any] | None) -> list[Component]:
    """The age in short, which opens the whole sentence."""
    wording = texts["freshness"]
    words = {section: dict(texts[section]) for section in AGE_TEXTS}
    told = {} if age is None else data(told=to_json_plotly({**age, "texts": words}))
    return [
        html.Details(
            [
                html.Summary(
                    wording["short_waiting"],
                    id=FRESHNESS_ID,
                    className="freshness freshness--waiting",
                    **told,
                ),
                html.P(wording["waiting"], id=SENTENCE_ID, className="site-sentence"),
            ],
            className="site-freshness",
        ),
        # The age changes all the time; only a change of state is worth saying aloud.
        html.P("", id=ANNOUNCEMENT_ID, className="visually-hidden", role="status"),
    ]


def _language(language: Language) -> html.A:
    """The way to another language; remembered by ``assets/language.js``."""
    return html.A(
        [language.code.upper(), html.Span(f" {language.name}", className="visually-hidden")],
        href=f"?lang={language.code}",
        className="site-language",
        lang=language.code,
        hrefLang=language.code,
        title=language.name,
        # Taken to the server by every page, the monitoring package's too.
        target="_self",
        **data(language=language.code),
    )


def _way_back(texts: Texts, address: str) -> html.A:
    """From the operators' area, whose nav does not lead to the map."""
    arrow = html.Span("← ", **aria(hidden="true"))
    return html.A([arrow, texts["nav"]["page"]], href=address, className="site-back")


def _log_out(texts: Texts, log_out: LogOut) -> html.Form:
    return html.Form(
        html.Button(
            texts["header"]["log_out"],
            type="submit",
            name="token",
            value=log_out.token,
            className="link-button",
        ),
        action=log_out.url,
        method="POST",
    )
