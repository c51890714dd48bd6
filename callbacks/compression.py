"""Answers compressed on their way out, and the files they were read from closed."""

from __future__ import annotations

from flask import Flask, Response
from flask_compress import Compress


def register(server: Flask) -> None:
    """Compress every answer that gains from it; routes compress what they keep themselves."""
    Compress(server)
    # Functions registered later run earlier: this one sees the file before it is replaced.
    server.after_request(_close_file_with_answer)


def _close_file_with_answer(response: Response) -> Response:
    """Flask-Compress puts a stream in the place of a file and forgets the file."""
    close = getattr(response.response, "close", None)
    if close is not None:
        response.call_on_close(close)
    return response
