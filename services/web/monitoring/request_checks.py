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

MAX_DAYS = 400
# Far from the ends of the calendar, where the time of Rennes is none.
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
# Of SQLite.
_LARGEST_NUMBER = 2**63 - 1
_Number = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_NUMBER)]
# PostgreSQL keeps no text with this sign.
_Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
# What the package's own script takes for one of its pages.
_Page = Annotated[
    str,
    msgspec.Meta(
        pattern="^(|overview|hourly_load|exception_overview|multi_version|daily_utilization|"
        "api_performance|configuration|database_management|endpoint|custom_graph)(/|$)"
    ),
]
_LEVELS = frozenset({"-1", "0", "1", "2", "3"})


def _document(**fields: object) -> Any:
    return msgspec.defstruct("Document", list(fields.items()), forbid_unknown_fields=True)


def _choice(*names: str) -> Any:
    """What the package's script posts to ask for a graph: some lists of names."""
    return _document(data=_document(**dict.fromkeys(names, list[_Name])))


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


class _Parts(msgspec.Struct):
    """The parts that addresses have; each has some of them."""

    endpoint_id: _Number = 0
    graph_id: _Number = 0
    stack_trace_snapshot_id: _Number = 0
    function_definition_id: _Number = 0
    offset: _Number = 0
    per_page: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_NUMBER)] = 1
    start_date: date = date(_FIRST_YEAR, 1, 1)
    end_date: date = date(_FIRST_YEAR, 1, 1)
    path: _Page = ""


def asked_for() -> str:
    """The endpoint of the request in progress, as the package calls it."""
    return (flask.request.endpoint or "").rpartition(".")[2]


def check_request(package: ModuleType) -> None:
    """Refuse what the package would answer with a 500, with nothing or after a very long wait.

    Raises
    ------
    NotFound, BadRequest
    NoResultFound
        Of an endpoint that there is not.
    """
    given = flask.request.view_args or {}
    try:
        parts = msgspec.convert(given, _Parts, strict=False)
    except msgspec.ValidationError:
        raise NotFound from None
    is_told = parts.start_date.year >= _FIRST_YEAR and parts.end_date.year <= _LAST_YEAR
    if not is_told or not 0 <= (parts.end_date - parts.start_date).days <= MAX_DAYS:
        raise NotFound(f"A period has 1 to {MAX_DAYS} days.")
    # The package gets what was understood, not what was written.
    numbers = {name: n for name, n in msgspec.structs.asdict(parts).items() if isinstance(n, int)}
    given.update({name: number for name, number in numbers.items() if name in given})
    if asked_for() == "index":
        # What the page asks for would have no answer, which it could tell of no better.
        with package.database.session_scope() as session:
            session.query(package.database.Endpoint.id).first()
    if "endpoint_id" in given:
        _check_rows(package, parts.endpoint_id, given.get("stack_trace_snapshot_id"))
    _check_body(asked_for())


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
