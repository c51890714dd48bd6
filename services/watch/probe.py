"""Whether pages are served, asked from outside as a visitor's browser asks."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from services.base.cut_off import CutOff
from services.base.errors import FeedUnreachable
from services.metrics.dash_callbacks import CALLBACK_PATH

HEALTH_PATH: Final = "/healthz"
# Of Dash: what callbacks there are.
DEPENDENCIES_PATH: Final = "/_dash-dependencies"
# What a page's timer counts up when it is time to refresh.
_TIMER: Final = "n_intervals"
# A visitor has given up by then.
LONGEST_ANSWER_SECONDS: Final = 5.0
# What a page's callbacks answer has some hundred kilobytes.
MAX_ANSWER_BYTES: Final = 8_000_000
# Whatever it is that listens there.
_NO_ANSWER: Final = (OSError, http.client.HTTPException, ValueError, FeedUnreachable)
_NO_CALLBACKS: Final = (msgspec.MsgspecError, LookupError, ValueError, RecursionError)


class _Part(msgspec.Struct):
    id: str
    property: str

    def asked(self) -> dict[str, object]:
        return {"id": self.id, "property": self.property, "value": None}


class _Callback(msgspec.Struct):
    output: str
    inputs: list[_Part]
    state: list[_Part]
    clientside_function: Any = None


def serves_pages(url: str, timeout_s: float = LONGEST_ANSWER_SECONDS) -> bool:
    """Whether ``/healthz`` answers well, itself: no redirect is followed.

    Parameters
    ----------
    url : str
        Of the pages, without a slash at its end.
    timeout_s : float
        How long the whole answer may take, looking its host up included.
    """
    return _ask(url + HEALTH_PATH, timeout_s) is not None


def refreshes_pages(url: str) -> bool:
    """Whether a page that is open somewhere would be refreshed."""
    callbacks = _ask(url + DEPENDENCIES_PATH)
    try:
        body = _refresh_call(msgspec.json.decode(callbacks or b"[]", type=list[_Callback]))
    except _NO_CALLBACKS:
        return False
    return _ask(url + CALLBACK_PATH, body=body) is not None


def _refresh_call(callbacks: Sequence[_Callback]) -> bytes:
    """The call of the first callback that a timer fires and the server answers."""
    for callback in callbacks:
        timers = [part for part in callback.inputs if part.property == _TIMER]
        if timers and not callback.clientside_function:
            names = callback.output.strip(".").split("...")
            outputs = [
                dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names
            ]
            call = {
                "output": callback.output,
                "outputs": outputs if callback.output.startswith("..") else outputs[0],
                "inputs": [part.asked() for part in callback.inputs],
                "state": [part.asked() for part in callback.state],
                "changedPropIds": [f"{timers[0].id}.{_TIMER}"],
            }
            return msgspec.json.encode(call)
    raise LookupError("no callback refreshes the page")


def _ask(
    url: str, timeout_s: float = LONGEST_ANSWER_SECONDS, body: bytes | None = None
) -> bytes | None:
    """What is answered, if it is answered well, in time and whole."""
    address, cut_off = urlsplit(url), CutOff(timeout_s)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        with cut_off.running(), closing(_connected(address, timeout_s, cut_off)) as connection:
            connection.request("GET" if body is None else "POST", address.path, body, headers)
            answer = connection.getresponse()
            content = answer.read(MAX_ANSWER_BYTES)
            # What was cut off, or is larger, is not whole.
            cut_off.remaining_s()
            is_whole = not answer.length and len(content) < MAX_ANSWER_BYTES
    except _NO_ANSWER:
        return None
    is_well = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    return content if is_whole and is_well else None


def _connected(
    address: SplitResult, timeout_s: float, cut_off: CutOff
) -> http.client.HTTPConnection:
    """A connection through no proxy, whatever the environment names."""
    is_secure = address.scheme == "https"
    kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    host, port = address.hostname or "", address.port or kind.default_port
    connected = cut_off.connected(lambda: socket.create_connection((host, port), timeout_s))
    if is_secure:
        connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
    connection = kind(host, port, timeout=timeout_s)
    connection.sock = connected
    return connection
