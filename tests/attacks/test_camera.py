"""A camera that hangs, is flooded, or is sent pictures made to keep it busy: the pages go on."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import models
from app import create_app
from services.base.settings import load_settings
from services.camera.errors import CameraUnavailable
from services.camera.messages import socket_path
from services.camera.server import PLACES
from services.web import camera_client as client_module
from services.web.camera_client import CameraClient
from services.web.server.gateway import Gateway
from services.web.server.limits import CAMERA_THREADS, PAGE_THREADS, THREADS, TILE_THREADS
from services.web.tiles import LIMITS, MAX_FETCHES, Tiles, tile_at
from tests.cameras import as_file, running_camera, street, with_scans, work_by_brightness
from tests.fault_server import fault_server, reply_with
from tests.services.web.server.harness import Client, served, status_of
from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(models.__file__).parent.parent
API = "/api/v1/segmentation?picture=false"
STRANGERS = 40
PICTURE = as_file(street())
BROKEN = PICTURE[:100]


@pytest.fixture
def stopped_camera(attacked_dir) -> Iterator[subprocess.Popen[bytes]]:
    """The camera's own process, as ``kill -STOP`` leaves it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "models.camera.serve"],
        env={**os.environ, "TRAFFIC_DATA_DIR": str(attacked_dir)},
        cwd=ROOT,
    )
    try:
        wait_until(socket_path(attacked_dir).exists)
        stop(process)
        yield process
    finally:
        process.kill()
        process.wait(30)
        socket_path(attacked_dir).unlink(missing_ok=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: stands_still(process.pid))


def stands_still(pid: int) -> bool:
    """Whether every thread is stopped: the signal reaches them one by one."""
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def statuses_beside(server, pool, picture) -> tuple[list[Future[int]], list[int]]:
    """Flood a process's threads with pictures and ask for its health.

    Returns the requests that still wait for the camera, and how all others ended.
    """

    def hand_in() -> int:
        answer = server.test_client().post(API, data=picture, content_type="image/png")
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
        return int(answer.status_code)

    asked = [pool.submit(hand_in) for _ in range(STRANGERS)]
    healthy = pool.submit(lambda: server.test_client().get("/healthz").status_code)
    assert healthy.result(PATIENCE_SECONDS) == 200
    wait_until(lambda: sum(not future.done() for future in asked) <= CAMERA_THREADS)
    waiting = [future for future in asked if not future.done()]
    return waiting, [future.result() for future in asked if future.done()]


def test_a_stopped_camera_stops_no_page(attacked, attacked_dir, stopped_camera, monkeypatch):
    # The stopped one is waited for until the test lets it go on.
    monkeypatch.setattr(client_module, "_GREETING_SECONDS", PATIENCE_SECONDS)
    with ThreadPoolExecutor(THREADS) as pool:
        waiting, ended = statuses_beside(attacked, pool, BROKEN)
        assert (len(waiting), set(ended)) == (CAMERA_THREADS, {503})
        stopped_camera.send_signal(signal.SIGCONT)
        assert {future.result(PATIENCE_SECONDS) for future in waiting} == {400}

    stop(stopped_camera)
    monkeypatch.setattr(client_module, "_GREETING_SECONDS", 0.01)
    monkeypatch.setattr(client_module, "_CONNECT_STALL_SECONDS", 0.01)
    client = CameraClient(attacked_dir, connect_seconds=0.0)
    # More than its backlog takes: they end in connecting, those before in waiting to be let in.
    for _ in range(STRANGERS):
        with pytest.raises(CameraUnavailable):
            client.look_at(PICTURE)


def test_a_flooded_camera_stops_no_page(attacked, attacked_dir):
    opened = threading.Event()

    def work(order):
        assert opened.wait(PATIENCE_SECONDS)
        return work_by_brightness(order)

    with running_camera(attacked_dir, work), ThreadPoolExecutor(THREADS) as pool:
        waiting, ended = statuses_beside(attacked, pool, PICTURE)
        assert (len(waiting), set(ended)) == (CAMERA_THREADS, {503})
        opened.set()
        assert {future.result(PATIENCE_SECONDS) for future in waiting} == {200}


def test_camera_and_tiles_together_leave_threads_for_pages(tmp_path, monkeypatch):
    """Of one process, at once: all that may wait for the one and for the other."""
    opened = threading.Event()
    # As long as the test wants, however slow the machine.
    patient = replace(LIMITS, read_timeout_s=PATIENCE_SECONDS, total_timeout_s=PATIENCE_SECONDS)
    monkeypatch.setattr("callbacks.http.tiles.Tiles", partial(Tiles, limits=patient))
    monkeypatch.setattr("services.web.tiles.WAIT_SECONDS", PATIENCE_SECONDS)

    def work(order):
        assert opened.wait(PATIENCE_SECONDS)
        return work_by_brightness(order)

    def hang(handler, _number):
        assert opened.wait(PATIENCE_SECONDS)
        reply_with(b"", 404)(handler, _number)

    with contextlib.ExitStack() as stack:
        tiles = stack.enter_context(fault_server(hang))
        settings = load_settings(
            data_dir=tmp_path,
            monitor_level="off",
            tiles_url=tiles.url.removesuffix("feed") + "{z}/{x}/{y}.png",
            _env_file=None,
        )
        camera = stack.enter_context(running_camera(tmp_path, work))
        port = stack.enter_context(served(Gateway(create_app(settings).server, THREADS)))
        stack.callback(opened.set)
        zoom, x, y = 12, *tile_at(12, -1.68, 48.11)
        waiting = [handed_in(port) for _ in range(CAMERA_THREADS)]
        for offset in range(TILE_THREADS):
            waiting.append(Client(port))
            head = f"GET /tiles/{zoom}/{x}/{y + offset - 2}.png HTTP/1.1\r\nHost: x\r\n\r\n"
            waiting[-1].send(head.encode())
        for client in waiting:
            stack.callback(client.socket.close)
        wait_until(lambda: camera._places._value == PLACES - CAMERA_THREADS)
        wait_until(lambda: tiles.requests == MAX_FETCHES)
        # Each of them waits: what is left is for pages.
        pages = [Client(port) for _ in range(PAGE_THREADS)]
        for client in pages:
            stack.callback(client.socket.close)
            client.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert [status_of(client.read()) for client in pages] == [200] * PAGE_THREADS
        assert not any(is_answered(client) for client in waiting)


def handed_in(port: int) -> Client:
    """Somebody who hands a picture in and waits."""
    head = f"POST {API} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nConnection: close"
    client = Client(port)
    client.send(f"{head}\r\nContent-Length: {len(PICTURE)}\r\n\r\n".encode() + PICTURE)
    return client


def is_answered(client: Client) -> bool:
    return bool(select.select([client.socket], [], [], 0)[0])


def test_whoever_hands_in_and_leaves_holds_nothing(attacked, attacked_dir):
    opened = threading.Event()

    def work(order):
        assert opened.wait(PATIENCE_SECONDS)
        return work_by_brightness(order)

    with (
        contextlib.ExitStack() as stack,
        running_camera(attacked_dir, work) as camera,
        served(Gateway(attacked, THREADS)) as port,
    ):
        leaving = [handed_in(port) for _ in range(CAMERA_THREADS)]
        left = PLACES - CAMERA_THREADS
        wait_until(lambda: camera._places._value == left)
        for client in leaving:
            client.socket.close()

        staying: list[Client] = []

        def is_taken_in() -> bool:
            staying.append(handed_in(port))
            stack.callback(staying[-1].socket.close)
            wait_until(lambda: is_answered(staying[-1]) or camera._places._value < left)
            return camera._places._value < left

        # The camera is still at work for one of those who left.
        wait_until(is_taken_in)
        opened.set()
        assert status_of(staying[-1].read()) == 200


def test_a_picture_made_to_keep_the_camera_busy_is_refused_before_it_does(attacked, attacked_dir):
    """259 KB took 17 s."""
    made = with_scans(8_000, side=4_000)
    assert 200_000 < len(made) < 400_000
    with running_camera(attacked_dir):
        stranger = attacked.test_client()
        refused = stranger.post(API, data=made, content_type="image/jpeg")
        assert (refused.status_code, refused.get_json()["parameter"]) == (413, "image")
        assert stranger.post(API, data=PICTURE, content_type="image/png").status_code == 200
