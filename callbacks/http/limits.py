"""Limits of what a visitor may send, and what proxies in front may tell."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import IO, Any, Final

import orjson
from flask import Flask, Request
from werkzeug.middleware.proxy_fix import ProxyFix

from services.base.settings import Settings
from services.web.server.limits import (
    MAX_BODY_BYTES,
    MAX_FORM_BYTES,
    PICTURE_PATHS,
    max_body_bytes,
)

# The largest document of a page is a callback's, of some hundred values, ten deep.
MAX_JSON_VALUES: Final = 10_000
MAX_JSON_DEPTH: Final = 24


class BoundedJson:
    """The one reader of JSON that strangers send, whoever asks Flask for it: Dash, the API, ours.

    Deep nesting would end in a ``RecursionError``, here or in what reads the document next.
    """

    @staticmethod
    def loads(document: bytes) -> Any:
        """A document of bounded size and depth.

        Raises
        ------
        ValueError
            Which Werkzeug answers with 400.
        """
        opened = document.count(b"[") + document.count(b"{")
        # Each value but the first one comes behind one of these, or a comma.
        if opened + document.count(b",") >= MAX_JSON_VALUES:
            raise ValueError(f"more than {MAX_JSON_VALUES} values")
        content = orjson.loads(document)
        # As of every callback: what opens no more than that many is no deeper either.
        if opened < MAX_JSON_DEPTH:
            return content
        level = [content]
        for _ in range(MAX_JSON_DEPTH):
            level = [child for item in level for child in _children(item)]
            if not level:
                return content
        raise ValueError(f"more than {MAX_JSON_DEPTH} levels")


def _children(item: object) -> Iterable[object]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


class LimitedRequest(Request):
    """A request that may be larger where pictures are handed in, and stays in memory."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.path in PICTURE_PATHS:
            self.max_content_length = max_body_bytes(self.path)
            # What Werkzeug reads of a form at once counts too, 64 KB of a file.
            self.max_form_memory_size = MAX_BODY_BYTES

    @property
    def json_module(self) -> Any:
        """What reads the JSON of a body."""
        return BoundedJson

    @json_module.setter
    def json_module(self, _of_application: object) -> None:
        """Flask hands in the application's own reader, which is for documents of our own."""

    def _get_file_stream(self, *_told: object, **_named: object) -> IO[bytes]:
        """Werkzeug's hook; its own writes what is larger than 500 KB into a file."""
        return io.BytesIO()


def register(server: Flask, settings: Settings) -> None:
    """Refuse bodies that are too large; believe as many proxies as the settings say."""
    server.request_class = LimitedRequest
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    server.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM_BYTES
    count = settings.trusted_proxies
    if count:
        proxied = ProxyFix(server.wsgi_app, x_for=count, x_proto=count, x_host=count)
        server.wsgi_app = proxied  # type: ignore[method-assign]
        # The log-in's cookie is then never sent in clear.
        server.config["SESSION_COOKIE_SECURE"] = True
