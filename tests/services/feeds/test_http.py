from __future__ import annotations

import gzip
import socket

import pytest

from services.errors import FeedUnreachable
from services.feeds.http import FetchLimits, fetch, make_session
from tests.fault_server import FaultServer, fault_server, in_turn, reply_with

QUICK = FetchLimits(
    connect_timeout_s=1,
    read_timeout_s=0.3,
    total_timeout_s=2,
    maximum_bytes=10_000,
    backoff_s=0,
    backoff_jitter_s=0,
)


def get(url: str, limits: FetchLimits = QUICK) -> bytes:
    with make_session(limits) as session:
        return fetch(session, url, limits)


def test_a_reply_comes_whole():
    with fault_server(reply_with(b"[1]")) as server:
        assert get(server.url) == b"[1]"


def test_a_compressed_reply_is_read():
    with fault_server(
        reply_with(gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip"})
    ) as server:
        assert get(server.url) == b"[1]"


def test_a_passing_fault_is_retried():
    with fault_server(
        in_turn(reply_with(status=503), reply_with(status=500), reply_with(b"ok"))
    ) as server:
        assert get(server.url) == b"ok"
        assert server.requests == 3


def test_retries_are_bounded():
    with fault_server(reply_with(status=502)) as server:
        with pytest.raises(FeedUnreachable, match="HTTP 502"):
            get(server.url)
        assert server.requests == 1 + QUICK.retries


@pytest.mark.parametrize("status", [400, 401, 404])
def test_the_fault_of_the_caller_is_not_retried(status):
    with fault_server(reply_with(status=status)) as server:
        with pytest.raises(FeedUnreachable, match=f"HTTP {status}"):
            get(server.url)
        assert server.requests == 1


def test_retry_after_is_told_and_not_overrun():
    with fault_server(reply_with(status=429, headers={"Retry-After": "1800"})) as server:
        with pytest.raises(FeedUnreachable) as refusal:
            get(server.url)
        assert refusal.value.retry_after_s == 1800
        assert server.requests == 1


@pytest.mark.parametrize(
    "header",
    [
        "soon",
        "Wed, 21 Oct 20155 07:28:00 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "9" * 5_000,
        "-5",
        "Wed, 99 Oct 2026 99:99:99 +9999999999",
        "\xe9\x01",
    ],
)
def test_a_retry_after_that_is_no_time_is_ignored(header):
    with (
        fault_server(reply_with(status=429, headers={"Retry-After": header})) as server,
        pytest.raises(FeedUnreachable, match="HTTP 429") as refusal,
    ):
        get(server.url)
    assert not refusal.value.retry_after_s


def test_a_reply_that_is_too_large_is_cut_off():
    with (
        fault_server(reply_with(b"x" * 20_000)) as server,
        pytest.raises(FeedUnreachable, match="larger than 10000"),
    ):
        get(server.url)


def test_a_compressed_bomb_is_cut_off():
    bomb = gzip.compress(b"x" * 5_000_000)
    assert len(bomb) < QUICK.maximum_bytes
    with (
        fault_server(reply_with(bomb, headers={"Content-Encoding": "gzip"})) as server,
        pytest.raises(FeedUnreachable, match="larger than"),
    ):
        get(server.url)


def _with_server(answer_with_server):
    """Let an answer see its server, to wait for the end of the test instead of sleeping."""
    holder: list[FaultServer] = []

    def answer(handler, number):
        answer_with_server(handler, holder[0])

    return holder, answer


def test_a_stalled_connection_is_given_up():
    def stall(handler, server):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"[")
        handler.wfile.flush()
        server.released.wait(10)

    holder, answer = _with_server(stall)
    with fault_server(answer) as server:
        holder.append(server)
        with pytest.raises(FeedUnreachable, match=r"[Tt]imed? ?out"):
            get(server.url)


def test_a_dripping_reply_is_given_up_in_time():
    def drip(handler, server):
        handler.send_response(200)
        handler.end_headers()
        while not server.released.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    holder, answer = _with_server(drip)
    limits = FetchLimits(read_timeout_s=1, total_timeout_s=0.3, retries=0)
    with fault_server(answer) as server:
        holder.append(server)
        with pytest.raises(FeedUnreachable, match="not complete after"):
            get(server.url, limits)


def test_a_reply_cut_short_is_no_reply():
    def cut(handler, _number):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"[1, 2")
        handler.close_connection = True

    with fault_server(cut) as server, pytest.raises(FeedUnreachable, match="IncompleteRead"):
        get(server.url)


@pytest.mark.parametrize(
    "target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:text/plain,x"]
)
def test_a_redirect_out_of_http_is_refused(target):
    answer = reply_with(status=302, headers={"Location": target})
    with (
        fault_server(answer) as server,
        pytest.raises(FeedUnreachable, match="neither http nor https"),
    ):
        get(server.url)


def test_a_redirect_within_http_is_followed():
    with fault_server(reply_with(b"here")) as target:
        answer = reply_with(status=302, headers={"Location": target.url})
        with fault_server(answer) as server:
            assert get(server.url) == b"here"


def test_endless_redirects_are_given_up():
    def around(handler, _number):
        reply_with(status=302, headers={"Location": "/feed"})(handler, 0)

    with fault_server(around) as server, pytest.raises(FeedUnreachable, match="TooManyRedirects"):
        get(server.url)


def test_a_server_that_is_not_there_is_told_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(FeedUnreachable, match="ConnectionError") as refusal:
        get(f"http://127.0.0.1:{port}/")
    assert "\n" not in str(refusal.value)
    assert "0x" not in str(refusal.value)
