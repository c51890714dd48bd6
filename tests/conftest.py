from __future__ import annotations

import atexit
import gc
import importlib
import logging
import os
import typing
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dash._hooks import HooksManager
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Connection, Engine
from werkzeug.routing import Rule
from werkzeug.security import generate_password_hash
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.operations import database, schema
from services.operations.database import Operations, open_operations
from services.operations.engines import server_engine
from services.traffic.store import Store
from services.web import trends_client
from services.web.access import credentials
from services.web.monitoring import binding, writer
from tests.postgres import Postgres, running_postgres
from tests.waiting import PATIENCE_SECONDS

# The tests are spread over the cores already; idle threads of OpenMP wait by spinning.
for threads in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")

# Real data lie beside the checkout where they are lent; nothing of them is committed.
REAL_DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "rennes"


class OneProcessForTensorFlow(LoadFileScheduling):
    """A file of tests to one process, and all files that start TensorFlow to the same one.

    Its import and the models that they share take seconds, and a gigabyte, in each process.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tensorflow" if _starts_tensorflow(self.config.rootpath / file) else file


@cache
def _starts_tensorflow(file: Path) -> bool:
    return file.name.startswith("test_") and "pytest.mark.tensorflow" in file.read_text("utf-8")


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> OneProcessForTensorFlow | None:
    return OneProcessForTensorFlow(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long ones first; real-data tests only where there are real data, and said in the header."""
    # What takes a minute must not begin when all else is done; TensorFlow's takes two.
    long_files = {item.path for item in items if _is_long(item)}
    items.sort(key=lambda item: (not _starts_tensorflow(item.path), item.path not in long_files))
    if REAL_DATA.is_dir():
        return
    kept = [item for item in items if item.get_closest_marker("realdata") is None]
    left_out = [item for item in items if item.get_closest_marker("realdata") is not None]
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def pytest_collection_finish() -> None:
    """What has been imported by now stays, and need not be looked at by each collection of garbage.

    With the hundreds of applications that the tests make, a quarter of their time went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the fixtures of any scope, which train models."""
    if item.get_closest_marker("tensorflow"):
        _leave_graphs_as_they_are()


@cache
def _leave_graphs_as_they_are() -> None:
    """Graphs of small models run a few times: to optimize one takes longer than to run it."""
    tensorflow = importlib.import_module("tensorflow")
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def pytest_sessionfinish() -> None:
    """Libraries that look at the end for what was left behind find nothing frozen."""
    gc.unfreeze()


def _is_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("browser", "tensorflow", "long"))


def pytest_report_header() -> str:
    if REAL_DATA.is_dir():
        return "real data: present"
    return f"real data: none at {REAL_DATA}, tests marked realdata are deselected"


@pytest.fixture(scope="session")
def rennes_reply() -> bytes:
    """One whole reply of the live API, Monday 2024-08-26 12:43."""
    return (REAL_DATA / "snapshot-2024-08-26T1243.json").read_bytes()


@pytest.fixture(scope="session")
def rennes_records() -> list[bytes]:
    """A hundred records of a year later, one each."""
    return (REAL_DATA / "records-2025-07-22T1442.jsonl").read_bytes().splitlines()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """What is published in the data directory of a test."""
    store = Store(RENNES, tmp_path)
    store.prepare()
    return store


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    """The operations database in the data directory of a test."""
    return open_operations(load_settings(data_dir=tmp_path))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL, started when it is first asked for: one for each process of tests."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty database of a test, whose connections end with it."""
    engines: list[Engine] = []

    def make_engine(*given: Any, **options: Any) -> Engine:
        engines.append(server_engine(*given, **options))
        return engines[-1]

    monkeypatch.setattr(database, "server_engine", make_engine)
    with postgres.database() as name:
        yield postgres.url(name)
        for engine in engines:
            engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def applications_that_are_soon_made() -> Iterator[None]:
    """Hundreds of applications are made, and more than half of the time of each went into these.

    No installed package hooks into Dash, which looks through all of them for every page. A password
    that is gone with its test need not cost whoever guesses it a twentieth of a second a guess. And
    of more than a hundred routes each, tests have the addresses of a few written.
    """
    cheap_hash = partial(generate_password_hash, method="scrypt:256:8:1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HooksManager, "_registered", True)
        patch.setattr(credentials, "generate_password_hash", cheap_hash)
        patch.setattr(Rule, "_compile_builder", partialmethod(_build_later, Rule._compile_builder))
        yield


def _build_later(
    _rule: Rule, compile_builder: Callable[..., Any], append_unknown: bool = True
) -> Callable[..., Any]:
    """What writes addresses of a route, compiled when it is first asked to."""
    name = "_build_unknown" if append_unknown else "_build"

    def build(rule: Rule, **values: Any) -> Any:
        made = compile_builder(rule, append_unknown).__get__(rule, None)
        setattr(rule, name, made)
        return made(**values)

    return build


@pytest.fixture(scope="session", autouse=True)
def tables_that_are_soon_made() -> Iterator[None]:
    """Most tests begin with an empty database, and its migrations took a fortieth of a second.

    What they make of an empty SQLite is made again from what was kept of the first one; the tests
    of the operations database have them run (tests/services/operations/conftest.py).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", _make_tables)
        yield


def _make_tables(connection: Connection) -> None:
    if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
        schema.migrate(connection)
        return
    for statement in _statements_of_migrations():
        connection.exec_driver_sql(statement)


@cache
def _statements_of_migrations() -> Sequence[str]:
    with create_engine("sqlite://").begin() as connection:
        schema.migrate(connection)
        # Between the first and the last that begin and end a transaction.
        return list(connection.connection.driver_connection.iterdump())[1:-1]


@pytest.fixture(scope="session", autouse=True)
def a_busy_machine_is_no_process_that_stands_still() -> Iterator[None]:
    """Pages give the archive's process a moment; tests that start one give it all the time."""
    with pytest.MonkeyPatch.context() as patch:
        for stall in ("_CONNECT_STALL_SECONDS", "_REPLY_STALL_SECONDS"):
            patch.setattr(trends_client, stall, PATIENCE_SECONDS)
        yield


LastWords = list[Callable[[], object]]


@pytest.fixture(scope="session", autouse=True)
def last_words_of_monitoring() -> Iterator[LastWords]:
    """What the monitoring writes is there soon, and its last words are the tests' to have said."""
    last_words: LastWords = []
    until_then = SimpleNamespace(register=last_words.append, unregister=atexit.unregister)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "WRITE_PERIOD_SECONDS", 0.05)
        patch.setattr(writer, "LAST_PATIENCE_SECONDS", 0.0)
        for module in (writer, binding):
            patch.setattr(module, "atexit", until_then)
        # All of the code is read for it, which does not change.
        patch.setattr(binding, "code_version", cache(binding.code_version))
        yield last_words


@pytest.fixture(autouse=True)
def measures_that_end_with_their_test(last_words_of_monitoring: LastWords) -> Iterator[None]:
    """Nobody goes on trying to write into what a test has locked or removed, and telling of it.

    Nor is its application kept: hundreds of them take a second of each collection of garbage. Of a
    server that serves the next test too, the next record begins anew.
    """
    yield
    while last_words_of_monitoring:
        last_words_of_monitoring.pop()()
    for forget in typing._cleanups:
        forget()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """What a test starts of the journal ends with it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    started = [handler for handler in root.handlers if handler not in before]
    if started:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        for handler in started:
            handler.close()
