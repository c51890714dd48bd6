"""Whether pages are served, asked from outside as a visitor's browser asks."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

HEALTH_PATH: Final = "/healthz"
# Of Dash: what callbacks there are, and where they are called.
DEPENDENCIES_PATH: Final = "/_dash-dependencies"
CALLBACK_PATH: Final = "/_dash-update-component"
# What a page's timer counts up when it is time to refresh.
_TIMER: Final = "n_intervals"
# A visitor has given up by then.
LONGEST_ANSWER_SECONDS: Final = 5.0
# The pages of this machine or network are behind no proxy that the environment names.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def serves_pages(url: str, timeout_s: float = LONGEST_ANSWER_SECONDS) -> bool:
    """Whether ``/healthz`` answers well.

    Parameters
    ----------
    url : str
        Of the pages, without a slash at its end.
    timeout_s : float
        How long each part of the answer may take.
    """
    return _ask(url + HEALTH_PATH, timeout_s) is not None


def refreshes_pages(url: str, timeout_s: float = LONGEST_ANSWER_SECONDS) -> bool:
    """Whether a page that is open somewhere would be refreshed; parameters as above."""
    callbacks = _ask(url + DEPENDENCIES_PATH, timeout_s)
    try:
        body = _refresh_call(orjson.loads(callbacks or b"[]"))
    except (LookupError, TypeError, ValueError):
        return False
    return _ask(url + CALLBACK_PATH, timeout_s, body) is not None


def _refresh_call(callbacks: Sequence[Mapping[str, Any]]) -> bytes:
    """The call of the first callback that a timer fires and the server answers."""
    for callback in callbacks:
        timers = [part for part in callback["inputs"] if part["property"] == _TIMER]
        if timers and not callback["clientside_function"]:
            names = callback["output"].strip(".").split("...")
            outputs = [
                dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names
            ]
            call = {
                "output": callback["output"],
                "outputs": outputs if callback["output"].startswith("..") else outputs[0],
                "inputs": [_part(part) for part in callback["inputs"]],
                "state": [_part(part) for part in callback["state"]],
                "changedPropIds": [f"{timers[0]['id']}.{_TIMER}"],
            }
            return orjson.dumps(call)
    raise LookupError("no callback refreshes the page")


def _output(name: str) -> dict[str, str]:
    owner, _, value = name.rpartition(".")
    return {"id": owner, "property": value}


def _part(part: Mapping[str, str]) -> dict[str, object]:
    return {"id": part["id"], "property": part["property"], "value": None}


def _ask(url: str, timeout_s: float, body: bytes | None = None) -> bytes | None:
    """What is answered, if it is answered well."""
    headers = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - http(s), see the settings
    try:
        with _OPENER.open(request, timeout=timeout_s) as answer:
            content: bytes = answer.read()
            return content
    except (OSError, http.client.HTTPException):
        return None
