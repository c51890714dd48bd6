"""What a journal amounts to: errors by hour, slow paths, status codes, exceptions.

It reads this application's own lines, text or JSON, its rotated files (compressed or
not), and access lines as werkzeug's development server writes them, colours included.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from services.errors import StorageError

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_TEXT: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ "
    r"(?P<level>[A-Z]+) (?P<logger>\S+) (?P<message>.*)"
)
_ACCESS: Final = re.compile(
    r"\S+ - - \[(?P<time>\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d)\] "
    r'"(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3})'
)
_ACCESS_TIME: Final = "%d/%b/%Y %H:%M:%S"
_ANSWER: Final = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>/\S*) (?P<status>\d{3}) in (?P<ms>\d+) ms"
)
_EXCEPTION: Final = re.compile(r"(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt))\b")
_TRACEBACK: Final = "Traceback (most recent call last):"
_ERRORS: Final = frozenset({"ERROR", "CRITICAL"})
_MOST_SHOWN: Final = 10
_SERVER_ERROR: Final = 500


@dataclass
class Report:
    """What was found.

    Attributes
    ----------
    lines, unreadable : int
        Lines read, and those that are of no known form.
    errors_by_hour : Counter
        By local hour, ``2026-11-24 08``.
    statuses : Counter
        Status codes of the answers that the journal tells of.
    slowest_ms : dict
        The slowest answer of each path.
    exceptions : Counter
        By name.
    first_seen : dict
        When each exception came first.
    """

    lines: int = 0
    unreadable: int = 0
    errors_by_hour: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest_ms: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    exceptions: Counter[str] = field(default_factory=Counter)
    first_seen: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Entry:
    at: datetime
    is_error: bool
    message: str
    status: int | None = None


def report_on(paths: Sequence[Path], since: datetime | None = None) -> Report:
    """Read some journals, the oldest file first.

    Parameters
    ----------
    paths : sequence of Path
        ``app.log`` stands for its rotated files too.
    since : datetime, optional
        Local time without zone, as the lines have it; older ones are left out.

    Raises
    ------
    StorageError
        When a file cannot be read.
    """
    report = Report()
    for path in _with_rotated(paths):
        _read_into(report, _lines_of(path), since)
    return report


def as_text(report: Report) -> str:
    """The report for people."""
    sections = [
        f"{report.lines} lines, {report.unreadable} of no known form",
        _section("Errors by hour", sorted(report.errors_by_hour.items())),
        _section("Slowest paths, ms", _largest(report.slowest_ms)),
        _section("Status codes", sorted(report.statuses.items())),
        _section(
            "Exceptions, first seen",
            [
                (name, f"{count} × since {report.first_seen[name]}")
                for name, count in report.exceptions.most_common(_MOST_SHOWN)
            ],
        ),
    ]
    return "\n\n".join(sections)


def as_json(report: Report) -> str:
    """The report for machines."""
    return json.dumps(
        {
            "lines": report.lines,
            "unreadable": report.unreadable,
            "errors_by_hour": dict(sorted(report.errors_by_hour.items())),
            "slowest_ms": dict(_largest(report.slowest_ms)),
            "statuses": {str(code): count for code, count in sorted(report.statuses.items())},
            "exceptions": dict(report.exceptions),
            "first_seen": report.first_seen,
        }
    )


def _read_into(report: Report, lines: Iterable[str], since: datetime | None) -> None:
    entry: _Entry | None = None
    in_traceback = False
    for raw in lines:
        line = _COLOUR.sub("", raw.rstrip("\n"))
        found = _entry(line)
        if found is not None:
            entry = found if since is None or found.at >= since else None
            in_traceback = False
            if entry is not None:
                report.lines += 1
                _count(report, entry)
            continue
        if entry is None and since is not None:
            continue
        report.lines += 1
        if line.startswith(_TRACEBACK):
            in_traceback = True
        elif in_traceback and entry is not None:
            # The last line of a traceback, and none of its code, begins at the margin.
            name = _EXCEPTION.match(line)
            if name:
                _count_exception(report, name["name"], entry.at)
        elif line.strip():
            report.unreadable += 1


def _entry(line: str) -> _Entry | None:
    try:
        if line.startswith("{"):
            return _json_entry(json.loads(line))
        if text := _TEXT.match(line):
            at = datetime.fromisoformat(text["time"])
            return _Entry(at, text["level"] in _ERRORS, text["message"])
        if access := _ACCESS.match(line):
            status = int(access["status"])
            at = datetime.strptime(access["time"], _ACCESS_TIME)
            return _Entry(at, status >= _SERVER_ERROR, "", status)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _json_entry(content: dict[str, Any]) -> _Entry:
    at = datetime.fromisoformat(content["time"])
    local = at.astimezone().replace(tzinfo=None) if at.tzinfo else at
    message = "\n".join(filter(None, (content["message"], content.get("exc_info"))))
    return _Entry(local, content["level"] in _ERRORS, message)


def _count(report: Report, entry: _Entry) -> None:
    if entry.is_error:
        report.errors_by_hour[f"{entry.at:%Y-%m-%d %H}"] += 1
    if entry.status is not None:
        report.statuses[entry.status] += 1
    if answer := _ANSWER.search(entry.message):
        path = urlsplit(answer["path"]).path
        report.statuses[int(answer["status"])] += 1
        report.slowest_ms[path] = max(report.slowest_ms[path], int(answer["ms"]))
    if _TRACEBACK in entry.message:
        for line in entry.message.splitlines():
            if (name := _EXCEPTION.match(line)) is not None:
                _count_exception(report, name["name"], entry.at)


def _count_exception(report: Report, name: str, at: datetime) -> None:
    report.exceptions[name] += 1
    report.first_seen.setdefault(name, f"{at:%Y-%m-%d %H:%M:%S}")


def _with_rotated(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        rotated = [
            other
            for other in path.parent.glob(f"{path.name}.*")
            if re.fullmatch(r"\.\d+(\.gz)?", other.name.removeprefix(path.name))
        ]
        for other in sorted(rotated, key=_age_of, reverse=True):
            found[other] = None
        found[path] = None
    return list(found)


def _age_of(path: Path) -> int:
    return int(path.name.removesuffix(".gz").rsplit(".", 1)[1])


def _lines_of(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            for line in stream:
                yield line.decode("utf-8", "replace")
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from None


def _largest(values: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: -item[1])[:_MOST_SHOWN]


def _section(title: str, rows: Sequence[tuple[object, object]]) -> str:
    body = [f"  {name}  {value}" for name, value in rows] or ["  none"]
    return "\n".join([title, *body])
