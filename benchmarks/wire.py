"""Bytes of a refresh on the wire: status line, headers and body, against a whole new figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks import baseline_servers
from benchmarks.demo_traffic import Publisher, checked_replies, real_reply
from benchmarks.http_client import Connection
from benchmarks.refreshes import PlainPage, RefreshingPage
from benchmarks.rows import Options, Row, Spread, Target, exactly, spread, times_less
from benchmarks.servers import APPLICATION, gunicorn, workplace
from services.observe.feeds.reply import CheckedReply

NEWS_TARGET: Final = Target(2_000, "at most", "worst run")
NOTHING_NEW_TARGET: Final = Target(400, "at most", "worst run")
_HOURS_OF_A_DAY: Final = 24


@dataclass(frozen=True)
class WireBytes:
    """Sizes of whole responses, and of the longest request of a refresh."""

    news: Spread
    nothing_new: Spread
    request: int
    whole_figure: Spread


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows of the wire; snapshots are taken through a whole day."""
    count = options.repeat(_HOURS_OF_A_DAY, 4)
    demo = _wire_bytes(checked_replies(count, timedelta(hours=_HOURS_OF_A_DAY / count)))
    hours = f"{count} hours of a demo day"
    yield _row(f"response with news, {hours}", demo.news, demo.whole_figure, NEWS_TARGET)
    real = real_reply()
    if real is not None:
        sizes = _wire_bytes([real])
        yield _row("response with news, real reply", sizes.news, sizes.whole_figure, NEWS_TARGET)
    yield _row("response with nothing new", demo.nothing_new, demo.whole_figure, NOTHING_NEW_TARGET)
    yield Row(
        "request of a refresh",
        exactly(demo.request, "B"),
        note="with the headers that Chromium sends over plain http",
    )


def _row(name: str, here: Spread, figures: Spread, target: Target) -> Row:
    ratio = times_less(here, figures)
    return Row(name, here, figures, "whole figure, gzipped", ratio, target)


def _wire_bytes(replies: Sequence[CheckedReply]) -> WireBytes:
    with workplace() as data_dir:
        publisher = Publisher(data_dir, replies)
        news, nothing_new, request = _refresh_bytes(data_dir, publisher, len(replies))
        figures = _figure_bytes(data_dir, publisher, min(3, len(replies)))
    return WireBytes(spread(news, "B"), spread(nothing_new, "B"), request, spread(figures, "B"))


def _refresh_bytes(
    data_dir: Path, publisher: Publisher, snapshots: int
) -> tuple[list[int], list[int], int]:
    """Bytes of answers with news and without, and of the longest request."""
    news: list[int] = []
    nothing_new: list[int] = []
    longest_request = 0
    with gunicorn(APPLICATION, data_dir) as server, Connection(server.port) as line:
        for _ in range(snapshots):
            page = RefreshingPage(server.port)
            for sizes in (news, nothing_new):
                request = page.ask(1)
                answer = line.exchange(request)
                page.hear(answer)
                sizes.append(answer.wire_bytes)
                longest_request = max(longest_request, len(request))
            publisher.publish_next()
    return news, nothing_new, longest_request


def _figure_bytes(data_dir: Path, publisher: Publisher, snapshots: int) -> list[int]:
    sizes: list[int] = []
    with (
        gunicorn(baseline_servers.WHOLE_FIGURE, data_dir) as server,
        Connection(server.port) as line,
    ):
        page = PlainPage(server.port, baseline_servers.TICKS)
        for _ in range(snapshots):
            answer = line.exchange(page.ask(1))
            page.hear(answer)
            sizes.append(answer.wire_bytes)
            publisher.publish_next()
    return sizes
