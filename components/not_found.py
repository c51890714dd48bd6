"""What a visitor reads at an address where there is nothing."""

from __future__ import annotations

from html import escape

from services.base.texts import Texts

_TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{title}</title>
        <link rel="stylesheet" href="{stylesheet_url}">
    </head>
    <body class="p-4">
        <main>
            <h1>{title}</h1>
            <p>{message}</p>
            <p><a href="{home_url}">{home}</a></p>
        </main>
    </body>
</html>
"""


def build_not_found(texts: Texts, language: str, home_url: str, stylesheet_url: str) -> str:
    """The whole document, without scripts."""
    wording = texts["not_found"]
    return _TEMPLATE.format(
        language=escape(language),
        title=escape(wording["title"]),
        message=escape(wording["message"]),
        home=escape(wording["home"]),
        home_url=escape(home_url),
        stylesheet_url=escape(stylesheet_url),
    )
