"""The way from a page to the archive's process: short, whatever becomes of that one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Client, Listener
from pathlib import Path

import pytest

from services.base.errors import ConfigurationError
from services.plain.trends.asking import Away, Busy, Done, Failed, Queued, Running
from services.trends import server as server_module
from services.trends.messages import REPLY, socket_path
from services.trends.server import TrendsServer
from services.web import trends_client as client_module
from services.web.trends_client import Shown, TrendsClient
from tests.trend_questions import Count, Echo, Lie, Refuse, running_pool
from tests.waiting import PATIENCE_SECONDS, wait_until


@contextmanager
def answering(data_dir, version_of=lambda _question, _days: "v", **options):
    with running_pool(**options) as pool:
        server = TrendsServer(socket_path(data_dir), pool, version_of)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield pool
        finally:
            server.close()
            thread.join()


def client_of(data_dir, **options):
    return TrendsClient(data_dir, lambda: Shown("demo", "net"), **options)


def answered(client, query):
    """What comes of a question, asked again and again as a page does."""
    found = []

    def is_over():
        found.append(client.ask(query))
        return not isinstance(found[-1], Running | Queued | Busy)

    wait_until(is_over)
    return found[-1]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Where questions are answered."""
    folder = tmp_path_factory.mktemp("trends")
    with answering(folder):
        yield folder


@pytest.fixture
def slow(tmp_path):
    until = tmp_path / "until"
    yield Count(str(tmp_path / "begun"), str(until))
    until.touch()


def test_a_page_gets_its_answer(data_dir):
    done = answered(client_of(data_dir), Echo("hallo"))
    assert isinstance(done, Done)
    assert done.answer.text == "hallo"
    # The second time at once.
    assert client_of(data_dir).ask(Echo("hallo"), wait_s=0.0) == done


def test_what_is_refused_or_fails_is_told(data_dir):
    client = client_of(data_dir)
    assert answered(client, Refuse("place")) == Failed("unknown_place", "no place 'x'")
    assert answered(client, Refuse("not")).reason == "failed"


def test_an_answer_of_another_form_is_a_failure(data_dir):
    assert answered(client_of(data_dir), Lie()).reason == "failed"


def test_forty_at_once_are_all_told_something_at_once(tmp_path, slow):
    with answering(tmp_path, max_queued=32):
        client = client_of(tmp_path)
        wait_until(lambda: isinstance(client.ask(slow), Running))
        with ThreadPoolExecutor(40) as threads:
            told = list(threads.map(lambda n: client.ask(Echo(str(n))), range(40)))
        places = [outcome.place for outcome in told if isinstance(outcome, Queued)]
        assert sorted(places) == list(range(1, 33))
        assert told.count(Busy()) == 8


def test_one_may_wait_as_long_as_it_takes_and_the_others_do_not(tmp_path, slow, monkeypatch):
    monkeypatch.setattr(client_module, "TRENDS_THREADS", 1)
    monkeypatch.setattr(server_module, "MAX_WAIT_SECONDS", PATIENCE_SECONDS)
    with answering(tmp_path) as pool, ThreadPoolExecutor(1) as threads:
        client = client_of(tmp_path)
        waits = threads.submit(client.ask, slow, PATIENCE_SECONDS)
        wait_until(pool.children)
        assert isinstance(client.ask(slow, PATIENCE_SECONDS), Running | Queued)
        Path(slow.until).touch()
        assert isinstance(waits.result(PATIENCE_SECONDS), Done)


def test_a_page_may_stop_what_nobody_else_asks(tmp_path, slow):
    outcomes = []
    with answering(tmp_path, ended=lambda _view, outcome, _s: outcomes.append(outcome)):
        client = client_of(tmp_path)
        wait_until(lambda: isinstance(client.ask(slow, asker="a"), Running))
        client.ask(slow, asker="b")
        client.stop(slow, "a")
        assert isinstance(client.ask(slow, asker="b"), Running)
        client.stop(slow, "b")
        wait_until(lambda: outcomes == ["stopped"])


def test_the_days_and_what_is_shown_tell_answers_apart(tmp_path):
    asked = []

    def version_of(question, days):
        asked.append((question.source, question.network, days))
        return "v"

    with answering(tmp_path, version_of):
        answered(client_of(tmp_path), Echo())
    assert set(asked) == {("demo", "net", None)}


def test_where_no_process_answers_the_archive_is_away(tmp_path):
    assert client_of(tmp_path).ask(Echo()) == Away()
    client_of(tmp_path).stop(Echo())


def test_a_process_that_is_switched_off_is_not_asked(data_dir):
    client = client_of(data_dir, is_expected=False)
    client.stop(Echo())
    assert client.ask(Echo()) == Away()


def test_a_process_that_stands_still_costs_a_moment_and_then_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "_REPLY_STALL_SECONDS", 0.05)
    monkeypatch.setattr(client_module, "_CONNECT_STALL_SECONDS", 0.05)
    path = str(socket_path(tmp_path))
    with closing(Listener(path, family="AF_UNIX", backlog=1)):
        client = client_of(tmp_path)
        # Let in by the system, and not answered.
        assert client.ask(Echo(), wait_s=0.0) == Away()
        # Not asked again so soon: the backlog of one is taken, and connecting would take as long.
        monkeypatch.setattr(client_module, "_CONNECT_STALL_SECONDS", PATIENCE_SECONDS)
        assert [client.ask(Echo()) for _ in range(10)] == [Away()] * 10
        client.stop(Echo())
        monkeypatch.setattr(client_module, "_CONNECT_STALL_SECONDS", 0.05)
        monkeypatch.setattr(client, "_away_until_s", 0.0)
        assert client.ask(Echo()) == Away()
    # Back, it is asked as before.
    monkeypatch.undo()
    with answering(tmp_path):
        monkeypatch.setattr(client, "_away_until_s", 0.0)
        assert isinstance(answered(client, Echo()), Done)


@pytest.mark.parametrize("said", [b"", b"nonsense", b"\x93\x01\x02\x03"])
def test_a_damaged_reply_is_no_answer(tmp_path, said):
    with closing(Listener(str(socket_path(tmp_path)), family="AF_UNIX")) as listener:

        def reply():
            with closing(listener.accept()) as connection:
                connection.recv_bytes()
                connection.send_bytes(said)

        with ThreadPoolExecutor(1) as threads:
            replied = threads.submit(reply)
            assert client_of(tmp_path).ask(Echo()) == Away()
            replied.result(PATIENCE_SECONDS)


@pytest.mark.parametrize("said", [None, b"", b"nonsense", b"\x93\x01\x02\x03", bytes(70_000)])
def test_strangers_at_the_socket_harm_nobody(data_dir, said):
    with Client(str(socket_path(data_dir)), family="AF_UNIX") as stranger:
        if said is not None:
            # What is too long is not even read.
            with suppress(ConnectionError):
                stranger.send_bytes(said)
            with pytest.raises((EOFError, ConnectionError)):
                stranger.recv_bytes()
    assert isinstance(answered(client_of(data_dir), Echo()), Done)


def test_a_version_that_cannot_be_told_is_no_answer_and_harms_nobody(tmp_path, caplog):
    def version_of(_question, _days):
        raise OSError("no disk")

    with answering(tmp_path, version_of):
        assert client_of(tmp_path).ask(Echo()) == Away()
    assert "no disk" in caplog.text


def test_beyond_its_places_the_process_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(server_module, "CONVERSATIONS", 1)
    monkeypatch.setattr(server_module, "_STALL_SECONDS", 0.2)
    with answering(tmp_path), Client(str(socket_path(tmp_path)), family="AF_UNIX"):
        with closing(Client(str(socket_path(tmp_path)), family="AF_UNIX")) as other:
            assert REPLY.decode(other.recv_bytes()) == Busy()
        # Whoever says nothing is let go.
        client = client_of(tmp_path)
        wait_until(lambda: client.ask(Echo()) not in (Busy(), Away()))


def test_nobody_else_on_the_machine_may_ask(data_dir):
    assert socket_path(data_dir).stat().st_mode & 0o077 == 0


def test_a_socket_left_by_a_process_that_died_is_replaced(tmp_path):
    socket_path(tmp_path).touch()
    with answering(tmp_path):
        assert isinstance(answered(client_of(tmp_path), Echo()), Done)


@pytest.mark.parametrize("folder", ["x" * 120, "missing"])
def test_where_nothing_can_listen_the_start_ends_in_one_line(tmp_path, folder):
    with running_pool() as pool, pytest.raises(ConfigurationError) as refused:
        TrendsServer(socket_path(tmp_path / folder), pool, lambda _question, _days: "v")
    assert "\n" not in str(refused.value)


def test_a_question_too_long_to_be_sent_is_refused_and_leaves_the_archive_to_others(data_dir):
    client = client_of(data_dir)
    refused = client.ask(Echo("x" * 70_000))
    assert (type(refused), refused.reason) == (Failed, "refused")
    # Sent and cut off, it would have looked as if nobody were there, to all who ask.
    assert isinstance(answered(client, Echo("beside it")), Done)


def test_one_at_a_time_looks_whether_who_was_away_is_back(tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "_REPLY_STALL_SECONDS", 0.05)
    client = client_of(tmp_path)
    with closing(Listener(str(socket_path(tmp_path)), family="AF_UNIX", backlog=64)) as listener:
        # It stands still: whoever comes is let in and not answered.
        assert client.ask(Echo(), wait_s=0.0) == Away()
        monkeypatch.setattr(client, "_away_until_s", 0.001)
        with ThreadPoolExecutor(16) as threads:
            told = list(threads.map(lambda _: client.ask(Echo(), wait_s=0.0), range(16)))
        assert told == [Away()] * 16
        # The first one, and one of the sixteen.
        came = [listener.accept() for _ in range(2)]
        listener._listener._socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listener.accept()
        for connection in came:
            connection.close()


@pytest.mark.parametrize("other", [None, "file", "link", "folder", "socket"])
def test_a_socket_that_was_removed_or_replaced_is_noticed(tmp_path, other):
    path = socket_path(tmp_path)
    with running_pool() as pool:
        server = TrendsServer(path, pool, lambda _question, _days: "v")
        assert server.is_reachable()
        # Kept, so that the next one cannot have its number.
        path.rename(tmp_path / "before")
        if other == "file":
            path.touch()
        elif other == "link":
            path.symlink_to(tmp_path / "before")
        elif other == "folder":
            path.mkdir()
        elif other == "socket":
            Listener(str(path), family="AF_UNIX").close()
        assert not server.is_reachable()
        server.close()
