"""The page that tells whose data and software this is, and under which licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dash import html

from components.subpage import Subpage, build_card, build_paragraphs
from services.base.texts import Texts

OPENSTREETMAP_URL: Final = "https://www.openstreetmap.org/copyright"
# What browsers are sent of others: name, licence.
PACKAGES: Final = (
    ("Dash, Dash Bootstrap Components", "MIT, Apache 2.0"),
    ("Plotly.js", "MIT"),
    ("MapLibre GL JS", "BSD-3-Clause"),
    ("React", "MIT"),
    ("Bootstrap", "MIT"),
    ("AngularJS, D3, jQuery", "MIT, BSD-3-Clause"),
)


@dataclass(frozen=True)
class DataSource:
    """Where the traffic comes from.

    Attributes
    ----------
    url : str
        Of the dataset.
    licence, licence_url : str
        Its short name, and its text.
    has_tiles : bool
        Whether OpenStreetMap's backdrop is shown and has to be credited.
    """

    url: str
    licence: str
    licence_url: str
    has_tiles: bool


def build_licences_page(texts: Texts, source: DataSource) -> Subpage:
    """The page."""
    wording = texts["licences"]
    tiles = [
        build_card(
            wording["tiles_title"],
            html.P(wording["tiles_text"]),
            html.P(html.A(OPENSTREETMAP_URL, href=OPENSTREETMAP_URL)),
        )
    ]
    return Subpage(
        [
            build_card(
                wording["data_title"],
                *build_paragraphs(wording["data_text"]),
                html.Ul(
                    [
                        html.Li(html.A(wording["dataset"], href=source.url)),
                        html.Li(html.A(source.licence, href=source.licence_url)),
                    ],
                    className="site-list",
                ),
            ),
            *(tiles if source.has_tiles else []),
            build_card(wording["software_title"], *build_paragraphs(wording["software_text"])),
            build_card(
                wording["packages_title"],
                html.P(wording["packages_text"]),
                html.Ul(
                    [html.Li(f"{name} — {licence}") for name, licence in PACKAGES],
                    className="site-list",
                ),
            ),
        ]
    )
