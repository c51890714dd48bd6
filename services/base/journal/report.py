"""What a journal amounts to: errors by hour, slow paths, status codes, exceptions.

It reads this application's own lines, text or JSON, its rotated files (compressed or
not), and what applications like it write: see ``services.base.journal.shapes``.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from services.base.errors import StorageError
from services.base.formats import plural
from services.base.journal.shapes import TRACEBACK, Entry, entry_of, exception_of, stripped

_MAX_SHOWN: Final = 10
_NO_TIME: Final = "no time told"
_NOT_UNDERSTOOD: Final = (
    "{path}: nothing in it was understood. Known are lines of Python's logging, Flask, gunicorn, "
    "uvicorn and loguru, access lines of any server, and JSON with a time, a level and a message"
)


@dataclass
class Report:
    """What was found.

    Attributes
    ----------
    lines, unreadable : int
        Lines read, and those that are of no known form.
    not_understood : list of Path
        Files that have lines and none of a known form.
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
    not_understood: list[Path] = field(default_factory=list)
    errors_by_hour: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest_ms: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    exceptions: Counter[str] = field(default_factory=Counter)
    first_seen: dict[str, str] = field(default_factory=dict)


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
        if not _read_into(report, _lines_of(path), since):
            report.not_understood.append(path)
    return report


def as_text(report: Report) -> str:
    """The report for people; of files that were not understood, just that."""
    told = [_NOT_UNDERSTOOD.format(path=path) for path in report.not_understood]
    if told and report.lines == report.unreadable:
        return "\n".join(told)
    sections = [
        *told,
        f"{report.lines} {plural('line', report.lines)}, {report.unreadable} of no known form",
        _section("Errors by hour", sorted(report.errors_by_hour.items())),
        _section("Slowest paths, ms", _largest(report.slowest_ms)),
        _section("Status codes", sorted(report.statuses.items())),
        _section(
            "Exceptions, first seen",
            [
                (name, f"{count} × since {report.first_seen[name]}")
                for name, count in report.exceptions.most_common(_MAX_SHOWN)
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
            "not_understood": [str(path) for path in report.not_understood],
            "errors_by_hour": dict(sorted(report.errors_by_hour.items())),
            "slowest_ms": dict(_largest(report.slowest_ms)),
            "statuses": {str(code): count for code, count in sorted(report.statuses.items())},
            "exceptions": dict(report.exceptions),
            "first_seen": report.first_seen,
        }
    )


def _read_into(report: Report, lines: Iterable[str], since: datetime | None) -> bool:
    """Count the lines of a file; whether one of them was understood, or there was none."""
    reading = _Reading(report, since)
    for line in lines:
        reading.take(stripped(line))
    return reading.entries > 0 or reading.strange == 0


class _Reading:
    """One file, line by line: entries, and the tracebacks below them."""

    def __init__(self, report: Report, since: datetime | None) -> None:
        self.entries = 0
        self.strange = 0
        self._report = report
        self._since = since
        # Lines that tell no time were written after the last one that did.
        self._at: datetime | None = None
        self._is_wanted = since is None
        # Within a traceback, its end not reached yet; below its end, lines of its message.
        self._in_traceback = False
        self._below_traceback = False

    def take(self, line: str) -> None:
        """Count one line."""
        entry = entry_of(line)
        if entry is not None:
            self.entries += 1
            self._begin(entry)
        elif line.strip():
            self._go_on(line)

    def _begin(self, entry: Entry) -> None:
        self._at = entry.at or self._at
        self._in_traceback = self._below_traceback = False
        if self._since is not None:
            self._is_wanted = self._at is not None and self._at >= self._since
        if not self._is_wanted:
            return
        self._report.lines += 1
        _count(self._report, entry, self._at)
        for line in entry.more.splitlines():
            self._follow(line)
        self._in_traceback |= entry.message.endswith(TRACEBACK)

    def _go_on(self, line: str) -> None:
        is_known = self._follow(line)
        if not is_known:
            self.strange += 1
        if self._is_wanted:
            self._report.lines += 1
            self._report.unreadable += not is_known

    def _follow(self, line: str) -> bool:
        """Whether a line is part of a traceback; the last one of it is counted."""
        if line.startswith(TRACEBACK):
            self._in_traceback = True
        elif self._in_traceback and (name := exception_of(line)) is not None:
            if self._is_wanted:
                _count_exception(self._report, name, self._at)
            self._in_traceback, self._below_traceback = False, True
        return self._in_traceback or self._below_traceback


def _count(report: Report, entry: Entry, at: datetime | None) -> None:
    if entry.is_error:
        report.errors_by_hour[_NO_TIME if at is None else f"{at:%Y-%m-%d %H}"] += 1
    if entry.status is not None:
        report.statuses[entry.status] += 1
    if entry.path is not None and entry.ms is not None:
        report.slowest_ms[entry.path] = max(report.slowest_ms[entry.path], entry.ms)


def _count_exception(report: Report, name: str, at: datetime | None) -> None:
    report.exceptions[name] += 1
    report.first_seen.setdefault(name, _NO_TIME if at is None else f"{at:%Y-%m-%d %H:%M:%S}")


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
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"cannot read {path}: {reason}") from None


def _largest(values: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: -item[1])[:_MAX_SHOWN]


def _section(title: str, rows: Sequence[tuple[object, object]]) -> str:
    body = [f"  {name}  {value}" for name, value in rows] or ["  none"]
    return "\n".join([title, *body])
