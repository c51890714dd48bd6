"""The language that a visitor reads, as their cookie says."""

from __future__ import annotations

from typing import Final

from flask import has_request_context, request

from services.base.texts import DEFAULT_LANGUAGE, checked_language

# Set by assets/language.js when the visitor asks for another language.
LANGUAGE_COOKIE: Final = "language"


def requested_language() -> str:
    """The language of the visitor who asks, or the default one."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    return checked_language(request.cookies.get(LANGUAGE_COOKIE))
