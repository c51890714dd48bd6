"""The way from the web role to the camera's process: few places, in order, and clear refusals."""

from __future__ import annotations

import contextlib
import errno
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Client, Listener
from pathlib import Path

import pytest

from services.base import local_socket
from services.base.errors import ConfigurationError
from services.base.local_socket import limit_stalls
from services.camera.errors import (
    CameraBusy,
    CameraUnavailable,
    NotAPicture,
    PictureDamaged,
    PictureTooLarge,
)
from services.camera.limits import MAX_BYTES
from services.camera.messages import (
    GREETING,
    REPLY,
    TURN,
    Admitted,
    Order,
    encode,
    socket_path,
)
from services.camera.server import PLACES, CameraServer
from services.web import camera_client as client_module
from services.web.camera_client import CameraClient
from tests.cameras import (
    VERSION,
    SlowModel,
    as_file,
    running_camera,
    street,
    work_by_brightness,
)
from tests.waiting import PATIENCE_SECONDS, wait_until

PICTURE = as_file(street())


def impatient(data_dir):
    return CameraClient(data_dir, connect_seconds=0.0)


def admitted(data_dir):
    """A connection with a place, which who had it before gives back a moment after leaving."""
    while True:
        connection = Client(str(socket_path(data_dir)), family="AF_UNIX")
        if GREETING.decode(connection.recv_bytes()) == Admitted():
            return connection
        connection.close()


def reply_to(connection):
    """What is answered to a picture that was handed over before its turn."""
    TURN.decode(connection.recv_bytes())
    return REPLY.decode(connection.recv_bytes())


class Gate:
    """Work that waits to be let through, and notes the order of what came."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun = threading.Semaphore(0)
        self.seen: list[int] = []

    def work(self, order: Order):
        self.begun.release()
        assert self.opened.wait(30)
        self.seen.append(len(order.picture))
        return work_by_brightness(order)


def test_a_picture_is_answered(tmp_path):
    with running_camera(tmp_path):
        answer = impatient(tmp_path).look_at(PICTURE)
    assert answer.model_version == VERSION
    assert answer.reading.status == "dense"


@pytest.mark.parametrize(
    ("picture", "error"),
    [(b"", PictureDamaged), (b"x", NotAPicture), (b"x" * (MAX_BYTES + 1), PictureTooLarge)],
)
def test_what_is_wrong_with_a_picture_is_told(tmp_path, picture, error):
    with running_camera(tmp_path), pytest.raises(error):
        impatient(tmp_path).look_at(picture)


def test_who_finds_no_place_is_told_when_to_come_back(tmp_path):
    gate, away = Gate(), []
    with (
        running_camera(tmp_path, gate.work, places=1, turned_away=lambda: away.append(1)),
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(impatient(tmp_path).look_at, PICTURE)
        assert gate.begun.acquire(timeout=30)
        with pytest.raises(CameraBusy) as busy:
            impatient(tmp_path).look_at(PICTURE)
        gate.opened.set()
        assert first.result(30).model_version == VERSION
    assert busy.value.retry_after_s >= 1
    assert away == [1]


def test_pictures_are_looked_at_in_the_order_in_which_places_were_given(tmp_path):
    gate = Gate()
    with running_camera(tmp_path, gate.work):
        waiting = [Client(str(socket_path(tmp_path)), family="AF_UNIX") for _ in range(3)]
        for connection in waiting:
            assert GREETING.decode(connection.recv_bytes()) == Admitted()
        for number in (2, 1, 0):
            waiting[number].send_bytes(encode(Order(PICTURE + bytes(number))))
        gate.opened.set()
        for connection in waiting:
            assert reply_to(connection).model_version == VERSION
            connection.close()
    assert gate.seen == [len(PICTURE) + number for number in range(3)]


def test_without_a_process_the_camera_is_unavailable(tmp_path):
    with pytest.raises(CameraUnavailable, match="does not answer"):
        impatient(tmp_path).look_at(PICTURE)


def test_a_camera_that_is_switched_off_says_so(tmp_path):
    with pytest.raises(CameraUnavailable, match="switched off"):
        CameraClient(tmp_path, is_expected=False).look_at(PICTURE)


def test_a_process_that_only_starts_is_waited_for(tmp_path):
    client = CameraClient(tmp_path, connect_seconds=30.0)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.look_at, PICTURE)
        with running_camera(tmp_path):
            assert asked.result(30).model_version == VERSION


def test_a_process_that_takes_too_long_is_not_waited_for(tmp_path):
    gate = Gate()
    with running_camera(tmp_path, gate.work):
        client = CameraClient(tmp_path, reply_seconds=0.05)
        with pytest.raises(CameraUnavailable):
            client.look_at(PICTURE)
        gate.opened.set()
        # Whoever left gets nothing, and the next is served.
        assert impatient(tmp_path).look_at(PICTURE).model_version == VERSION


def test_strangers_at_the_socket_cost_nobody_a_place(tmp_path):
    with running_camera(tmp_path, places=1):
        for said in (None, b"", b"nonsense", b"\x93\x01\x02\x03"):
            with admitted(tmp_path) as stranger:
                if said is not None:
                    stranger.send_bytes(said)
                    with pytest.raises((EOFError, ConnectionError)):
                        reply_to(stranger)
        with admitted(tmp_path) as known:
            known.send_bytes(encode(Order(PICTURE)))
            assert reply_to(known).model_version == VERSION


def test_more_than_a_few_do_not_wait_but_are_told_at_once(tmp_path):
    gate = Gate()
    with running_camera(tmp_path, gate.work), ThreadPoolExecutor(1) as pool:
        client = CameraClient(tmp_path, connect_seconds=0.0, max_waiting=1)
        first = pool.submit(client.look_at, PICTURE)
        assert gate.begun.acquire(timeout=30)
        with pytest.raises(CameraBusy):
            client.look_at(PICTURE)
        gate.opened.set()
        assert first.result(30).model_version == VERSION
        # And the place is there again.
        assert client.look_at(PICTURE).model_version == VERSION


def test_the_place_of_who_waited_and_left_is_given_to_the_next(tmp_path):
    gate = Gate()
    with (
        running_camera(tmp_path, gate.work, places=2),
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(impatient(tmp_path).look_at, PICTURE)
        assert gate.begun.acquire(timeout=30)
        leaving = admitted(tmp_path)
        leaving.send_bytes(encode(Order(PICTURE + bytes(1))))
        with pytest.raises(CameraBusy):
            impatient(tmp_path).look_at(PICTURE)
        leaving.close()
        with admitted(tmp_path) as staying:
            staying.send_bytes(encode(Order(PICTURE + bytes(2))))
            gate.opened.set()
            assert reply_to(staying).model_version == VERSION
        assert first.result(30).model_version == VERSION
    # Nobody looked at the picture of who left.
    assert gate.seen == [len(PICTURE), len(PICTURE) + 2]


@pytest.mark.parametrize("picture", [PICTURE, PICTURE + bytes(2_000_000)])
def test_nobody_waits_for_a_turn_whose_answer_nobody_awaits(tmp_path, picture):
    """Be it for a turn or for the answer: both threads are free before the camera is."""
    gate, stays = Gate(), threading.Event()
    stays.set()
    with running_camera(tmp_path, gate.work, places=2) as camera, ThreadPoolExecutor(2) as pool:
        client = CameraClient(tmp_path, connect_seconds=0.0, max_waiting=2)
        leaving = [pool.submit(client.look_at, picture, is_awaited=stays.is_set) for _ in range(2)]
        assert gate.begun.acquire(timeout=PATIENCE_SECONDS)
        wait_until(lambda: not camera._places._value)
        stays.clear()
        for future in leaving:
            with pytest.raises(CameraUnavailable, match="is gone"):
                future.result(PATIENCE_SECONDS)
        with admitted(tmp_path) as staying:
            staying.send_bytes(encode(Order(PICTURE)))
            gate.opened.set()
            assert reply_to(staying).model_version == VERSION
    assert gate.seen == [len(picture), len(PICTURE)]


def test_nobody_waits_for_a_process_whose_answer_nobody_awaits(tmp_path):
    client = CameraClient(tmp_path, connect_seconds=2 * PATIENCE_SECONDS)
    with ThreadPoolExecutor(1) as pool, pytest.raises(CameraUnavailable, match="is gone"):
        pool.submit(client.look_at, PICTURE, is_awaited=lambda: False).result(PATIENCE_SECONDS)


def test_a_large_picture_may_wait_longer_for_its_turn_than_for_a_connection(tmp_path, monkeypatch):
    """It is sent when its turn has come."""
    monkeypatch.setattr(client_module, "_CONNECT_STALL_SECONDS", 0.05)
    gate, large = Gate(), PICTURE + bytes(2_000_000)
    with running_camera(tmp_path, gate.work), ThreadPoolExecutor(2) as pool:
        first = pool.submit(impatient(tmp_path).look_at, PICTURE)
        assert gate.begun.acquire(timeout=30)
        second = pool.submit(impatient(tmp_path).look_at, large)
        with pytest.raises(TimeoutError):
            second.result(0.3)
        gate.opened.set()
        assert [item.result(30).model_version for item in (first, second)] == [VERSION] * 2


def test_one_connection_that_fails_costs_nobody_else_a_place(tmp_path, monkeypatch):
    failures = [OSError(errno.EMFILE, "Too many open files")]

    def limit(*of):
        if failures:
            raise failures.pop()
        limit_stalls(*of)

    monkeypatch.setattr(local_socket, "limit_stalls", limit)

    def is_answered():
        client = CameraClient(tmp_path, connect_seconds=PATIENCE_SECONDS)
        # A place is given back a moment after its answer.
        with contextlib.suppress(CameraBusy):
            return client.look_at(PICTURE).model_version == VERSION
        return False

    with running_camera(tmp_path, places=1):
        for _ in range(2):
            wait_until(is_answered)
    assert not failures


@contextlib.contextmanager
def slow_camera(data_dir, **options):
    model = SlowModel()
    with running_camera(
        data_dir, model.work, state=model.state, prepare=model.prepare, **options
    ) as camera:
        try:
            yield model, camera
        finally:
            # The end waits for what is under way.
            model.may_load.set()


def test_the_model_is_loaded_once_for_who_opens_the_page_and_nobody_waits_for_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(client_module, "_PREPARE_EVERY_SECONDS", 0.0)
    client = impatient(tmp_path)
    with slow_camera(tmp_path) as (model, _):
        assert client.prepare() == "loading"
        wait_until(lambda: model.loads == 1)
        # More than there are places: who only asked is gone and takes none.
        assert {client.prepare() for _ in range(2 * PLACES)} == {"loading"}
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(client.look_at, PICTURE)
            model.may_load.set()
            assert asked.result(PATIENCE_SECONDS).model_version == VERSION
        assert client.prepare() == "ready"
        assert model.loads == 1


def test_many_who_open_the_page_at_once_ask_the_process_once(tmp_path):
    client = impatient(tmp_path)
    with slow_camera(tmp_path) as (model, _):
        first = client.prepare()
        model.may_load.set()
        wait_until(lambda: model.state() == "ready")
        assert first == "loading"
        assert client.prepare() == "loading", "what was told within the same second"


def test_where_no_process_reads_pictures_nothing_gets_ready(tmp_path):
    assert impatient(tmp_path).prepare() == "away"
    assert CameraClient(tmp_path, is_expected=False).prepare() == "away"


def test_a_process_that_greets_nobody_is_at_its_loading(tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "_PREPARE_SECONDS", 0.05)
    with closing(Listener(str(socket_path(tmp_path)), family="AF_UNIX")):
        assert impatient(tmp_path).prepare() == "loading"


def test_nobody_else_on_the_machine_may_ask(tmp_path):
    with running_camera(tmp_path):
        assert socket_path(tmp_path).stat().st_mode & 0o077 == 0


def test_a_socket_left_by_a_process_that_died_is_replaced(tmp_path):
    with running_camera(tmp_path):
        pass
    socket_path(tmp_path).touch()
    with running_camera(tmp_path):
        assert impatient(tmp_path).look_at(PICTURE).model_version == VERSION


@pytest.mark.parametrize("folder", ["x" * 120, "missing"])
def test_where_nothing_can_listen_the_start_ends_in_one_line(tmp_path, folder):
    with pytest.raises(ConfigurationError) as refused:
        CameraServer(Path(socket_path(tmp_path / folder)), work_by_brightness)
    assert "\n" not in str(refused.value)
