"""Refuses addresses and bodies that the package would fail at, before it sees them.

So whatever the package raises afterwards is a fault of ours: a 500 with a traceback in the journal.
"""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Annotated, Any

import flask
import msgspec
from werkzeug.exceptions import BadRequest, NotFound

MOST_DAYS = 400
# Far from the ends of the calendar, where the time of Rennes is none.
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
# Of SQLite.
_LARGEST_NUMBER = 2**63 - 1
_NUMBERS = frozenset(
    {
        "endpoint_id",
        "graph_id",
        "offset",
        "per_page",
        "stack_trace_snapshot_id",
        "function_definition_id",
    }
)
# What the package's own script takes for one of its pages, by the first part of its path.
_PAGES = frozenset(
    {
        "",
        "overview",
        "hourly_load",
        "exception_overview",
        "multi_version",
        "daily_utilization",
        "api_performance",
        "configuration",
        "database_management",
        "endpoint",
        "custom_graph",
    }
)
_LEVELS = frozenset({"-1", "0", "1", "2", "3"})


def _document(**fields: object) -> Any:
    return msgspec.defstruct("Document", list(fields.items()), forbid_unknown_fields=True)


def _choice(*names: str) -> Any:
    """What the package's script posts to ask for a graph: some lists of names."""
    return _document(data=_document(**dict.fromkeys(names, list[str])))


# By endpoint; a thousand years of weeks are more than there is to prune.
_BODIES = {
    "api_performance": _choice("endpoints"),
    "endpoint_users": _choice("users"),
    "endpoint_versions": _choice("versions"),
    "multi_version": _choice("endpoints", "versions"),
    "version_user": _choice("users", "versions"),
    "prune_database_on_demand": _document(
        age_threshold_weeks=Annotated[int, msgspec.Meta(ge=0, le=52_000)],
        delete_custom_graph_data=bool,
    ),
}


def check_request(package: ModuleType) -> None:
    """Refuse what the package would answer with a 500, with nothing or after a very long wait.

    Raises
    ------
    NotFound, BadRequest
    NoResultFound
        Of an endpoint that there is not.
    """
    request = flask.request
    parts = request.view_args or {}
    if not all(_is_number(str(parts[name])) for name in _NUMBERS & parts.keys()):
        raise NotFound
    if "per_page" in parts and not int(parts["per_page"]):
        raise NotFound
    if "endpoint_id" in parts:
        _check_rows(package, parts["endpoint_id"], parts.get("stack_trace_snapshot_id"))
    if "start_date" in parts:
        _check_period(parts["start_date"], parts["end_date"])
    if parts.get("path", "").partition("/")[0] not in _PAGES:
        raise NotFound
    _check_body((request.endpoint or "").rpartition(".")[2])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _LARGEST_NUMBER


def _check_rows(package: ModuleType, endpoint: int, snapshot: int | None) -> None:
    storage = package.database
    with storage.session_scope() as session:
        storage.endpoint.get_endpoint_by_id(session, endpoint)
        if snapshot is not None:
            known, asked = storage.ExceptionOccurrence, storage.Request
            found = session.query(known.id).join(asked, known.request_id == asked.id)
            found = found.filter(asked.endpoint_id == endpoint)
            if found.filter(known.stack_trace_snapshot_id == snapshot).first() is None:
                raise NotFound


def _check_period(start: str, end: str) -> None:
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        raise NotFound from None
    is_told = first.year >= _FIRST_YEAR and last.year <= _LAST_YEAR
    if not is_told or not 0 <= (last - first).days <= MOST_DAYS:
        raise NotFound(f"A period has 1 to {MOST_DAYS} days.")


def _check_body(endpoint: str) -> None:
    request = flask.request
    if endpoint in _BODIES and request.method == "POST":
        try:
            msgspec.json.decode(request.get_data(), type=_BODIES[endpoint])
        except (msgspec.DecodeError, RecursionError):
            raise BadRequest from None
    if endpoint == "set_rule":
        name, level = request.form.get("name"), request.form.get("value")
        if name not in flask.current_app.view_functions or level not in _LEVELS:
            raise BadRequest
