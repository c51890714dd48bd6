"""The HTML document around the page: language, metadata, what shows before and without scripts."""

from __future__ import annotations

from html import escape

from components.texts import Texts

# Dash fills in the names between {% %}.
_TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        {{%metas%}}
        <title>{{%title%}}</title>
        <meta name="description" content="{description}">
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
        <meta name="theme-color" content="#12161d" media="(prefers-color-scheme: dark)">
        <link rel="icon" type="image/svg+xml" href="{icon_url}">
        {preload}
        {{%css%}}
    </head>
    <body data-loading="{loading}">
        <noscript><p class="no-script">{no_script}</p></noscript>
        {{%app_entry%}}
        {{%config%}}
        {{%scripts%}}
        {{%renderer%}}
    </body>
</html>
"""


def build_document(
    texts: Texts, language: str, icon_url: str, plotly_url: str | None = None
) -> str:
    """The document as a template that Dash completes.

    Parameters
    ----------
    texts : Texts
    language : str
        Code of the language, for screen readers; the page's script changes it
        when the visitor chose another one.
    icon_url : str
    plotly_url : str, optional
        The largest script, which Dash asks for last; told early, it loads meanwhile.
    """
    page = texts["page"]
    preload = f'<link rel="preload" as="script" href="{escape(plotly_url)}">' if plotly_url else ""
    return _TEMPLATE.format(
        language=escape(language),
        description=escape(page["description"]),
        icon_url=escape(icon_url),
        preload=preload,
        loading=escape(page["loading"]),
        no_script=escape(page["no_script"]),
    )
