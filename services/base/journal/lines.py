"""How a line of the journal is written, and read again: text for people, JSON for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
import uuid
from datetime import datetime
from typing import Any, Final, Literal

from pythonjsonlogger.json import JsonFormatter

from services.base.privacy import without_personal_data

LogFormat = Literal["text", "json"]

TEXT_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s%(request_mark)s"
REQUEST_ID_HEADER: Final = "X-Request-ID"
# All that a line of JSON tells; what a library hung on its record may name a person, unmasked.
JSON_FIELDS: Final = ("time", "level", "logger", "message", "request", "exc_info", "stack_info")
# What a proxy in front may hand over; anything else is not written into the journal.
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_TEXT_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_TIME_FORM: Final = "%Y-%m-%d %H:%M:%S"
# Whatever anything splits lines at (``str.splitlines`` and Unicode's own separators among them),
# and what moves the cursor of a terminal.
_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_ESCAPED: Final = {code: ascii(chr(code))[1:-1] for code in _CONTROLS}
# A traceback has lines.
_ESCAPED_IN_TRACEBACK: Final = {c: text for c, text in _ESCAPED.items() if chr(c) not in "\n\t"}


class RequestMark(logging.Filter):
    """Adds the request that a line is about, where there is one; keeps a message on its line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never leaves a line out."""
        found = current_request_id()
        record.request_id = found
        record.request_mark = f" request={found}" if found else ""
        # What a client sent must not look like a line of its own.
        record.msg, record.args = record.getMessage().translate(_ESCAPED), ()
        return True


class _PrivateText(logging.Formatter):
    """Writes a line without what it may say of a person, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return without_personal_data(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return _quoted(super().formatException(ei))


class _PrivateJson(JsonFormatter):
    """The same as JSON; field by field, so that it stays JSON."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return _quoted(str(super().formatException(ei)))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {
            name: without_personal_data(value) if isinstance(value, str) else value
            for name, value in super().process_log_record(log_data).items()
            if name in JSON_FIELDS
        }


def _quoted(traceback: str) -> str:
    """A traceback of which no line looks like one of the journal, whatever an error says."""
    lines = traceback.translate(_ESCAPED_IN_TRACEBACK).split("\n")
    return "\n".join(f" {line}" if moment_of_line(line) is not None else line for line in lines)


def formatter(log_format: LogFormat) -> logging.Formatter:
    """The formatter of a form."""
    if log_format == "text":
        return _PrivateText(TEXT_FORMAT)
    return _PrivateJson(
        ["levelname", "name", "message", "request_id", "exc_info"],
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger", "request_id": "request"},
        json_ensure_ascii=False,
    )


def current_request_id() -> str | None:
    """The id of the request in progress; None outside of one."""
    # Not imported here: every role would wait for it at its start, and most serve nothing.
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return None
    found: str | None = flask.g.get("request_id")
    if found is None:
        given = flask.request.headers.get(REQUEST_ID_HEADER, "")
        found = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        flask.g.request_id = found
    return found


def moment_of_line(line: str) -> float | None:
    """When a line was written, seconds since 1970; None for one that does not say.

    Text lines tell the local time of the process, as ``logging`` writes it.
    """
    try:
        if line.startswith("{"):
            return datetime.fromisoformat(json.loads(line)["time"]).timestamp()
        found = _TEXT_TIME.match(line)
        return None if found is None else datetime.strptime(found[0], _TIME_FORM).timestamp()
    except (ValueError, KeyError, TypeError):
        return None
