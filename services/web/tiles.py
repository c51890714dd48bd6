"""Tiles of the backdrop, fetched and kept here, so that no visitor's browser asks anybody else.

OpenStreetMap's tile policy (https://operations.osmfoundation.org/policies/tiles/)
asks those who fetch to say who they are, to keep what they got for at least seven
days and to show the attribution; only the tiles of the city are ever asked for.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from services.base.errors import FeedRefused, StorageError, TrafficError
from services.base.files import read_if_present, write_atomically
from services.base.http import FetchLimits, fetch
from services.city.city import Box
from services.web.server.limits import TILE_THREADS

log = logging.getLogger(__name__)

DIRECTORY: Final = "tiles"
ZOOMS: Final = range(8, 17)
KEPT_SECONDS: Final = 7 * 86_400
# A whole tile within five seconds, whatever drips: the threads that fetch are those of pages. A
# tile of streets has 10 to 60 kB; a failure is not tried again but leaves the server alone.
LIMITS: Final = FetchLimits(
    connect_timeout_s=2.0,
    read_timeout_s=3.0,
    total_timeout_s=5.0,
    max_bytes=500_000,
    retries=0,
)
# Of one process; the others of its threads for tiles wait for their turn.
MAX_FETCHES: Final = 4
WAIT_SECONDS: Final = 3.0
PAUSE_AFTER_FAILURE_SECONDS: Final = 60.0
# All 24,529 tiles of Rennes at 20 kB; a source with larger ones loses those kept longest.
MAX_KEPT_BYTES: Final = 500_000_000
# Between two looks at the folder a process adds no more than 100 MB to that.
WRITTEN_BETWEEN_LOOKS: Final = 200
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class TileUnavailable(TrafficError):
    """A tile is not kept here and cannot be fetched now."""


class Tiles:
    """The tiles of one source, kept in the data directory. Safe to share between threads.

    Parameters
    ----------
    template : str
        Address of a tile with ``{z}``, ``{x}`` and ``{y}``.
    area : Box
        Only tiles of it are fetched.
    user_agent : str
        Says who asks.
    monotonic : callable
        Seconds.
    limits : FetchLimits
        Of fetching one tile.
    max_kept_bytes : int
        Of all tiles together.
    """

    def __init__(
        self,
        template: str,
        area: Box,
        data_dir: Path,
        user_agent: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        limits: FetchLimits = LIMITS,
        max_kept_bytes: int = MAX_KEPT_BYTES,
    ) -> None:
        self._limits = limits
        self._max_kept_bytes = max_kept_bytes
        self._template = template
        self._area = area
        self._folder = data_dir / DIRECTORY
        self._headers = {"User-Agent": user_agent, "Accept": "image/png"}
        self._written = itertools.count()
        self._fetching = threading.BoundedSemaphore(MAX_FETCHES)
        self._present = threading.BoundedSemaphore(TILE_THREADS)
        self._monotonic = monotonic
        self._not_before = 0.0

    def tile(self, zoom: int, x: int, y: int) -> bytes:
        """A tile as PNG: kept for a week, and longer while it cannot be fetched again.

        Raises
        ------
        TileUnavailable
            When it is none of the area, or can be had neither here nor there now.
        """
        if not covers(self._area, zoom, x, y):
            raise TileUnavailable("a tile of elsewhere")
        path = self._folder / str(zoom) / str(x) / f"{y}.png"
        kept = _kept(path)
        if kept is not None and _age_s(path) < KEPT_SECONDS:
            return kept
        try:
            return self._fetch(zoom, x, y, path)
        except TileUnavailable:
            if kept is not None:
                return kept
            raise

    def _fetch(self, zoom: int, x: int, y: int, path: Path) -> bytes:
        if self._monotonic() < self._not_before:
            raise TileUnavailable("the tile server did not answer a moment ago")
        if not self._present.acquire(blocking=False):
            raise TileUnavailable("enough tiles are being fetched")
        try:
            content = self._in_turn(zoom, x, y)
        finally:
            self._present.release()
        try:
            write_atomically(path, content)
        except StorageError as error:
            log.warning("a tile is not kept: %s", error)
        if next(self._written) % WRITTEN_BETWEEN_LOOKS == 0:
            remove_oldest(self._folder, self._max_kept_bytes)
        return content

    def _in_turn(self, zoom: int, x: int, y: int) -> bytes:
        if not self._fetching.acquire(timeout=WAIT_SECONDS):
            raise TileUnavailable("enough tiles are being fetched")
        try:
            return self._download(zoom, x, y)
        except Exception as error:  # whatever it sends, that server is left alone for a while
            self._not_before = self._monotonic() + PAUSE_AFTER_FAILURE_SECONDS
            reason = error if isinstance(error, TrafficError) else type(error).__name__
            log.warning("no tile of the backdrop: %s", reason)
            raise TileUnavailable("the tile server does not answer") from error
        finally:
            self._fetching.release()

    def _download(self, zoom: int, x: int, y: int) -> bytes:
        url = self._template.replace("{z}", str(zoom)).replace("{x}", str(x)).replace("{y}", str(y))
        content = fetch(url, self._limits, self._headers)
        if not content.startswith(_PNG):
            raise FeedRefused("body", "no picture in PNG")
        return content


def remove_oldest(folder: Path, max_bytes: int) -> None:
    """Remove the tiles fetched longest ago until the others take no more than a tenth less.

    A tenth, so that not every tile more costs another look. Several processes may
    do this at once.
    """
    tiles = sorted(_tiles_in(folder), reverse=True)
    if sum(size for _, size, _ in tiles) <= max_bytes:
        return
    kept_bytes = 0
    for _, size, path in tiles:
        kept_bytes += size
        if kept_bytes > 0.9 * max_bytes:
            with contextlib.suppress(OSError):
                path.unlink()


def covers(area: Box, zoom: int, x: int, y: int) -> bool:
    """Whether a tile is one that an area needs.

    >>> area = Box(-2.1, 47.9, -1.3, 48.35)
    >>> covers(area, 12, 2028, 1421), covers(area, 12, 0, 0), covers(area, 3, 3, 2)
    (True, False, False)
    """
    if zoom not in ZOOMS:
        return False
    west, south, east, north = area
    first_x, first_y = tile_at(zoom, west, north)
    last_x, last_y = tile_at(zoom, east, south)
    return first_x <= x <= last_x and first_y <= y <= last_y


def tile_at(zoom: int, longitude: float, latitude: float) -> tuple[int, int]:
    """The tile that holds a place, in Web Mercator (OpenStreetMap wiki, "Slippy map tilenames").

    >>> tile_at(12, -1.68, 48.11)
    (2028, 1421)
    """
    count = 2**zoom
    angle = math.radians(latitude)
    x = (longitude + 180.0) / 360.0 * count
    y = (1.0 - math.asinh(math.tan(angle)) / math.pi) / 2.0 * count
    return int(x), int(y)


def _kept(path: Path) -> bytes | None:
    try:
        return read_if_present(path)
    except StorageError:
        return None


def _tiles_in(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each tile was fetched, its size in bytes, and where it is."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                status = path.stat()
                yield status.st_mtime, status.st_size, path


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf
