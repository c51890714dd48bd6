from __future__ import annotations

import gzip
import os
import threading
import time
from dataclasses import replace

import pytest
import urllib3

from services.city.rennes import RENNES
from services.web.server.limits import TILE_THREADS
from services.web.tiles import (
    KEPT_SECONDS,
    LIMITS,
    MAX_FETCHES,
    Tiles,
    TileUnavailable,
    covers,
    tile_at,
)
from tests.fault_server import fault_server, reply_with
from tests.waiting import PATIENCE_SECONDS, wait_until

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
IN_RENNES = 12, *tile_at(12, -1.68, 48.11)


def tiles(server, tmp_path, **options):
    address = server.url.removesuffix("/feed") + "/{z}/{x}/{y}.png"
    return Tiles(address, RENNES.backdrop, tmp_path, "TrafficRennes/test", **options)


def test_a_tile_is_fetched_once_by_name_and_then_kept(tmp_path):
    asked = []

    def answer(handler, number):
        asked.append((handler.path, handler.headers["User-Agent"]))
        reply_with(PNG)(handler, number)

    with fault_server(answer) as server:
        found = tiles(server, tmp_path)
        assert found.tile(*IN_RENNES) == PNG
        assert found.tile(*IN_RENNES) == PNG
        # Another process finds it too.
        assert tiles(server, tmp_path).tile(*IN_RENNES) == PNG
    assert asked == [("/12/2028/1421.png", "TrafficRennes/test")]


def test_what_is_a_week_old_is_fetched_again_and_kept_while_it_cannot_be(tmp_path):
    with fault_server(reply_with(PNG)) as server:
        tiles(server, tmp_path).tile(*IN_RENNES)
    [path] = tmp_path.rglob("*.png")
    old = time.time() - KEPT_SECONDS - 1
    os.utime(path, (old, old))
    with fault_server(reply_with(PNG + b"new")) as server:
        assert tiles(server, tmp_path).tile(*IN_RENNES) == PNG + b"new"
    os.utime(path, (old, old))
    with fault_server(reply_with(b"", 500)) as server:
        assert tiles(server, tmp_path).tile(*IN_RENNES) == PNG + b"new"


@pytest.mark.parametrize("tile", [(12, 0, 0), (3, 3, 2), (19, 260_000, 181_000), (12, -1, 1421)])
def test_nothing_but_rennes_is_ever_asked_for(tmp_path, tile):
    with fault_server(reply_with(PNG)) as server:
        with pytest.raises(TileUnavailable):
            tiles(server, tmp_path).tile(*tile)
        assert server.requests == 0
    assert not covers(RENNES.backdrop, *tile)


@pytest.mark.parametrize("answer", [reply_with(b"", 500), reply_with(b"<html>no picture</html>")])
def test_a_server_that_fails_is_left_alone_for_a_minute(tmp_path, answer, caplog):
    now = 0.0
    with fault_server(answer) as server:
        found = tiles(server, tmp_path, monotonic=lambda: now)
        for _ in range(5):
            with pytest.raises(TileUnavailable):
                found.tile(*IN_RENNES)
        assert server.requests == 1
        now = 61.0
        with pytest.raises(TileUnavailable):
            found.tile(*IN_RENNES)
        assert server.requests == 2
    assert len(caplog.records) == 2
    assert not list(tmp_path.rglob("*.png"))


def test_pages_do_not_wait_for_more_than_a_few_tiles(tmp_path):
    arrived = threading.Semaphore(0)

    def slow(handler, number):
        arrived.release()
        server.released.wait(20)
        reply_with(PNG)(handler, number)

    zoom, x, y = IN_RENNES
    with fault_server(slow) as server:
        found = tiles(server, tmp_path)
        threads = [
            threading.Thread(target=found.tile, args=(zoom, x, y + offset))
            for offset in range(-2, TILE_THREADS - 2)
        ]
        for thread in threads:
            thread.start()
        for _ in range(MAX_FETCHES):
            arrived.acquire(timeout=20)
        wait_until(lambda: not found._present._value)
        with pytest.raises(TileUnavailable, match="enough tiles"):
            found.tile(zoom, x - 1, y)
        server.released.set()
        for thread in threads:
            thread.join()


def dripping(handler, number):
    """Goes on for ever, a byte at a time, and none of them late."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(PNG)
    while not threading.Event().wait(0.01):
        handler.wfile.write(b"x")


def dripping_head(handler, number):
    """Never comes to what it has to say."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Longwinded: ")
    while not threading.Event().wait(0.01):
        handler.wfile.write(b"x")


def bomb(handler, number):
    """A kilobyte for each megabyte of picture."""
    packed = gzip.compress(PNG + bytes(50_000_000))
    reply_with(packed, headers={"Content-Encoding": "gzip"})(handler, number)


def endless(handler, number):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(PNG + bytes(65_536))


@pytest.mark.parametrize("answer", [dripping, dripping_head, bomb, endless])
def test_what_a_tile_server_sends_is_bounded_while_it_is_read(tmp_path, answer, monkeypatch):
    read = []
    whole = urllib3.HTTPResponse.read1

    def read1(response, *arguments, **options):
        read.append(whole(response, *arguments, **options))
        return read[-1]

    monkeypatch.setattr(urllib3.HTTPResponse, "read1", read1)
    limits = replace(LIMITS, total_timeout_s=0.3)
    with fault_server(answer) as server:
        started = time.monotonic()
        with pytest.raises(TileUnavailable):
            tiles(server, tmp_path, limits=limits).tile(*IN_RENNES)
        # Without a limit of its own it never ends.
        assert time.monotonic() - started < PATIENCE_SECONDS
    assert sum(map(len, read)) < 2 * LIMITS.max_bytes
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize(
    "location", ["file:///etc/hostname", "http://[", "http://a\x00b/", "gopher://x/"]
)
def test_wherever_it_sends_us_the_server_is_left_alone_for_a_minute(tmp_path, location):
    with fault_server(reply_with(b"", 302, {"Location": location})) as server:
        found = tiles(server, tmp_path)
        for _ in range(2):
            with pytest.raises(TileUnavailable):
                found.tile(*IN_RENNES)
        assert server.requests == 1


def test_tiles_that_nobody_removes_have_a_bound(tmp_path):
    zoom, x, _ = IN_RENNES
    folder = tmp_path / "tiles" / str(zoom)
    for age, offset in enumerate(range(-20, 20)):
        path = folder / str(x + offset) / "0.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(PNG + bytes(1_000))
        os.utime(path, (time.time() - age * 60,) * 2)
    with fault_server(reply_with(PNG)) as server:
        found = tiles(server, tmp_path, max_kept_bytes=20_000)
        assert found.tile(*IN_RENNES) == PNG
        assert found.tile(*IN_RENNES) == PNG
        assert server.requests == 1
    left = [path for path in tmp_path.rglob("*.png") if path.name == "0.png"]
    assert sum(path.stat().st_size for path in left) <= 18_000
    # The newest ones.
    assert {path.parent.name for path in left} == {str(x - 20 + age) for age in range(len(left))}
    assert len(left) == 17


def test_a_full_disk_does_not_take_the_tile_away(tmp_path, caplog):
    (tmp_path / "tiles").write_text("in the way")
    with fault_server(reply_with(PNG)) as server:
        assert tiles(server, tmp_path).tile(*IN_RENNES) == PNG
    assert "a tile is not kept" in caplog.text
