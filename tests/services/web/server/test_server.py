"""Whoever sends or reads slowly keeps no thread, and not for long a connection."""

from __future__ import annotations

import contextlib
import socket
import threading

import flask
import pytest

from services.web.server import connections, gateway
from services.web.server.awaited import awaited
from services.web.server.gateway import Gateway
from tests.services.web.server.harness import Client, ask, served, status_of
from tests.waiting import PATIENCE_SECONDS, wait_until

LARGE = b"x" * 8_000_000
HALF_HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-"
HALF_BODY = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"


class Held:
    """Requests that are answered when the test says so, or given up when their sender has left."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        self.may_end = threading.Event()


@pytest.fixture
def held():
    held = Held()
    yield held
    held.may_end.set()


@pytest.fixture
def application(held):
    server = flask.Flask(__name__)

    @server.get("/")
    def home():
        return "here"

    @server.get("/large")
    def large():
        return flask.Response(LARGE)

    @server.route("/echo", methods=["POST"])
    @server.route("/api/v1/segmentation", methods=["POST"])
    def echo():
        return flask.request.get_data()

    @server.get("/told/<path:rest>")
    def told(rest):
        names = (
            "QUERY_STRING",
            "REMOTE_ADDR",
            "HTTP_X_TWICE",
            "HTTP_COOKIE",
            "HTTP_X_FORWARDED_FOR",
        )
        return {"rest": rest} | {name: flask.request.environ.get(name) for name in names}

    @server.post("/held")
    def hold():
        held.begun.release()
        is_awaited = awaited(flask.request.environ)
        wait_until(lambda: held.may_end.is_set() or not is_awaited())
        if not is_awaited():
            held.left.release()
        return "answered"

    @server.get("/streamed")
    def streamed():
        return flask.Response(part for part in (b"one ", b"two"))

    return server


@pytest.fixture
def connect():
    with contextlib.ExitStack() as stack:

        def new(port: int, **options: int) -> Client:
            client = Client(port, **options)
            stack.callback(client.socket.close)
            return client

        yield new


@pytest.fixture
def port(application):
    with served(Gateway(application, 2)) as port:
        yield port


def test_what_is_sent_comes_whole_to_the_application_and_back(port, connect):
    body = bytes(range(256)) * 3_000
    whole = ask(port, f"POST /echo HTTP/1.1\r\nContent-Length: {len(body)}", body)
    assert status_of(whole) == 200
    assert whole.endswith(b"\r\n\r\n" + body)

    pieces = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    chunked = ask(port, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked", pieces)
    assert chunked.endswith(b"\r\n\r\nhello world")

    assert ask(port, "GET /large HTTP/1.1").endswith(LARGE)
    assert ask(port, "HEAD /large HTTP/1.1").split(b"\r\n\r\n")[1] == b""
    streamed = ask(port, "GET /streamed HTTP/1.1")
    assert b"content-length: 7\r\n" in streamed
    assert streamed.endswith(b"one two")


def test_the_application_is_told_what_the_visitor_sent(port, connect):
    lines = (
        "X-Twice: 1\r\nX-Twice: 2\r\nCookie: a=1; b=2\r\nCookie: c=3\r\n"
        "X_Forwarded_For: 203.0.113.9"
    )
    answer = ask(port, f"GET /told/caf%C3%A9%20%FF?hour=8%20 HTTP/1.1\r\n{lines}")
    told = flask.json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert told == {
        "rest": "café �",
        "QUERY_STRING": "hour=8%20",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_X_TWICE": "1,2",
        "HTTP_COOKIE": "a=1; b=2; c=3",
        # What passes for a proxy's header is left out.
        "HTTP_X_FORWARDED_FOR": None,
    }


def test_a_connection_serves_one_request_after_the_other(port, connect):
    client = connect(port)
    for _ in range(3):
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: client.socket.recv(4_096).endswith(b"here"))
    assert client.is_open()


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY])
def test_more_waiting_visitors_than_threads_keep_nobody_from_an_answer(port, sent, connect):
    waiting = [connect(port) for _ in range(50)]
    for client in waiting:
        client.send(sent)
    assert [status_of(ask(port, "GET / HTTP/1.1")) for _ in range(5)] == [200] * 5
    # They were there all the while.
    assert all(client.is_open() for client in waiting)


def test_readers_that_do_not_read_keep_nobody_from_an_answer(port, connect):
    waiting = [connect(port, received_bytes=4_096) for _ in range(20)]
    for client in waiting:
        client.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [status_of(ask(port, "GET / HTTP/1.1")) for _ in range(5)] == [200] * 5
    assert all(client.is_open() for client in waiting)


def test_requests_that_do_not_wait_for_answers_are_few(port, connect):
    """Each that waits takes memory, and a connection could bring any number of them."""
    patient = connect(port)
    patient.send(3 * b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: patient.socket.recv(65_536, socket.MSG_PEEK).count(b"200 OK") == 3)
    flood = connect(port)
    flood.send(10_000 * b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert flood.read().count(b"200 OK") < 100
    assert patient.is_open()


def test_who_leaves_in_the_midst_of_an_answer_is_not_written_down(port, connect, caplog):
    for _ in range(20):
        leaving = connect(port)
        leaving.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        leaving.socket.recv(1_000)
        leaving.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, connections._AT_ONCE)
        leaving.socket.close()
    assert status_of(ask(port, "GET / HTTP/1.1")) == 200
    assert caplog.messages == []


@pytest.mark.parametrize("sent", [b"", HALF_HEAD])
def test_a_header_has_its_time_however_it_drips(port, monkeypatch, sent, connect):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    client = connect(port)
    client.send(sent)

    def drip() -> bool:
        client.send(b"X" if sent else b"")
        return not client.is_open()

    wait_until(drip)
    # One that has been answered may take its time to begin, and none to go on.
    other = connect(port)
    other.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
    assert other.read().endswith(b"here")


def test_an_empty_line_after_an_answer_takes_no_deadline_away(port, monkeypatch, connect):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    client = connect(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: client.socket.recv(4_096).endswith(b"here"))
    client.send(b"\r\n")
    assert client.read() == b""


def test_who_waits_for_an_answer_has_no_deadline_whatever_they_send(
    port, monkeypatch, connect, held
):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    client = connect(port)
    client.send(b"POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert held.begun.acquire(timeout=PATIENCE_SECONDS)
    client.send(b"\r\n")
    # One that came later and says nothing is closed in its time.
    assert connect(port).read() == b""
    held.may_end.set()
    wait_until(lambda: client.socket.recv(4_096).endswith(b"answered"))


def test_a_body_has_its_time_however_it_drips(port, monkeypatch, connect):
    monkeypatch.setattr(gateway, "BODY_SECONDS", 0.3)
    client = connect(port)
    client.send(HALF_BODY)

    def drip() -> bool:
        client.send(b"X")
        client.socket.setblocking(False)
        try:
            answers.append(client.socket.recv(4_096))
        except BlockingIOError:
            return False
        finally:
            client.socket.settimeout(30)
        return True

    answers: list[bytes] = []
    wait_until(drip)
    assert status_of(answers[0]) == 408
    assert not client.read()


def test_an_answer_has_its_time_however_it_is_sipped(port, monkeypatch, connect):
    monkeypatch.setattr(connections, "SLICE_SECONDS", 0.3)
    client = connect(port, received_bytes=4_096)
    client.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    got = 0

    def sip() -> bool:
        nonlocal got
        try:
            piece = client.socket.recv(100)
        except ConnectionError:
            return True
        got += len(piece)
        return not piece

    wait_until(sip)
    assert 0 < got < len(LARGE)


def test_a_header_that_does_not_end_is_refused(port, connect):
    client = connect(port)
    client.send(b"GET / HTTP/1.1\r\nX: ")
    for _ in range(2_000):
        client.send(b"x" * 1_000)
    assert status_of(client.read()) in {431, 0}
    # Nor may the lines after a body be without end.
    trailers = connect(port)
    trailers.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    for number in range(2_000):
        trailers.send(b"X-%d: %s\r\n" % (number, b"x" * 1_000))
    assert status_of(trailers.read()) in {400, 431, 0}
    assert status_of(ask(port, "GET / HTTP/1.1")) == 200


def test_bodies_are_as_large_as_where_they_go_allows(port, connect):
    length = "Content-Length: 2000000"
    refused = ask(port, f"POST /echo HTTP/1.1\r\n{length}", b"x" * 2_000_000)
    assert status_of(refused) == 413
    assert b"content-type: application/problem+json\r\n" in refused
    taken = ask(port, f"POST /api/v1/segmentation HTTP/1.1\r\n{length}", b"x" * 2_000_000)
    assert status_of(taken) == 200
    piece = b"fffff\r\n" + b"x" * 0xFFFFF + b"\r\n"
    chunked = ask(
        port, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked", 2 * piece + b"0\r\n\r\n"
    )
    assert status_of(chunked) == 413


@pytest.mark.parametrize(
    "lines",
    [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_coding_that_nobody_takes_off_is_said_so_and_ends_the_connection(port, connect, lines):
    client = connect(port)
    asked = f"POST /echo HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    client.send(asked.encode() + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = client.read()
    assert status_of(answer) == 501
    assert b"connection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_large_bodies_share_a_room_and_small_ones_need_none(application, connect, monkeypatch):
    monkeypatch.setattr(gateway, "MAX_LARGE_BODIES_BYTES", 1_500_000)
    head = "POST /api/v1/segmentation HTTP/1.1\r\nContent-Length: 1000000"
    room = Gateway(application, 2)
    with served(room) as port:
        first = connect(port)
        first.send(head.encode() + b"\r\nHost: x\r\nConnection: close\r\n\r\n" + b"x" * 999_999)
        # It is taken as the bytes come, not as they are announced.
        wait_until(lambda: room._large_bytes == 999_999)
        refused = ask(port, head, b"x" * 1_000_000)
        assert status_of(refused) == 503
        assert b"retry-after: 5\r\n" in refused
        assert status_of(ask(port, "POST /echo HTTP/1.1\r\nContent-Length: 5", b"small")) == 200
        first.send(b"x")
        assert status_of(first.read()) == 200
        assert status_of(ask(port, head, b"x" * 1_000_000)) == 200
        assert room._large_bytes == 0


def test_room_is_given_back_by_whoever_leaves(port, monkeypatch, connect):
    monkeypatch.setattr(gateway, "MAX_LARGE_BODIES_BYTES", 1_500_000)
    head = "POST /api/v1/segmentation HTTP/1.1\r\nContent-Length: 1000000"
    for _ in range(5):
        leaving = connect(port)
        leaving.send(head.encode() + b"\r\nHost: x\r\n\r\n" + b"x" * 900_000)
        leaving.socket.close()
    wait_until(lambda: status_of(ask(port, head, b"x" * 1_000_000)) == 200)


def test_who_leaves_takes_no_thread_along_and_is_not_answered(port, connect, held):
    """Of two threads; the requests of who left while they waited for one are never begun."""
    head = b"POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
    leaving = [connect(port) for _ in range(6)]
    for client in leaving:
        client.send(head + b"body")
    for _ in range(2):
        assert held.begun.acquire(timeout=PATIENCE_SECONDS)
    for client in reversed(leaving):
        client.socket.close()
    assert status_of(ask(port, "GET / HTTP/1.1")) == 200
    assert held.left.acquire(timeout=PATIENCE_SECONDS)
    assert held.left.acquire(timeout=PATIENCE_SECONDS)
    assert not held.begun.acquire(blocking=False)


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.0\r\n"])
def test_who_ends_their_side_after_a_whole_request_is_answered(port, connect, head):
    client = connect(port)
    client.send(head + b"\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    answer = client.read()
    assert status_of(answer) == 200
    assert b"connection: close\r\n" in answer
    assert answer.endswith(b"here")


def test_who_ends_their_side_gets_all_that_they_asked_for(port, monkeypatch, connect):
    """Also where it takes longer to read than to begin."""
    monkeypatch.setattr(connections, "LISTENING_SECONDS", 0.3)
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.4)
    client = connect(port, received_bytes=65_536)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    # By its end the time to begin is over for the one that came first.
    assert connect(port).read() == b""
    answers = client.read()
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.endswith(LARGE)


def test_who_ends_their_side_and_may_have_left_is_not_waited_for(port, monkeypatch, connect, held):
    monkeypatch.setattr(connections, "LISTENING_SECONDS", 0.3)
    client = connect(port)
    client.send(b"POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert held.begun.acquire(timeout=PATIENCE_SECONDS)
    assert held.left.acquire(timeout=PATIENCE_SECONDS)
    assert client.read() == b""


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY])
def test_who_ends_their_side_in_the_midst_of_a_request_is_gone(port, connect, sent):
    client = connect(port)
    client.send(sent)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.read() == b""


def test_too_many_connections_close_the_one_that_waited_longest(application, connect):
    with served(Gateway(application, 2), connections=10) as port:
        used = connect(port)

        def refresh() -> None:
            used.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: used.socket.recv(4_096).endswith(b"here"))

        refresh()
        silent = [connect(port) for _ in range(9)]
        # By the second answer all of them have been taken in.
        refresh()
        refresh()
        assert status_of(ask(port, "GET / HTTP/1.1")) == 200
        wait_until(lambda: not silent[0].is_open())
        assert [client.is_open() for client in silent[1:]] == [True] * 8
        assert used.is_open()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\nx",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_the_senders_fault(port, sent, connect):
    client = connect(port)
    client.send(sent)
    client.socket.shutdown(socket.SHUT_WR)
    assert status_of(client.read()) in {400, 0}
    assert status_of(ask(port, "GET / HTTP/1.1")) == 200


def test_a_broken_application_answers_500_and_serves_on(application, connect):
    broken = threading.Event()
    broken.set()

    def breaking(environ, start_response):
        if broken.is_set():
            raise RuntimeError("broken")
        return application(environ, start_response)

    with served(Gateway(breaking, 2)) as port:
        assert status_of(ask(port, "GET / HTTP/1.1")) == 500
        broken.clear()
        assert status_of(ask(port, "GET / HTTP/1.1")) == 200
