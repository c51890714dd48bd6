"""How every command of the project ends: by its exit code, never by the terminal's traceback."""

from __future__ import annotations

import argparse
import io
import os
import select
import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Final, NoReturn, ParamSpec

from services.base.clock import written_day
from services.base.errors import TrafficError

# As a shell reports a program that SIGPIPE or SIGINT ended.
PIPE_CLOSED: Final = 141
INTERRUPTED: Final = 130
# As argparse ends a command whose options are wrong.
REFUSED: Final = 2

P = ParamSpec("P")


def run_command(main: Callable[[], int]) -> NoReturn:
    r"""Run a command and exit with its code.

    What the terminal cannot show is written as an escape (``\xe9``). Once nobody
    reads the output any more, as after ``| head -1``, the command ends with
    :data:`PIPE_CLOSED`; interrupted by its user, with :data:`INTERRUPTED`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            code = main()
        finally:
            # Here and not when the interpreter ends, where nothing catches.
            sys.stdout.flush()
    except BrokenPipeError:
        # Another pipe than the terminal's is a fault to be seen.
        if not _drop_unread_output():
            raise
        code = PIPE_CLOSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def tells_errors(main: Callable[P, int]) -> Callable[P, int]:
    """A command that tells in one line what it cannot do, and then ends with :data:`REFUSED`.

    An error of this project, or a file that the machine does not give or take, by its name; any
    other is a fault to be seen.
    """

    @wraps(main)
    def telling(*arguments: P.args, **options: P.kwargs) -> int:
        try:
            return main(*arguments, **options)
        except TrafficError as error:
            told = str(error)
        except OSError as error:
            if error.filename is None:
                raise
            told = f"{os.fsdecode(error.filename)}: {error.strerror}"
        sys.stderr.write(f"{told}\n")
        return REFUSED

    return telling


def day_option(text: str) -> date:
    """The day of an option of argparse's, written YYYY-MM-DD."""
    try:
        return written_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _drop_unread_output() -> bool:
    """Whether nobody reads one of the streams; what is left for it goes nowhere."""
    found = False
    for stream in (sys.stdout, sys.stderr):
        poll = select.poll()
        poll.register(stream, select.POLLOUT)
        if any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            found = True
    return found
