"""Requests of Dash's own protocol that no page of ours makes: the caller's fault, not ours.

Dash answers 500 to a callback that does not exist, to one whose parts are missing or of another
form, and to a script that it does not know, with which anybody could raise an alarm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import orjson
from dash import Dash
from dash.dash import _ID_CONTENT
from dash.exceptions import DependencyException
from flask import Flask, abort, request
from werkzeug.exceptions import NotFound

from services.base.errors import InvalidRequest
from services.metrics.dash_callbacks import CALLBACK_PATH
from services.web.server.limits import MAX_BODY_BYTES

# As Dash writes ids that are filled in by what is on the page, within their JSON.
_WILDCARDS: Final = (["ALL"], ["MATCH"], ["ALLSMALLER"])
# Dash's own callback, which takes the texts of an address for granted.
_ROUTER: Final = f"..{_ID_CONTENT}.children."


def register(server: Flask, pages: Sequence[Dash], *, large_input: str) -> None:
    """Answer 400, 404 and 413 to them.

    Parameters
    ----------
    pages : sequence of Dash
        May still grow: it is read at the first request.
    large_input : str
        ``id.property`` of the input for whose sake a call may be larger than others.
    """

    @cache
    def answered(prefix: str) -> Mapping[str, Mapping[str, Any]]:
        """The callbacks of a page that run here, and not in the browser."""
        return {
            key: callback
            for page in pages
            if page.config.routes_pathname_prefix.rstrip("/") == prefix
            for key, callback in page.callback_map.items()
            if "callback" in callback
        }

    @server.before_request
    def check_callback() -> None:
        prefix, found, rest = request.path.partition(CALLBACK_PATH)
        if not found or rest or request.method != "POST":
            return
        is_large = len(request.get_data()) > MAX_BODY_BYTES
        body = request.get_json(silent=is_large)
        called = body if isinstance(body, dict) else {}
        output = called.get("output")
        callback = answered(prefix).get(output) if isinstance(output, str) else None
        if is_large and not (callback and large_input in map(_name, callback["inputs"])):
            abort(413)
        if callback is None:
            abort(400, "there is no such callback")
        if not _is_call(called, str(output), callback):
            abort(400, "the parts of this callback are others")
        if str(output).startswith(_ROUTER) and not _is_address(called["inputs"]):
            abort(400, "this is no address")

    @server.errorhandler(DependencyException)
    def unknown_script(_error: DependencyException) -> NotFound:
        return NotFound()


def text_of(name: str, value: object) -> str:
    """A value of a callback that must be a text; empty for None.

    Raises
    ------
    InvalidRequest
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(name, str(value)[:20], "a text")
    return value


def _is_call(called: Mapping[str, Any], output: str, callback: Mapping[str, Any]) -> bool:
    """Whether a call has the parts that its page would send, whatever their values."""
    inputs, changed = called.get("inputs"), called.get("changedPropIds", [])
    names = output.strip(".").split("...")
    written = called.get("outputs")
    outputs = written if output.startswith("..") else [written]
    return (
        _are_parts(inputs, callback["inputs"])
        and _are_parts(called.get("state", []), callback["state"])
        and isinstance(outputs, list)
        and [_name(part) for part in outputs] == names
        and isinstance(changed, list)
        and set(map(str, changed)) <= set(_names(inputs))
    )


def _is_address(parts: Sequence[Mapping[str, Any]]) -> bool:
    """Whether they are a path and what follows it."""
    given = [part.get("value") for part in parts]
    return all(isinstance(text, str) for text in given) and str(given[0]).startswith("/")


def _are_parts(given: object, wanted: Sequence[Mapping[str, Any]]) -> bool:
    return (
        isinstance(given, list) and len(given) == len(wanted) and all(map(_is_part, given, wanted))
    )


def _is_part(given: object, wanted: Mapping[str, Any]) -> bool:
    if not wanted["id"].startswith("{"):
        return _name(given) == f"{wanted['id']}.{wanted['property']}"
    return isinstance(given, list) and all(
        isinstance(part, dict)
        and part.get("property") == wanted["property"]
        and _matches(part.get("id"), orjson.loads(wanted["id"]))
        for part in given
    )


def _matches(given: object, pattern: Mapping[str, object]) -> bool:
    return (
        isinstance(given, dict)
        and given.keys() == pattern.keys()
        and all(
            isinstance(given[key], str) if one in _WILDCARDS else given[key] == one
            for key, one in pattern.items()
        )
    )


def _names(parts: Any) -> list[str]:
    """How a call names the parts that changed."""
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return [_name(part) for part in flat]


def _name(part: object) -> str:
    if not isinstance(part, dict):
        return ""
    owner = part.get("id")
    if isinstance(owner, dict):
        owner = orjson.dumps(owner, option=orjson.OPT_SORT_KEYS).decode()
    return f"{owner}.{part.get('property')}"
