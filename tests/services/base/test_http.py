from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time

import pytest

from services.base.errors import FeedUnreachable
from services.base.http import MAX_REDIRECTS, FetchLimits, fetch
from tests.fault_server import FaultServer, dripping_server, fault_server, in_turn, reply_with
from tests.hanging import lookups_that_hang
from tests.waiting import PATIENCE_SECONDS, wait_until

QUICK = FetchLimits(
    connect_timeout_s=1,
    read_timeout_s=0.3,
    total_timeout_s=2,
    max_bytes=10_000,
    backoff_s=0,
    backoff_jitter_s=0,
)


def get(url: str, limits: FetchLimits = QUICK) -> bytes:
    return fetch(url, limits)


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
    assert len(bomb) < QUICK.max_bytes
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


OK = b"HTTP/1.1 200 OK\r\n"
# The beginning of a record of TLS that announces a kilobyte.
TLS_RECORD = b"\x16\x03\x03\x04\x00\x02\x00\x03\xfc"


@pytest.mark.parametrize(
    ("scheme", "first", "unit"),
    [
        ("http", b"", b"H"),
        ("http", b"HTTP/1.1 200 ", b"O"),
        ("http", OK + b"X-Long: ", b"a"),
        ("http", OK, b"X: a\r\n"),
        ("http", OK + b"\r\n", b" "),
        ("http", OK + b"Content-Length: 9000\r\n\r\n", b" "),
        ("http", OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;a\r\n \r\n"),
        ("http", OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a"),
        ("http", OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a"),
        ("http", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("http", b"HTTP/1.1 302 Found\r\nLocation: /there\r\nX: ", b"a"),
        ("https", TLS_RECORD, b"\x00"),
    ],
)
def test_whatever_drips_a_fetch_ends_in_time(scheme, first, unit):
    long_s = 2 * PATIENCE_SECONDS
    limits = FetchLimits(
        total_timeout_s=0.4,
        connect_timeout_s=long_s,
        read_timeout_s=long_s,
        retries=3,
        backoff_s=long_s,
    )
    with dripping_server(first, unit) as address:
        started = time.monotonic()
        with pytest.raises(FeedUnreachable, match=r"not complete after 0\.4 s"):
            get(f"{scheme}://{address}/feed", limits)
        # A try more, or a pause, would take longer.
        assert time.monotonic() - started < PATIENCE_SECONDS


def test_tries_again_and_redirects_are_within_the_time_of_a_fetch():
    def wait_and_fail(handler, server):
        server.released.wait(0.2)
        reply_with(status=503 if server.requests % 2 else 302, headers={"Location": "/"})(
            handler, 0
        )

    holder, answer = _with_server(wait_and_fail)
    with fault_server(answer) as server:
        holder.append(server)
        with pytest.raises(FeedUnreachable, match="not complete after"):
            get(server.url, FetchLimits(total_timeout_s=0.5, backoff_s=0, backoff_jitter_s=0))
        assert server.requests <= 4


def test_a_look_up_that_hangs_is_within_the_time_of_a_fetch(monkeypatch):
    limits = FetchLimits(total_timeout_s=0.3)
    with fault_server(reply_with(b"[1]")) as server:
        with (
            lookups_that_hang(monkeypatch),
            pytest.raises(FeedUnreachable, match="not complete after"),
        ):
            get(server.url, limits)
        assert get(server.url) == b"[1]"
        assert server.requests == 1


def test_nothing_watches_a_fetch_that_is_over():
    before = threading.active_count()
    with fault_server(reply_with(b"[1]")) as server:
        while_serving = threading.active_count()
        get(server.url)
        wait_until(lambda: threading.active_count() <= while_serving)
    assert threading.active_count() <= before


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

    with fault_server(around) as server:
        with pytest.raises(FeedUnreachable, match="redirected more than 5 times"):
            get(server.url)
        assert server.requests == 1 + MAX_REDIRECTS


@pytest.mark.parametrize(
    "target",
    [
        "http://[",
        "http://[::1",
        "http://host:port/",
        "http://host:99999999999999999999/",
        "http://a..b/",
        "http://" + "a" * 300 + ".fr/",
        "http://\xe9\xff/",
        "//",
        "http://",
        "http:///x",
        "http://127.0.0.1:1/%",
        "http://\x01/",
        "?" + "x" * 60_000,
    ],
)
def test_an_odd_redirect_is_one_more_failure(target):
    with (
        fault_server(reply_with(status=302, headers={"Location": target})) as server,
        pytest.raises(FeedUnreachable) as refusal,
    ):
        get(server.url)
    assert str(refusal.value)


def test_the_body_of_a_redirect_is_not_read():
    sent = []

    def endless(handler, _number):
        handler.send_response(302)
        handler.send_header("Location", target.url)
        handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        sent.extend(handler.wfile.write(bytes(100_000)) for _ in range(500))

    with fault_server(reply_with(b"[1]")) as target, fault_server(endless) as server:
        assert get(server.url) == b"[1]"
    # What fits into the buffers of a connection.
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "9" * 5_000},
        {"Content-Length": "-1"},
        {"Content-Encoding": "gzip, gzip, gzip, gzip, gzip, gzip, gzip"},
        {"Content-Encoding": "gzip"},
        {"Transfer-Encoding": "chunked"},
        {"Set-Cookie": "a=b; expires=Wed, 21 Oct 20155 07:28:00 GMT; max-age=" + "9" * 5_000},
        {"X" * 70_000: "a"},
        {f"X-{number}": "a" for number in range(200)},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_odd_headers_end_in_a_reply_or_in_one_sentence(headers):
    def odd(handler, _number):
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(b"[1]")
        handler.close_connection = True

    with fault_server(odd) as server, contextlib.suppress(FeedUnreachable):
        assert get(server.url) == b"[1]"


def test_a_server_that_is_not_there_is_told_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(FeedUnreachable, match="ConnectionError") as refusal:
        get(f"http://127.0.0.1:{port}/")
    assert "\n" not in str(refusal.value)
    assert "0x" not in str(refusal.value)
