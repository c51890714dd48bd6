"""Operators on hosts that share a PostgreSQL and nothing else: in on one, in on all."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app import create_app
from services.base.settings import load_settings
from services.operations.database import open_for_serving, open_operations
from services.web.access import session, session_stores, validity
from services.web.access.attempts import FREE_ATTEMPTS, Attempts, Visitor
from services.web.access.session import SESSION_COOKIE
from services.web.access.session_stores import TableStore
from services.web.access.validity import Validity
from tests.callbacks.pages.test_log_in import PASSWORD, is_in, log_out
from tests.log_in import send_log_in
from tests.waiting import wait_until


@pytest.fixture
def settings_of(tmp_path, postgres_url):
    def make(name, **settings):
        data_dir = tmp_path / name
        data_dir.mkdir(exist_ok=True)
        named = {"dashboard_password": PASSWORD, "secret_key": "the same one on all hosts"}
        return load_settings(
            data_dir=data_dir, database_url=postgres_url, monitor_level="off",
            _env_file=None, **{**named, **settings},
        )  # fmt: skip

    return make


@pytest.fixture
def host(settings_of, monkeypatch):
    monkeypatch.setattr(session_stores, "STALE_SECONDS", 0.05)
    monkeypatch.setattr(session_stores, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(validity, "_OWED_SECONDS", 0.05)
    monkeypatch.setattr(session, "PATIENCE_SECONDS", 2.0)

    def start(name, **settings):
        return create_app(settings_of(name, **settings)).server.test_client()

    return start


def take_along(cookie_of, client):
    """The same browser on another host, as behind a balancer."""
    client.set_cookie(SESSION_COOKIE, cookie_of.get_cookie(SESSION_COOKIE).value)
    return client


def test_who_logs_in_on_one_host_is_in_on_all_and_who_logs_out_is_out_on_all(host):
    first, second = host("a"), host("b")
    assert send_log_in(first, "admin", PASSWORD).status_code == 303
    take_along(first, second)
    assert is_in(first)
    assert is_in(second)
    log_out(first)
    wait_until(lambda: not is_in(second))
    third = take_along(second, host("c"))
    assert not is_in(third)
    # Others are in who were not logged out.
    assert send_log_in(first, "admin", PASSWORD).status_code == 303
    assert is_in(take_along(first, third))


def test_a_new_password_on_one_host_ends_what_began_with_the_old_one_on_others(host):
    first = host("a")
    send_log_in(first, "admin", PASSWORD)
    assert is_in(first)
    host("b", dashboard_password="Another-velo-43-vert")
    wait_until(lambda: not is_in(first))


def test_while_the_server_is_away_old_sessions_count_for_nothing_and_new_ones_do(host, postgres):
    first, second = host("a"), host("b")
    for client in (first, second):
        send_log_in(client, "admin", PASSWORD)
        assert is_in(client)
    old = first.get_cookie(SESSION_COOKIE).value
    postgres.stop()
    try:
        wait_until(lambda: not is_in(first))
        # A second later at least, by which sessions count.
        began = time.time()
        wait_until(lambda: time.time() >= began + 1)
        assert send_log_in(first, "admin", PASSWORD).status_code == 303
        assert is_in(first)
        ended = log_out(first)
        first.set_cookie(SESSION_COOKIE, ended)
        assert not is_in(first)
    finally:
        postgres.start()
    # Nobody ended these; the one that was ended meanwhile is over everywhere.
    wait_until(lambda: is_in(second))
    assert not is_in(first)
    first.set_cookie(SESSION_COOKIE, old)
    wait_until(lambda: is_in(first))
    second.set_cookie(SESSION_COOKIE, ended)
    wait_until(lambda: not is_in(second))


def test_a_host_that_starts_while_the_server_is_away_takes_its_place_later(host, postgres):
    first = host("a")
    send_log_in(first, "admin", PASSWORD)
    assert is_in(first)
    postgres.stop()
    try:
        second = take_along(first, host("b"))
        assert not is_in(second)
    finally:
        postgres.start()
    wait_until(lambda: is_in(second))
    wait_until(lambda: is_in(first))


def store_of(settings):
    operations = open_for_serving(settings)
    return TableStore(operations.reading, operations.writing)


def test_a_log_out_holds_on_hosts_whose_clocks_differ(settings_of, monkeypatch):
    monkeypatch.setattr(session_stores, "STALE_SECONDS", 0.0)
    ahead = Validity(store_of(settings_of("a")), lambda: time.time() + 1_800)
    behind = Validity(store_of(settings_of("b")), lambda: time.time() - 1_800)
    ahead.begin_with("operator")
    era, now = behind.era(), time.time()
    assert ahead.era() == era
    # Over in a minute: long ago for the one, in half an hour for the other.
    ahead.end("mark", int(now) + 60)
    ahead.end("another", int(now) + 60)
    assert not behind.is_valid("mark", era, now)
    assert not behind.is_valid("another", era, now)
    assert behind.is_valid("a third", era, now)


def test_many_hosts_that_end_sessions_at_a_time_lose_none(settings_of):
    hosts = [Validity(store_of(settings_of(name)), time.time) for name in "abcd"]
    hosts[0].begin_with("operator")
    with ThreadPoolExecutor(4) as pool:
        for host in hosts:
            pool.submit(lambda host=host: [host.end(f"{id(host)}-{n}", 2**40) for n in range(5)])
    fresh = Validity(store_of(settings_of("e")), time.time)
    era = fresh.era()
    assert not any(fresh.is_valid(f"{id(h)}-{n}", era, 0) for h in hosts for n in range(5))


def test_wrong_passwords_count_together_on_hosts_whose_clocks_differ(settings_of):
    secret = "the same one on all hosts"
    hosts = [
        Attempts(
            open_operations(settings_of(name)),
            open_operations(settings_of(name)),
            secret,
            lambda minutes=minutes: datetime.now(UTC) + timedelta(minutes=minutes),
        )
        for name, minutes in (("a", 20), ("b", -20))
    ]
    visitor = Visitor("203.0.113.9")
    waits = [hosts[turn % 2].begin(visitor) for turn in range(FREE_ATTEMPTS)]
    assert waits == [0] * FREE_ATTEMPTS
    for attempts in hosts:
        assert 0 < attempts.begin(visitor) <= 30
    hosts[0].succeeded(visitor)
    assert hosts[1].begin(visitor) == 0
