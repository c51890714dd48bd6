"""The largest file of the page, asked for by a crowd at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks import baseline_servers
from benchmarks.http_client import Connection, get_request
from benchmarks.rows import Options, Row, spread, times_less
from benchmarks.servers import APPLICATION, gunicorn, workplace

# As the pages of each name it.
PLOTLY: Final = {
    APPLICATION: "/vendor/plotly.min.js",
    baseline_servers.WHOLE_FIGURE: "/_dash-component-suites/plotly/package_data/plotly.min.js",
}
VISITORS: Final = 200
_RUNS: Final = 3


def measure(options: Options) -> Iterator[Row]:
    """Yield how long it takes until the last one has it.

    The first crowd meets processes that have compressed nothing yet.
    """
    crowds = options.repeat(_RUNS, 2)
    first, later = _seconds(APPLICATION, crowds)
    plain_first, plain_later = _seconds(baseline_servers.WHOLE_FIGURE, crowds)
    for name, here, plain in (("first", first, plain_first), ("later", later, plain_later)):
        figure, baseline = spread(here, "s"), spread(plain, "s")
        yield Row(
            f"{VISITORS} visitors at once get Plotly's script, {name} crowds",
            figure,
            baseline,
            "compressed for each",
            times_less(figure, baseline),
        )


def _seconds(application: str, crowds: int) -> tuple[list[float], list[float]]:
    first, later = [], []
    for _ in range(crowds):
        with workplace() as data_dir, gunicorn(application, data_dir) as server:
            path = PLOTLY[application]
            first.append(_crowd_s(server.port, path))
            # By now each of the processes has met one.
            _crowd_s(server.port, path)
            later.append(_crowd_s(server.port, path))
    return first, later


def _crowd_s(port: int, path: str) -> float:
    with ThreadPoolExecutor(VISITORS) as visitors:
        started = time.perf_counter()
        list(visitors.map(_get, [port] * VISITORS, [path] * VISITORS))
        return time.perf_counter() - started


def _get(port: int, path: str) -> None:
    with Connection(port) as line:
        line.exchange(get_request(port, path))
