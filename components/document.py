"""The HTML document around the page: language, metadata, what shows before and without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from services.base.texts import Texts

_TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        {metas}
        <title>{title}</title>
        <meta name="description" content="{description}">
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
        <meta name="theme-color" content="#12161d" media="(prefers-color-scheme: dark)">
        <link rel="icon" type="image/svg+xml" href="{icon_url}">
        {preload}
        {css}
    </head>
    <body data-loading="{loading}">
        <noscript><p class="no-script">{no_script}</p></noscript>
        {app_entry}
        {config}
        {scripts}
        {renderer}
    </body>
</html>
"""


def build_document(
    texts: Texts,
    title: str,
    icon_url: str,
    parts: Mapping[str, str],
    plotly_url: str | None = None,
) -> str:
    """The whole document.

    Parameters
    ----------
    texts : Texts
        Their language is the document's, for screen readers and for how scripts write numbers.
    title : str
        Of the browser's tab.
    parts : mapping
        What Dash makes, as markup: ``metas``, ``css``, ``app_entry``, ``config``,
        ``scripts`` and ``renderer``.
    plotly_url : str, optional
        The largest script, which Dash asks for last; told early, it loads meanwhile.
    """
    page = texts["page"]
    preload = f'<link rel="preload" as="script" href="{escape(plotly_url)}">' if plotly_url else ""
    own = {
        "language": texts["language"]["locale"],
        "title": title,
        "description": page["description"],
        "icon_url": icon_url,
        "loading": page["loading"],
        "no_script": page["no_script"],
    }
    escaped = {name: escape(text) for name, text in own.items()}
    return _TEMPLATE.format(**{**parts, **escaped}, preload=preload)
