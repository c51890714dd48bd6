"""Limits of what a visitor may send, and what proxies in front may tell."""

from __future__ import annotations

from typing import Final

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from services.settings import Settings

# The largest body that a page sends is a callback's, of some kilobytes.
MOST_BODY_BYTES: Final = 1_048_576
# A form has a name and a password, or a comment of 2,000 letters.
MOST_FORM_BYTES: Final = 65_536


def register(server: Flask, settings: Settings) -> None:
    """Refuse bodies that are too large; believe as many proxies as the settings say."""
    server.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    server.config["MAX_FORM_MEMORY_SIZE"] = MOST_FORM_BYTES
    count = settings.trusted_proxies
    if count:
        proxied = ProxyFix(server.wsgi_app, x_for=count, x_proto=count, x_host=count)
        server.wsgi_app = proxied  # type: ignore[method-assign]
        # The log-in's cookie is then never sent in clear.
        server.config["SESSION_COOKIE_SECURE"] = True
