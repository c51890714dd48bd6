"""Command line of the demo feed: `python -m services.observe.demo --port 8061`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from services.base.command_line import run_command
from services.observe.demo.feed import DEFAULT_SEED, DemoFeed
from services.observe.demo.server import LOOPBACK, DemoServer

_WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the demo feed until interrupted; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        server = DemoServer(
            DemoFeed(options.seed, options.segments), options.port, _clock(options.at)
        )
    except (ValueError, OverflowError, OSError) as error:
        sys.stderr.write(f"demo feed: cannot start on {LOOPBACK}:{options.port}: {error}\n")
        return _WRONG_USE
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("demo feed: stopped\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.observe.demo",
        description="Serve simulated traffic of Rennes over HTTP, on this machine only.",
        epilog="The address that it prints can be given as TRAFFIC_FEED_URL.",
    )
    parser.add_argument("--port", type=int, default=8061, help="0 takes a free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="default %(default)s")
    parser.add_argument("--segments", type=int, help="how many; default: those of the real network")
    parser.add_argument(
        "--at",
        type=_aware,
        metavar="TIME",
        help="answer for this ISO time with its offset, not for now",
    )
    return parser


def _aware(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO time") from None
    if time.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset, such as +01:00")
    return time


def _clock(at: datetime | None) -> Callable[[], datetime]:
    return (lambda: datetime.now(UTC)) if at is None else (lambda: at)


if __name__ == "__main__":
    run_command(main)
