"""``python -m benchmarks``: measures, prints a table, and keeps it in ``benchmarks/results/``."""

from __future__ import annotations

import argparse
import importlib
import logging
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Final

from benchmarks import report
from benchmarks.rows import NotMeasured, Options, Row
from services.base.command_line import run_command

# TensorFlow's own threads come last, when nothing else is measured any more.
SECTIONS: Final = {
    "parse": "from the bytes of a reply to a checked snapshot",
    "columns": "pydantic, pandera: which checks the columns faster",
    "wire": "bytes of a refresh on the wire",
    "latency": "server time of a refresh and of the choice of an hour",
    "throughput": "refreshes per second",
    "shared_cache": "2,000 refreshes a second through nginx's cache, against Python",
    "files": "the largest file of the page, asked for by 200 visitors at once",
    "monitoring": "what measuring requests costs, and 10,000 viewers at the default level",
    "history": "appending, usual week and replay of a month of history",
    "replication": "requests, bytes and time of a snapshot through an object storage",
    "events": "unusual events of a snapshot",
    "start": "start to first page, and memory",
    "recovery": "kill -9 of a role to its first sign of life",
    "browser": "load and refresh in Chromium",
    "first_visit": "bytes of a first visit, and its paints on a slow line and processor",
    "predict": "forecast of an hour: table against model.predict",
    "nowcast": "next hour of every segment: time and bytes",
    "camera": "a street picture through the camera's process",
    "month": "the worker's memory and disk over 30 simulated days (half an hour; if asked for)",
    "dask": "computations over 400 days by one process and by two workers (if asked for)",
    "trends": "what is asked of 400 days of history, and refreshes beside it (if asked for)",
    "size": "30,000 and 100,000 segments from the reply to the browser (if asked for)",
}
# Too long for every run.
_IF_ASKED_FOR: Final = frozenset({"month", "dask", "trends", "size"})
_ALWAYS: Final = [name for name in SECTIONS if name not in _IF_ASKED_FOR]
_UNEXPECTED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; a missed target is printed and changes no exit code."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    # What is under way ends its processes on the way out.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _leave)
    results: dict[str, list[Row]] = {}
    exit_code = 0
    for section in options.only:
        sys.stderr.write(f"{section}: {SECTIONS[section]} … ")
        sys.stderr.flush()
        started = time.monotonic()
        rows = results[section] = []
        try:
            rows.extend(_measure(section)(Options(is_quick=options.quick)))
        except NotMeasured as reason:
            rows.append(Row(SECTIONS[section], None, note=str(reason)))
        except Exception:  # the other sections are still worth having
            traceback.print_exc()
            rows.append(Row(SECTIONS[section], None, note="failed: the terminal tells why"))
            exit_code = _UNEXPECTED
        sys.stderr.write(f"{time.monotonic() - started:.0f} s\n")
    machine = report.describe_machine(is_quick=options.quick)
    document = report.to_markdown(results, machine)
    sys.stdout.write(document)
    if options.quick or not results.keys() >= set(_ALWAYS):
        sys.stderr.write("not kept: only a full run is\n")
    else:
        report.keep(document, report.to_json(results, machine))
    return exit_code


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {name:<11} {meaning}" for name, meaning in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure speed and size, each figure beside a plain baseline of the same "
        "run; a full run is kept in benchmarks/results/.",
        epilog=f"sections:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        type=_sections,
        default=_ALWAYS,
        metavar="SECTION,…",
        help="these sections only",
    )
    parser.add_argument(
        "--quick", action="store_true", help="few repetitions: the figures are not to be trusted"
    )
    return parser.parse_args(arguments)


def _sections(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no section {', '.join(unknown)}: there are {', '.join(SECTIONS)}"
        )
    return [name for name in SECTIONS if name in names]


def _measure(section: str) -> Callable[[Options], Iterator[Row]]:
    measure: Callable[[Options], Iterator[Row]]
    measure = importlib.import_module(f"benchmarks.{section}").measure
    return measure


def _leave(signal_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    run_command(main)
