"""Whether pages are served, asked from outside as a visitor would."""

from __future__ import annotations

import http.client
from http import HTTPStatus
from typing import Final

from services.settings import Settings

HEALTH_PATH: Final = "/healthz"
# /healthz does nothing but answer.
LONGEST_ANSWER_SECONDS: Final = 5.0
# An address to listen at that means "every one", and the one of them to ask.
_EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked about, not used


def local_address(settings: Settings) -> tuple[str, int]:
    """Host and port at which this machine reaches its own pages."""
    return _EVERY_ADDRESS.get(settings.host, settings.host), settings.port


def serves_pages(host: str, port: int, timeout_s: float = LONGEST_ANSWER_SECONDS) -> bool:
    """Whether ``/healthz`` answers well, in time. Goes through no proxy."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
