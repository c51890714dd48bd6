"""The shapes of lines that a report understands, of this application's journal and of others.

A line of a journal tells a level near its beginning, mostly after a time, whatever
separates them: ``time LEVEL logger message``, ``time - logger - LEVEL - message``,
``[time] LEVEL in module: message`` (Flask), ``[time zone] [pid] [LEVEL] message``
(gunicorn), ``LEVEL:logger:message`` (logging's own default), ``LEVEL:     message``
(uvicorn), ``time | LEVEL | place - message`` (loguru), or all that as JSON. An access
line (``"GET /path HTTP/1.1" 200``) is found after any of these, or after nothing; so are
both after what Docker Compose, syslog and journald put in front.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

TRACEBACK: Final = "Traceback (most recent call last):"

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
# Docker Compose names the container before a bar; syslog and journald tell time, host, program.
_CARRIER: Final = re.compile(
    r"[\w.-]+ +\| "
    r"|(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+-]+Z?) [\w.-]+ [\w.@/-]+"
    r"(?:\[\d+\])?: "
)
_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_TIME: Final = re.compile(
    rf"(?P<day>\d{{4}}[-/]\d\d[-/]\d\d)[T ](?P<clock>{_CLOCK}) ?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
# werkzeug has a blank before the clock and no zone, all others a colon and a zone.
_ACCESS_TIME: Final = re.compile(
    r"\[(?P<day>\d\d/[A-Z][a-z]{2}/\d{4})[ :](?P<clock>\d\d:\d\d:\d\d)(?: (?P<zone>[+-]\d{4}))?\]"
)
_LEVELS: Final = frozenset(
    {"TRACE", "DEBUG", "INFO", "SUCCESS", "NOTICE", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"}
)
_ERRORS: Final = frozenset({"ERROR", "CRITICAL", "FATAL"})
_LEVEL_ALONE: Final = re.compile(r"\[?(?P<level>[A-Z]+)\]?(?:\s*[:|-]|\s)")
# A level is among the first words after the time: a process, a thread and a logger may be before.
_HEAD_CHARACTERS: Final = 160
_HEAD_WORDS: Final = 5
_HEAD_SEPARATORS: Final = re.compile(r"[\s\[\]|:,()-]+")
_METHODS: Final = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE"
_ACCESS: Final = re.compile(
    rf'"(?:{_METHODS}) (?P<path>\S+)(?: HTTP/[\d.]+)?" (?P<status>[1-5]\d\d)\b'
)
# As this application tells a slow answer, and as hooks of others like to.
_ANSWER: Final = re.compile(
    rf"\b(?:{_METHODS}) (?P<path>/\S*)(?: HTTP/[\d.]+)? "
    r"(?:-> |→ |- |status=)?(?P<status>[1-5]\d\d)\b"
    r"(?:,? ?(?:in|took|-)? \(?(?P<time>\d+(?:\.\d+)?) ?(?P<unit>ms|s)\b)?"
)
_UNIT_MS: Final = {"ms": 1.0, "s": 1000.0}
_SERVER_ERROR: Final = 500
_EXCEPTION: Final = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?:: .*|:)?")
_TIME_KEYS: Final = ("time", "timestamp", "@timestamp", "asctime", "ts")
_LEVEL_KEYS: Final = ("level", "levelname", "severity", "log.level")
_MESSAGE_KEYS: Final = ("message", "msg", "event")
_TRACEBACK_KEYS: Final = ("exc_info", "exception", "exc_text", "traceback", "stack_trace")
_STATUS_KEYS: Final = ("status", "status_code")


@dataclass(frozen=True)
class Entry:
    """What a line tells.

    Attributes
    ----------
    at : datetime or None
        Local time without zone.
    is_error : bool
        By its level; of an access line without one, by its status.
    message : str
        The line, or the message inside.
    more : str
        Further lines that it carries: a traceback inside JSON.
    status : int or None
        Of the answer that it tells of.
    path : str or None
        Of that answer, without its query.
    ms : int or None
        How long that took.
    """

    at: datetime | None
    is_error: bool
    message: str
    more: str = ""
    status: int | None = None
    path: str | None = None
    ms: int | None = None


def stripped(line: str) -> str:
    """A line without colours and without what carried it here."""
    line = _COLOUR.sub("", line.rstrip("\r\n"))
    carrier = _CARRIER.match(line)
    return line if carrier is None else line[carrier.end() :]


def entry_of(line: str) -> Entry | None:
    """What a line tells; None for one that begins nothing of a known shape."""
    if line.startswith("{"):
        return _entry_of_json(line)
    head = line[:_HEAD_CHARACTERS]
    time = _TIME.search(head)
    level = _level_of(head, time)
    access = _ACCESS.search(line)
    if level is None and access is None:
        return None
    at = _access_time_of(line) if time is None else _time_of(time)
    return _entry(at, level, line)


def exception_of(line: str) -> str | None:
    """The name of the exception in the last line of a traceback; None for any line before.

    Only the last line begins at the margin.
    """
    found = _EXCEPTION.fullmatch(line.rstrip())
    return None if found is None else found["name"]


def _entry_of_json(line: str) -> Entry | None:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    level, message = _first(content, _LEVEL_KEYS), _first(content, _MESSAGE_KEYS)
    if level is None and message is None:
        return None
    status = _first(content, _STATUS_KEYS)
    return _entry(
        _moment(_first(content, _TIME_KEYS)),
        None if level is None else str(level).upper(),
        str(message or ""),
        more="\n".join((str(message or ""), str(_first(content, _TRACEBACK_KEYS) or ""))),
        status=status if isinstance(status, int) else None,
    )


def _entry(
    at: datetime | None,
    level: str | None,
    message: str,
    *,
    more: str = "",
    status: int | None = None,
) -> Entry:
    answer = _ACCESS.search(message) or _ANSWER.search(message)
    if answer is None:
        is_error = level in _ERRORS if level else (status or 0) >= _SERVER_ERROR
        return Entry(at, is_error, message, more, status)
    status, told = int(answer["status"]), answer.groupdict()
    ms = round(float(told["time"]) * _UNIT_MS[told["unit"]]) if told.get("time") else None
    is_error = level in _ERRORS if level else status >= _SERVER_ERROR
    return Entry(at, is_error, message, more, status, _path(answer["path"]), ms)


def _level_of(head: str, time: re.Match[str] | None) -> str | None:
    if time is None:
        alone = _LEVEL_ALONE.match(head)
        return alone["level"] if alone is not None and alone["level"] in _LEVELS else None
    words = _HEAD_SEPARATORS.split(
        f"{head[: time.start()]} {head[time.end() :]}".strip(" []|:,()-")
    )
    return next((word for word in words[:_HEAD_WORDS] if word in _LEVELS), None)


def _time_of(found: re.Match[str]) -> datetime | None:
    try:
        day, clock = found["day"].replace("/", "-"), found["clock"].replace(",", ".")
        return _without_zone(datetime.fromisoformat(f"{day}T{clock}{found['zone'] or ''}"))
    except ValueError:
        return None


def _access_time_of(line: str) -> datetime | None:
    found = _ACCESS_TIME.search(line)
    if found is None:
        return None
    zone = found["zone"] or ""
    try:
        told = f"{found['day']} {found['clock']}{zone}"
        form = f"%d/%b/%Y %H:%M:%S{'%z' if zone else ''}"
        return _without_zone(datetime.strptime(told, form))
    except ValueError:
        return None


def _moment(told: object) -> datetime | None:
    """The time in a JSON line: ISO 8601, or seconds since 1970."""
    try:
        if isinstance(told, int | float):
            return _without_zone(datetime.fromtimestamp(told, UTC))
        return _without_zone(datetime.fromisoformat(str(told).replace(",", ".")))
    except (ValueError, OverflowError, OSError):
        return None


def _without_zone(moment: datetime) -> datetime:
    return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment


def _path(target: str) -> str:
    try:
        return urlsplit(target).path
    except ValueError:
        return target


def _first(content: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((content[name] for name in names if content.get(name) is not None), None)
