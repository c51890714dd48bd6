"""The language that a visitor reads: as the address says, else their cookie, else the default."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import has_request_context, request

from services.base.texts import DEFAULT_LANGUAGE, checked_language, languages

# Set by assets/language.js when the visitor asks for another language.
LANGUAGE_COOKIE: Final = "language"
PARAMETER: Final = "lang"


def requested_language() -> str:
    """The language of the visitor who asks, or the default one."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    return language_in_address() or checked_language(request.cookies.get(LANGUAGE_COOKIE))


def language_in_address() -> str | None:
    """The language that the address of the page names: of the one asked for, or that asks.

    What a page asks for later, its layout and what is refreshed, has no such address of its own.
    """
    if not has_request_context():
        return None
    for asked in (request.args.get(PARAMETER), _asked_by_page(PARAMETER)):
        if asked in languages():
            return asked
    return None


def asked_in_address(parameter: str) -> str | None:
    """What the address of the page says that is made: its document, or the layout it asks for."""
    if not has_request_context():
        return None
    if request.method == "POST":
        return _asked_by_page(parameter)
    return request.args.get(parameter)


def with_language(address: str) -> str:
    """An address of this site, in the language that the address of the page names, if any."""
    language = language_in_address()
    parts = urlsplit(address)
    if language is None or PARAMETER in parse_qs(parts.query):
        return address
    query = "&".join(filter(None, (parts.query, urlencode({PARAMETER: language}))))
    return parts._replace(query=query).geturl()


def offered_language() -> str | None:
    """The language that a visitor who never chose one prefers to the default one, if there is any.

    Nobody is sent there: a link offers it.
    """
    if not has_request_context():
        return None
    if language_in_address() or request.cookies.get(LANGUAGE_COOKIE):
        return None
    liked = dict.fromkeys(languages(), 0.0)
    for tag, quality in request.accept_languages:
        code = tag.split("-")[0].lower()
        if code in liked:
            liked[code] = max(liked[code], quality)
    preferred = max(liked, key=lambda code: liked[code])
    return preferred if liked[preferred] > liked[DEFAULT_LANGUAGE] else None


def _asked_by_page(parameter: str) -> str | None:
    """What the address of our page says from which a request comes."""
    try:
        sender = urlsplit(request.referrer or "")
        if sender.netloc != request.host:
            return None
        return parse_qs(sender.query).get(parameter, [None])[0]
    except ValueError:
        return None
