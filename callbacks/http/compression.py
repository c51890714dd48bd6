"""Answers compressed on their way out."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response
from flask_compress import Compress

from callbacks.http.answers import SentDocument

# A refresh without news is smaller, and asked for more often than all else.
WORTH_BYTES: Final = 500


def register(server: Flask) -> None:
    """Compress every answer that gains from it, except documents: they are kept compressed."""
    server.config["COMPRESS_REGISTER"] = False
    server.config["COMPRESS_MIN_SIZE"] = WORTH_BYTES
    compressor = Compress(server)

    @server.after_request
    def compress(response: Response) -> Response:
        length = response.content_length
        if isinstance(response, SentDocument) or (length is not None and length < WORTH_BYTES):
            return response
        compressed: Response = compressor.after_request(response)
        return compressed
