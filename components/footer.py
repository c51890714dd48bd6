"""The footer of every page: the data, and what is said about them, about us and to operators."""

from __future__ import annotations

from dash import html

from components.frame_data import Frame
from services.base.texts import Texts


def build_footer(texts: Texts, frame: Frame) -> html.Footer:
    """The footer."""
    wording = texts["footer"]
    links = [
        (wording["api_traffic"], frame.api_url),
        *((texts[section]["link"], address) for section, address in frame.readings),
        (wording["performance"], frame.dashboard_url),
        (wording["area"], frame.area_url),
    ]
    return html.Footer(
        html.Ul(
            [html.Li(html.A(words, href=address)) for words, address in links],
            className="footer-links",
        ),
        className="site-footer",
    )
