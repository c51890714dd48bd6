"""Servers of tests come back at their own address, whoever else is busy."""

import socket
import urllib.request
from contextlib import suppress
from threading import Timer

import pytest

from tests.object_storage import ObjectStorage
from tests.ports import HOST, free_port, is_free
from tests.waiting import wait_until


@pytest.fixture
def storage():
    server = ObjectStorage()
    server.start()
    yield server
    server.stop()


def asked_with_success(server: ObjectStorage) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{server.port}/") as answer:
        return answer.status == 200
    return False


def test_a_server_comes_back_though_a_child_is_just_being_started(storage):
    # What a child has of its parent between fork and exec: the same socket, which listens.
    held = storage.listening_socket.dup()
    storage.stop()
    assert not is_free(storage.port)
    Timer(0.1, held.close).start()
    storage.start()
    assert asked_with_success(storage)


def test_a_server_that_is_killed_answers_nobody_who_is_connected(storage):
    with socket.create_connection((HOST, storage.port)) as line:
        request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        line.sendall(request)
        assert line.recv(15) == b"HTTP/1.1 200 OK"
        storage.stop()
        with suppress(ConnectionError):
            line.sendall(request)
            while line.recv(65_536):
                pass
    assert not asked_with_success(storage)
    storage.start()
    wait_until(lambda: asked_with_success(storage))


def test_no_port_is_offered_twice_or_where_a_system_gives_ports_itself():
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == 100
    assert max(ports) < 32_768
