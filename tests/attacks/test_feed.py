"""A feed that answers all that its protocol allows, and more: rounds fail, the page goes on."""

from __future__ import annotations

import gc
import gzip
from datetime import timedelta

import pytest

from services.base.http import FetchLimits
from services.city.rennes import RENNES
from services.observe.feeds.sources import LiveFeed
from services.observe.observer import Observer
from services.traffic.store import Store
from services.web.latest import LatestTraffic
from tests.fault_server import Answer, fault_server, reply_with
from tests.feed_replies import OBSERVED_AT, RECEIVED_AT, encode, make_record, make_records

LIMITS = FetchLimits(
    read_timeout_s=1, total_timeout_s=2, max_bytes=200_000, backoff_s=0, backoff_jitter_s=0
)


def changed(**changes: object) -> bytes:
    return encode([{**record, **changes} for record in make_records()])


def raw(content: bytes) -> Answer:
    """What a server sends that speaks no HTTP, or half of it."""

    def answer(handler, _number):
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


ATTACKS: dict[str, Answer] = {
    "a pause until the year 20155": reply_with(
        status=503, headers={"Retry-After": "Wed, 21 Oct 20155 07:28:00 GMT"}
    ),
    "a pause of 5,000 digits": reply_with(status=429, headers={"Retry-After": "9" * 5_000}),
    "a redirect to nowhere": reply_with(status=302, headers={"Location": "http://["}),
    "a redirect to a file": reply_with(status=302, headers={"Location": "file:///etc/passwd"}),
    "a redirect to itself": reply_with(status=302, headers={"Location": "/feed"}),
    "a redirect in Latin-1": reply_with(status=302, headers={"Location": "http://\xe9\xff/"}),
    "no HTTP": raw(b"\x00\xff" * 1_000),
    "a header without end": raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000),
    "a thousand headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1_000 + b"\r\n[]"),
    "no end": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n["),
    "a bomb": reply_with(
        gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}
    ),
    "bad gzip": reply_with(b"no gzip", headers={"Content-Encoding": "gzip"}),
    "nothing": reply_with(b""),
    "Latin-1": reply_with(changed(denomination="All\xe9e").decode().encode("latin-1")),
    "UTF-16": reply_with(encode(make_records()).decode().encode("utf-16")),
    "brackets": reply_with(b"[" * 100_000),
    "braces": reply_with(b'{"a":' * 30_000),
    "an error": reply_with(encode({"error_code": "x", "message": "x" * 100_000})),
    "the year 1": reply_with(changed(datetime="0001-01-01T00:00:00+01:00")),
    "the year 9999": reply_with(changed(datetime="9999-12-31T23:59:59-01:00")),
    "tomorrow": reply_with(changed(datetime="2025-11-25T08:40:00+01:00")),
    "yesterday": reply_with(changed(datetime="2025-11-23T08:40:00+01:00")),
    "no date": reply_with(changed(datetime=[[[]]])),
    "one segment of another city": reply_with(encode([make_record(99)])),
    "a tenth of the segments": reply_with(encode([*make_records(4), make_record(99)])),
    "names without end": reply_with(changed(denomination="x" * 3_000)),
    "ids without end": reply_with(changed(predefinedlocationreference="1" * 3_000)),
    "huge numbers": reply_with(changed(averagevehiclespeed=10**17)),
    "elsewhere": reply_with(changed(geo_shape={"geometry": {"type": "Point"}}, vitesse_maxi=30)),
    "all unknown": reply_with(changed(trafficstatus="unknown")),
}  # fmt: skip


@pytest.fixture(scope="module")
def _no_garbage_of_others():
    """A collection in the depth of a hundred thousand brackets has no stack for finalizers.

    What other tests left would be told as a failure of the one that happens to collect it. Once for
    all of them: of the thousands of tests before, a collection takes half a second.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_garbage_of_others")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_answer_is_one_failed_round_and_hides_nothing(name, tmp_path):
    answers = [reply_with(encode(make_records()))]
    store = Store(RENNES, tmp_path)
    store.prepare()
    traffic = LatestTraffic(store)
    now = RECEIVED_AT

    def last_answer(handler, number):
        answers[-1](handler, number)

    with fault_server(last_answer) as server:
        feed = LiveFeed(server.url + "?key=planted", LIMITS)
        observer = Observer(store, feed, None, lambda: now, city=RENNES)
        shown = observer.observe()
        answers.append(ATTACKS[name])
        now += timedelta(minutes=3)
        observer.observe()
        state = store.worker_state()
        assert state.consecutive_failures == 1
        assert state.last_error
        assert len(state.last_error) <= 400
        assert "planted" not in state.last_error
        assert traffic.view().snapshot.version == shown.version
        now += timedelta(minutes=9)
        assert observer.observe().source == "archive"
        assert traffic.view().snapshot.observed_at == OBSERVED_AT
        # Whatever it asked for: an hour later the feed has another chance, and its network stays.
        answers.append(reply_with(changed(datetime="2025-11-24T10:00:00+01:00")))
        now += timedelta(minutes=90)
        assert observer.observe().source == "live"
        assert len(traffic.view().network) == len(make_records())
