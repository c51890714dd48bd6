"""The camera on a host of its own: nobody is let in, and nobody believed, without the token."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Listener

import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.camera import remote
from services.camera.errors import CameraUnavailable
from services.camera.messages import GREETING, Admitted
from services.camera.remote import RemoteCamera, TokenRefused, connected, remote_camera
from services.camera.server import _MAX_STRANGERS
from services.roles.supervisor import is_alive
from services.web.camera_client import CameraClient
from tests.cameras import VERSION, as_file, running_camera, street
from tests.ports import HOST, free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

TOKEN = "made-up-token-of-cameras"
PICTURE = as_file(street())


@pytest.fixture
def camera():
    return RemoteCamera(HOST, free_port(), TOKEN.encode())


def client_of(camera, tmp_path, **options):
    return CameraClient(tmp_path, remote=camera, **{"connect_seconds": 0.0, **options})


def settings_of(camera, tmp_path, **more):
    url = f"tcp://{camera}"
    return load_settings(data_dir=tmp_path, camera_url=url, camera_token=TOKEN, **more)


def test_a_picture_is_read_on_another_host(camera, tmp_path):
    assert remote_camera(settings_of(camera, tmp_path)) == camera
    with running_camera(camera):
        assert client_of(camera, tmp_path).look_at(PICTURE).model_version == VERSION
        assert client_of(camera, tmp_path).prepare() == "loading"
    # There is no socket in the data directory, and none is looked for.
    assert list(tmp_path.iterdir()) == []


def test_another_token_is_refused_in_one_line_on_both_sides(camera, tmp_path, caplog):
    with running_camera(camera):
        stranger = client_of(
            replace(camera, token=b"another-one-of-cameras"), tmp_path, connect_seconds=30.0
        )
        with pytest.raises(CameraUnavailable, match="the camera does not answer"):
            stranger.look_at(PICTURE)
        assert stranger.prepare() == "away"
        assert client_of(camera, tmp_path).look_at(PICTURE).model_version == VERSION
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("the camera has another TRAFFIC_CAMERA_TOKEN") == 2
    assert lines.count("refused: somebody with another TRAFFIC_CAMERA_TOKEN") == 2
    assert "made-up-token" not in caplog.text
    assert "another-one" not in caplog.text


def test_who_hangs_up_before_the_picture_is_told_with_a_reason(camera, caplog):
    with running_camera(camera):
        connection = connected(camera, 30.0)
        # Its place, then its turn: who leaves before that is not waited for.
        for _ in range(2):
            connection.recv_bytes()
        connection.close()
        wait_until(lambda: "a picture was not handed over: EOFError" in caplog.text)


def test_whoever_answers_at_the_address_without_the_token_gets_no_picture(camera):
    """As one who took the address over: it lets everybody in."""
    with closing(Listener((HOST, camera.port), family="AF_INET")) as listener:

        def let_in() -> None:
            with closing(listener.accept()) as connection:
                remote._send(connection, remote._Challenge(32 * b"n"))
                connection.recv_bytes()
                remote._send(connection, remote._Proven(32 * b"x"))

        thread = threading.Thread(target=let_in)
        thread.start()
        with pytest.raises(TokenRefused):
            connected(camera, 5.0)
        thread.join()


def test_an_answer_that_was_overheard_opens_nothing_twice(camera):
    with running_camera(camera), contextlib.ExitStack() as stack:
        heard = []
        send = remote._send

        def listen(connection, message):
            heard.append(message)
            send(connection, message)

        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(remote, "_send", listen)
        connected(camera, 5.0).close()
        proof = next(message for message in heard if isinstance(message, remote._Proof))
        patch.undo()

        raw = stack.enter_context(socket.create_connection((HOST, camera.port), 10))
        again = stack.enter_context(closing(remote._ready(socket.socket(fileno=raw.detach()), 10)))
        again.recv_bytes()
        send(again, proof)
        assert remote._VERDICT.decode(again.recv_bytes()) == remote._Refused()


def test_who_says_nothing_keeps_nobody_else_out(camera, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(remote, "HANDSHAKE_SECONDS", 0.5)
    with running_camera(camera), contextlib.ExitStack() as stack:
        for _ in range(_MAX_STRANGERS - 1):
            stack.enter_context(socket.create_connection((HOST, camera.port)))
        assert client_of(camera, tmp_path).look_at(PICTURE).model_version == VERSION
        wait_until(lambda: caplog.text.count("somebody without a token") == _MAX_STRANGERS - 1)


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x04nope", b"\xff" * 64])
def test_who_speaks_something_else_is_sent_away(camera, tmp_path, said):
    with running_camera(camera):
        with socket.create_connection((HOST, camera.port)) as other:
            other.settimeout(PATIENCE_SECONDS)
            other.sendall(said)
            with contextlib.suppress(ConnectionResetError):
                while other.recv(4096):
                    pass
        assert client_of(camera, tmp_path).look_at(PICTURE).model_version == VERSION


def test_its_health_is_asked_for_at_the_address(camera, tmp_path):
    settings = settings_of(camera, tmp_path)
    assert not is_alive(settings, "camera")
    with running_camera(camera, places=1):
        assert is_alive(settings, "camera")
        # Whoever asked before gives the one place back a moment later.
        with contextlib.ExitStack() as stack:

            def is_admitted() -> bool:
                connection = stack.enter_context(closing(connected(camera, 5.0)))
                return GREETING.decode(connection.recv_bytes()) == Admitted()

            wait_until(is_admitted)
            # Busy, and alive.
            assert is_alive(settings, "camera")
    assert not is_alive(settings, "camera")


def test_an_address_that_is_not_of_this_machine_ends_the_start_in_one_line(camera):
    elsewhere = replace(camera, host="192.0.2.1")
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1:\d+: cannot listen there: "):
        running_camera(elsewhere).__enter__()
    assert TOKEN not in repr(camera)


@pytest.mark.parametrize(
    "url",
    ["camera.internal:9000", "http://camera:9000", "tcp://camera", "tcp://camera:0/x", "tcp://:9"],
)
def test_an_address_is_a_host_and_a_port(url):
    with pytest.raises(ConfigurationError, match="TRAFFIC_CAMERA_URL: must be tcp://HOST:PORT"):
        load_settings(camera_url=url, camera_token=TOKEN)


def test_an_address_needs_a_token():
    with pytest.raises(ConfigurationError, match="TRAFFIC_CAMERA_URL needs TRAFFIC_CAMERA_TOKEN"):
        load_settings(camera_url="tcp://camera.internal:9000")
    with pytest.raises(ConfigurationError, match="TRAFFIC_CAMERA_TOKEN"):
        load_settings(camera_url="tcp://[::1]:9000", camera_token="short")
    assert load_settings(camera_url="tcp://[::1]:9000", camera_token=TOKEN).camera_url
