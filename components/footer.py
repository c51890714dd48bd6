"""The footer: where the data come from, the API, the performance view, the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import html

from services.base.texts import Texts

OPENSTREETMAP_URL: Final = "https://www.openstreetmap.org/copyright"


@dataclass(frozen=True)
class FooterLinks:
    """Where the footer of the first page leads.

    Attributes
    ----------
    pages : sequence of pairs
        Section of the texts, which holds the words of the link, and address of each other page.
    dataset_url, licence, licence_url : str
        Where the data come from, their licence's short name, and its text.
    """

    pages: Sequence[tuple[str, str]]
    dashboard_url: str
    api_url: str
    dataset_url: str
    licence: str
    licence_url: str


def build_footer(
    texts: Texts,
    links: FooterLinks,
    *,
    has_tiles: bool,
    languages: Mapping[str, str],
    language: str,
) -> html.Footer:
    """The footer of the first page.

    Parameters
    ----------
    has_tiles : bool
        Whether OpenStreetMap's backdrop is shown and has to be credited.
    languages : mapping
        Code and own name of every language there is; ``language`` is the one in use.
    """
    wording = texts["footer"]
    sources = [html.Li(html.A(wording["licence"], href=links.dataset_url))]
    if has_tiles:
        sources.append(html.Li(html.A(wording["tiles"], href=OPENSTREETMAP_URL)))
    return html.Footer(
        [
            html.Ul(
                [
                    *(
                        html.Li(html.A(texts[section]["link"], href=address))
                        for section, address in links.pages
                    ),
                    html.Li(html.A(wording["performance"], href=links.dashboard_url)),
                    html.Li(html.A(wording["api_traffic"], href=links.api_url)),
                    html.Li(html.A(links.licence, href=links.licence_url)),
                    *sources,
                    *build_language_choice(wording["languages"], languages, language),
                ],
                className="footer-links",
            )
        ],
        className="page-footer",
    )


def build_small_footer(texts: Texts, languages: Mapping[str, str], language: str) -> html.Footer:
    """The footer of the pages beside the map: the other languages."""
    choice = build_language_choice(texts["footer"]["languages"], languages, language)
    return html.Footer(html.Ul(choice, className="footer-links"), className="page-footer")


def build_language_choice(label: str, languages: Mapping[str, str], current: str) -> list[html.Li]:
    """A button per other language; none while there is only one."""
    return [
        html.Li(
            html.Button(
                name,
                className="link-button",
                lang=code,
                title=label.format(name=name),
                **_data(language=code),
            )
        )
        for code, name in languages.items()
        if code != current
    ]


def _data(**attributes: str) -> dict[str, Any]:
    return {f"data-{name}": value for name, value in attributes.items()}
