"""The HTML document of a page, in the language of whoever asks for it."""

from __future__ import annotations

from dash import Dash

from callbacks.http.language import requested_language
from components.document import build_document
from services.base.texts import load_texts


def give_document(app: Dash, section: str, plotly_url: str | None = None) -> None:
    """Give an application its document.

    Parameters
    ----------
    section : str
        Of the texts, whose ``title`` the browser's tab shows.
    plotly_url : str, optional
        As :func:`components.document.build_document` takes it.
    """

    def interpolate_index(**parts: str) -> str:
        texts = load_texts(requested_language())
        icon_url = app.get_asset_url("icon.svg")
        return build_document(texts, texts[section]["title"], icon_url, parts, plotly_url)

    # The way that Dash names for documents of one's own.
    app.interpolate_index = interpolate_index  # type: ignore[method-assign, assignment]
