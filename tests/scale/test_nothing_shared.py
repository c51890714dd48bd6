"""Two hosts with a worker each and one that serves: nothing in common but S3 and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.city.rennes import RENNES
from services.replication.manifest import read_record
from services.replication.parts import HISTORY, TRAFFIC
from services.roles.processes import MIRROR, WORKER
from services.traffic.store import Store
from tests.object_storage import ObjectStorage
from tests.postgres import Postgres
from tests.waiting import wait_until

pytestmark = pytest.mark.scale

# Each of some processes that import much, on a busy machine.
PATIENCE_SECONDS = 180.0


class Host:
    """Some roles on a data directory of their own."""

    def __init__(self, data_dir: Path, environment: dict[str, str], *commands: list[str]) -> None:
        self.store = Store(RENNES, data_dir)
        self.store.prepare()
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**os.environ, **environment, "TRAFFIC_DATA_DIR": str(data_dir)},
                start_new_session=True,
            )
            for command in commands
        ]

    def history(self) -> set[str]:
        return set(HISTORY.files(self.store.data_dir))

    def last_round(self) -> str:
        state = self.store.worker_state()
        return "" if state is None else state.last_attempt_at

    def kill(self) -> None:
        """As a machine ends that loses its power."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.wait(PATIENCE_SECONDS)


@contextmanager
def ended_with(*hosts: Host) -> Iterator[None]:
    try:
        yield
    finally:
        for host in hosts:
            host.kill()


def test_a_host_that_died_is_replaced_without_loss(tmp_path: Path, postgres: Postgres) -> None:
    server = ObjectStorage()
    server.start()
    server.wipe()
    with postgres.database() as database:
        environment = {
            "TRAFFIC_SOURCE": "demo",
            "TRAFFIC_FEED_PERIOD_SECONDS": "2",
            "TRAFFIC_LEARNER": "off",
            "TRAFFIC_DATABASE_URL": postgres.url(database),
            "TRAFFIC_STORAGE_URL": server.url,
            "TRAFFIC_STORAGE_KEY": "key-of-tests",
            "TRAFFIC_STORAGE_SECRET": "secret-of-tests",
        }
        roles = [WORKER], [MIRROR, "--with-history"]
        first = Host(tmp_path / "first", environment, *roles)
        serving = Host(tmp_path / "serving", environment, [MIRROR])
        try:
            with ended_with(first, serving):
                _replaced(first, serving, lambda: Host(tmp_path / "second", environment, *roles))
        finally:
            server.stop()
    told = "".join(path.read_text() for path in tmp_path.glob("*/app.log"))
    assert "secret-of-tests" not in told


def _replaced(first: Host, serving: Host, start_second) -> None:
    wait_until(lambda: serving.store.current_snapshot() is not None, PATIENCE_SECONDS)
    second = start_second()
    with ended_with(second):
        # It stands by, and has what it takes.
        wait_until(
            lambda: first.history() and second.history() >= first.history(), PATIENCE_SECONDS
        )
        published = read_record(first.store.data_dir, HISTORY).files.keys()
        before, epoch = serving.last_round(), _epoch(first)
        first.kill()
        wait_until(
            lambda: serving.last_round() > before and _epoch(second) > epoch, PATIENCE_SECONDS
        )
        shown = serving.store.current_snapshot()
        assert second.history() >= published
        assert len(serving.store.network_of(shown)) == len(shown)


def _epoch(host: Host) -> int:
    issue = read_record(host.store.data_dir, TRAFFIC).issue
    return 0 if issue is None else issue.epoch
