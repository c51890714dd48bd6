"""The row below a view by which it is taken away."""

from __future__ import annotations

from dash import html

from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.exports import build_exports
from services.base.texts import Texts


def exports_row(texts: Texts, view: PageView, asked: Asked, heading: str) -> html.Div:
    """The row of what is shown.

    Parameters
    ----------
    heading : str
        Of what, where and when.
    """
    return build_exports(
        texts,
        view.name,
        list(asked.parts.items()),
        caption=heading,
        source=source_words(texts, asked),
        # What is taken of a view whose scripts ask is what its address says by then.
        follows_address=view.taken is not None,
    )


def source_words(texts: Texts, asked: Asked) -> str:
    """Where the data are from, and whether they are simulated."""
    words, city = texts["trends_export"], asked.network.city
    text = words["simulated" if asked.is_simulated else "source"]
    return str(text).format(city=city.name, licence=city.licence)
