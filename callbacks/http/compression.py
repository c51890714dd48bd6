"""Answers compressed on their way out."""

from __future__ import annotations

from flask import Flask, Response
from flask_compress import Compress

from callbacks.http.answers import SentDocument


def register(server: Flask) -> None:
    """Compress every answer that gains from it, except documents: they are kept compressed."""
    server.config["COMPRESS_REGISTER"] = False
    compressor = Compress(server)

    @server.after_request
    def compress(response: Response) -> Response:
        if isinstance(response, SentDocument):
            return response
        compressed: Response = compressor.after_request(response)
        return compressed
