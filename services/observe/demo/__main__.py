"""Command line of the demo feed.

python -m services.observe.demo --port 8061          serves it
python -m services.observe.demo compare CAPTURE      tells how it differs from real traffic
python -m services.observe.demo events --until DAY   tells how well its incidents are found
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.base.command_line import day_option, run_command
from services.base.errors import TrafficError
from services.city.rennes import RENNES
from services.observe.demo import compare, event_scores
from services.observe.demo.feed import DEFAULT_SEED, DemoFeed
from services.observe.demo.server import LOOPBACK, DemoServer

_WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the demo feed until interrupted, or compare it; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "compare":
        return _compare(options.capture)
    if options.command == "events":
        return _score_events(options)
    return _serve(options)


def _compare(path: Path) -> int:
    network = DemoFeed().network
    try:
        capture = compare.read_capture(path, network)
    except TrafficError as error:
        sys.stderr.write(f"{path}: {error}\n")
        return _WRONG_USE
    simulation = compare.simulated(capture)
    found = list(compare.comparisons(RENNES, network, capture, simulation))
    at = RENNES.local(capture.observed_at)
    sys.stdout.write(
        f"{path.name} of {at:%A %Y-%m-%d %H:%M} / {compare.DAYS} simulations of that time\n\n"
    )
    sys.stdout.write(compare.table(found))
    return 0


def _score_events(options: argparse.Namespace) -> int:
    try:
        feed = DemoFeed(options.seed, options.segments)
        scores = event_scores.score_days(feed, options.days, options.until, options.weeks)
    except (TrafficError, ValueError, OverflowError) as error:
        sys.stderr.write(f"{error}\n")
        return _WRONG_USE
    sys.stdout.write("\n".join([*event_scores.lines_of(scores), ""]))
    return 0


def _serve(options: argparse.Namespace) -> int:
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
    commands = parser.add_subparsers(dest="command", metavar="compare|events")
    comparing = commands.add_parser("compare", help="tell how it differs from a real capture")
    comparing.add_argument(
        "capture", type=Path, help="a reply or an export of the feed, in any form of an archive"
    )
    scoring = commands.add_parser(
        "events", help="tell how many of its incidents the unusual events find, and the reverse"
    )
    scoring.add_argument(
        "--until", type=day_option, required=True, metavar="YYYY-MM-DD", help="last day, in Rennes"
    )
    scoring.add_argument("--days", type=_count(366), default=14, help="default: %(default)s")
    scoring.add_argument(
        "--weeks",
        type=_count(52),
        default=4,
        help="before them, which what is usual is learnt from; default: %(default)s",
    )
    return parser


def _count(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is none of 1 to {most}")
        return int(text)

    return parse


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
