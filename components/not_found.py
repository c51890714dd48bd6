"""What a visitor reads at an address where there is nothing."""

from __future__ import annotations

from dash import html

from components.subpage import Subpage
from services.base.texts import Texts


def build_not_found(texts: Texts, home_url: str) -> Subpage:
    """The page."""
    return Subpage([html.P(html.A(texts["not_found"]["home"], href=home_url))])
