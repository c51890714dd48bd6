"""The page on which operators log in: plain HTML, which works without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from services.base.texts import Texts

_ERROR_ID = "log-in-error"
_TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
    <head>
        <meta charset="utf-8">
        <title>{title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <link rel="icon" type="image/svg+xml" href="{icon_url}">
        {styles}
        <script src="{script_url}" defer></script>
    </head>
    <body>
        <main class="log-in card-panel">
            <h1 class="card-title">{title}</h1>
            <p>{intro}</p>
            {error}
            <form method="post" action="{action}">
                <input type="hidden" name="token" value="{token}">
                <label for="name">{name}</label>
                <input id="name" name="name" class="form-control" autocomplete="username"
                    autocapitalize="none" spellcheck="false" required autofocus {described}>
                <label for="password">{password}</label>
                <input id="password" name="password" type="password" class="form-control"
                    autocomplete="current-password" required {described}>
                <button class="exploitation-button">{submit}</button>
            </form>
            <p class="log-in-links"><a href="{home_url}">{back}</a>{languages}</p>
        </main>
    </body>
</html>
"""


@dataclass(frozen=True)
class LogInPage:
    """Everything that the page shows beside its words.

    Attributes
    ----------
    action : str
        Where the form goes.
    token : str
        What it sends along.
    error : str
        Empty for none.
    languages : mapping
        Code and own name of every language there is.
    """

    action: str
    token: str
    error: str
    home_url: str
    icon_url: str
    script_url: str
    style_urls: Sequence[str]
    languages: Mapping[str, str]
    language: str


def build_log_in_page(texts: Texts, page: LogInPage) -> str:
    """The whole document."""
    wording = {key: escape(str(text)) for key, text in texts["log_in"].items()}
    error = f'<p id="{_ERROR_ID}" class="camera-message" role="alert">{escape(page.error)}</p>'
    return _TEMPLATE.format(
        **wording,
        language=escape(page.language),
        icon_url=escape(page.icon_url),
        script_url=escape(page.script_url),
        styles="".join(f'<link rel="stylesheet" href="{escape(url)}">' for url in page.style_urls),
        action=escape(page.action),
        token=escape(page.token),
        error=error if page.error else "",
        described=f'aria-describedby="{_ERROR_ID}" aria-invalid="true"' if page.error else "",
        home_url=escape(page.home_url),
        languages="".join(
            f' <button type="button" class="link-button" lang="{escape(code)}" '
            f'data-language="{escape(code)}">{escape(name)}</button>'
            for code, name in page.languages.items()
            if code != page.language
        ),
    )
