"""``python -m services.base.journal report FILE…``: what a journal amounts to."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from services.base.command_line import run_command, tells_errors
from services.base.journal.report import as_json, as_text, report_on

_AGO: Final = re.compile(r"(\d+)\s*(m|h|d)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """A time, local: ISO 8601, or so long ago, as ``30m``, ``2h`` or ``7d``.

    Raises
    ------
    argparse.ArgumentTypeError
    """
    if ago := _AGO.fullmatch(text):
        return datetime.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a time nor 30m, 2h, 7d") from None
    return at.astimezone().replace(tzinfo=None) if at.tzinfo else at


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Print a report; returns the exit code.

    0: done. 1: nothing was understood of some file. 2: one could not be read.
    """
    parser = argparse.ArgumentParser(prog="python -m services.base.journal")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser(
        "report",
        help="errors by hour, slowest paths, status codes and exceptions",
        description="Sum up journals: app.log with its rotated files, text or JSON, or those of "
        "applications like this one (logging, Flask, gunicorn, uvicorn, loguru; access lines "
        "after any prefix). Lines of no known form are counted.",
    )
    report.add_argument("files", nargs="+", type=Path, metavar="FILE")
    report.add_argument("--since", type=moment, help="a local time, or so long ago: 30m, 2h, 7d")
    report.add_argument("--format", choices=["text", "json"], default="text")
    options = parser.parse_args(arguments)
    found = report_on(options.files, options.since)
    sys.stdout.write((as_json if options.format == "json" else as_text)(found) + "\n")
    return 1 if found.not_understood else 0


if __name__ == "__main__":
    run_command(main)
