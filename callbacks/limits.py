"""Limits of what a visitor may send, and what proxies in front may tell."""

from __future__ import annotations

import io
from typing import IO, Any, Final

from flask import Flask, Request
from werkzeug.middleware.proxy_fix import ProxyFix

from services.camera.limits import MAX_BYTES
from services.settings import Settings

# The largest body that a page sends is a callback's, of some kilobytes.
MOST_BODY_BYTES: Final = 1_048_576
# A form has a name and a password, or a comment of 2,000 letters.
MOST_FORM_BYTES: Final = 65_536
# Base64 makes four bytes of three; the rest is around the picture.
MOST_PICTURE_BODY_BYTES: Final = MAX_BYTES * 4 // 3 + MOST_FORM_BYTES
# Where a picture may be handed in.
PICTURE_PATHS: Final = frozenset({"/api/v1/segmentation", "/camera/_dash-update-component"})


class LimitedRequest(Request):
    """A request that may be larger where pictures are handed in, and stays in memory."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.path in PICTURE_PATHS:
            self.max_content_length = MOST_PICTURE_BODY_BYTES
            # What Werkzeug reads of a form at once counts too, 64 KB of a file.
            self.max_form_memory_size = MOST_BODY_BYTES

    def _get_file_stream(self, *_told: object, **_named: object) -> IO[bytes]:
        """Werkzeug's hook; its own writes what is larger than 500 KB into a file."""
        return io.BytesIO()


def register(server: Flask, settings: Settings) -> None:
    """Refuse bodies that are too large; believe as many proxies as the settings say."""
    server.request_class = LimitedRequest
    server.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    server.config["MAX_FORM_MEMORY_SIZE"] = MOST_FORM_BYTES
    count = settings.trusted_proxies
    if count:
        proxied = ProxyFix(server.wsgi_app, x_for=count, x_proto=count, x_host=count)
        server.wsgi_app = proxied  # type: ignore[method-assign]
        # The log-in's cookie is then never sent in clear.
        server.config["SESSION_COOKIE_SECURE"] = True
