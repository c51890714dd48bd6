"""HTML documents, around what Dash makes and of text alone, with no script of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from services.base.texts import Texts

# What the head of every document tells of its page.
_ABOUT: Final = """<title>{title}</title>
        <meta name="description" content="{description}">
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
        <meta name="theme-color" content="#12161d" media="(prefers-color-scheme: dark)">
        {icons}"""

_TEMPLATE: Final = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        {metas}
        {about}
        {preview}
        {css}
    </head>
    <body data-loading="{loading}" data-plotly="{plotly_url}">
        <noscript>{no_script}</noscript>
        {app_entry}
        {first_paint}
        {config}
        {scripts}
        {renderer}
    </body>
</html>
"""

_TEXT_TEMPLATE: Final = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {about}
        {styles}
        <script src="{script_url}" defer></script>
    </head>
    <body class="text-page">
        {body}
    </body>
</html>
"""


@dataclass(frozen=True)
class Preview:
    """What other sites show of a link to a page (Open Graph; X reads the same).

    Attributes
    ----------
    url, image_url : str
        Whole addresses; without an image while there is nothing to show.
    image_size : tuple of int
        Width and height in pixels.
    """

    url: str
    title: str
    description: str
    image_url: str | None
    image_size: tuple[int, int]


@dataclass(frozen=True)
class Icons:
    """Addresses of what stands for the site: in a tab, on a home screen, and its manifest."""

    icon_url: str
    touch_icon_url: str
    manifest_url: str


@dataclass(frozen=True)
class TextDocument:
    """What a page of text needs to look as the others do, as addresses."""

    icons: Icons
    style_urls: Sequence[str]
    script_url: str


def build_document(
    texts: Texts,
    title: str,
    icons: Icons,
    parts: Mapping[str, str],
    *,
    no_script: str,
    plotly_url: str,
    first_paint: str = "",
    preview: Preview | None = None,
) -> str:
    """The document of a page that Dash makes.

    Parameters
    ----------
    texts : Texts
        Their language is the document's, for screen readers and for how scripts write numbers.
    title : str
        Of the browser's tab.
    parts : mapping
        What Dash makes, as markup: ``metas``, ``css``, ``app_entry``, ``config``,
        ``scripts`` and ``renderer``.
    no_script : str
        What is read without JavaScript, as markup.
    plotly_url : str
        The largest script, for ``assets/plotly_address.js``.
    first_paint : str
        What is shown before Dash has put the page in its place, as markup.
    preview : Preview, optional
    """
    page = texts["page"]
    own = {
        "language": texts["language"]["locale"],
        "loading": page["loading"],
        "plotly_url": plotly_url,
    }
    escaped = {name: escape(text) for name, text in own.items()}
    tags = "" if preview is None else _preview_tags(texts, preview)
    return _TEMPLATE.format(
        **{**parts, **escaped},
        about=_about(title, page["description"], icons),
        no_script=no_script,
        first_paint=first_paint,
        preview=tags,
    )


def _about(title: str, description: str, icons: Icons) -> str:
    return _ABOUT.format(
        title=escape(title), description=escape(description), icons=_icon_tags(icons)
    )


def _icon_tags(icons: Icons) -> str:
    return (
        f'<link rel="icon" type="image/svg+xml" href="{escape(icons.icon_url)}">'
        f'<link rel="apple-touch-icon" href="{escape(icons.touch_icon_url)}">'
        f'<link rel="manifest" href="{escape(icons.manifest_url)}">'
    )


def _preview_tags(texts: Texts, preview: Preview) -> str:
    told = {
        "og:type": "website",
        "og:site_name": texts["page"]["title"],
        "og:locale": texts["language"]["locale"].replace("-", "_"),
        "og:title": preview.title,
        "og:description": preview.description,
        "og:url": preview.url,
    }
    if preview.image_url is not None:
        width, height = preview.image_size
        told |= {
            "og:image": preview.image_url,
            "og:image:width": str(width),
            "og:image:height": str(height),
            "og:image:alt": preview.description,
        }
    # All that X does not find among the others.
    card = "summary" if preview.image_url is None else "summary_large_image"
    tags = [f'<meta property="{name}" content="{escape(text)}">' for name, text in told.items()]
    return "".join([*tags, f'<meta name="twitter:card" content="{card}">'])


def build_text_document(texts: Texts, section: str, document: TextDocument, body: str) -> str:
    """The document of a page of text.

    Parameters
    ----------
    section : str
        Of the texts, with its ``title`` and ``tagline``.
    body : str
        As markup.
    """
    wording = texts[section]
    links = (f'<link rel="stylesheet" href="{escape(url)}">' for url in document.style_urls)
    return _TEXT_TEMPLATE.format(
        language=escape(texts["language"]["locale"]),
        about=_about(wording["title"], wording["tagline"], document.icons),
        styles="".join(links),
        script_url=escape(document.script_url),
        body=body,
    )
