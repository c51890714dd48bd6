"""Four processes on two hosts go on recording while their PostgreSQL is restarted and killed.

What a process took for recorded is there once; what it gave up it told, and is there at most once.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.decisions import latest_decisions
from services.operations.incidents import open_incidents
from services.operations.log_in_failures import log_in_failures_since
from tests.waiting import PATIENCE_SECONDS, wait_until

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESTARTS = (False, True)

RECORDER = """
import sys
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.decisions import record_decision
from services.operations.log_in_failures import record_log_in_failure
from services.operations.tables import Decision, Incident

name, data_dir, url = sys.argv[1:]
settings = load_settings(data_dir=data_dir, database_url=url, _env_file=None)
operations = open_operations(settings, patience_seconds=60)
now = datetime.now(UTC)


def tell(outcome, kind, mark):
    print(outcome, kind, mark, flush=True)


def decide(mark):
    decision = Decision(
        kind="zones", version=mark, previous=None, action="promoted", reason="no_champion",
        decided_by="training", decided_at=now,
    )
    tell("kept" if record_decision(operations, decision) else "given-up", "decision", mark)


def fail_to_log_in(mark):
    try:
        with operations.begin() as session:
            record_log_in_failure(session, mark, now)
    except StorageError:
        tell("given-up", "failure", mark)
    else:
        tell("kept", "failure", mark)


def fire(mark):
    # As the watch does: what cannot be written waits in memory.
    while True:
        try:
            with operations.begin() as session:
                session.merge(Incident(
                    id=mark, rule="server-errors", subject="", severity="critical", unit="%",
                    runbook="server-errors", threshold=0.1, peak=0.2, started_at=now, fired_at=now,
                ))
        except StorageError:
            continue
        return tell("kept", "incident", mark)


for number in count():
    if Path(data_dir, "stop").exists():
        break
    for work in (decide, fail_to_log_in, fire):
        work(f"{name}-{number}")
"""


class Recorder:
    def __init__(self, name, data_dir, url):
        self._told = data_dir / f"{name}.txt"
        with self._told.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RECORDER, name, str(data_dir), url], stdout=told
            )

    def lines(self):
        whole = self._told.read_text().rpartition("\n")[0]
        return [tuple(line.split()) for line in whole.splitlines()]


@pytest.mark.long
def test_nothing_is_lost_and_nothing_is_there_twice(tmp_path, postgres, postgres_url):
    hosts = [tmp_path / "a", tmp_path / "b"]
    for host in hosts:
        host.mkdir()
    recorders = [Recorder(f"{host.name}{n}", host, postgres_url) for host in hosts for n in (1, 2)]

    def all_record_more(before):
        return all(
            len(one.lines()) >= so_far + 6 for one, so_far in zip(recorders, before, strict=True)
        )

    try:
        wait_until(lambda: all_record_more([0] * 4), 2 * PATIENCE_SECONDS)
        for crash in RESTARTS:
            postgres.restart(crash=crash)
            before = [len(one.lines()) for one in recorders]
            wait_until(lambda before=before: all_record_more(before))
        for host in hosts:
            (host / "stop").touch()
        assert [one.process.wait(PATIENCE_SECONDS) for one in recorders] == [0] * 4
    finally:
        for one in recorders:
            one.process.kill()
            one.process.wait()

    told = [line for one in recorders for line in one.lines()]
    settings = load_settings(data_dir=tmp_path, database_url=postgres_url, _env_file=None)
    with open_operations(settings, read_only=True).begin() as session:
        there = Counter(
            [("decision", item.version) for item in latest_decisions(session, limit=100_000)]
            + [("failure", visitor) for visitor, _ in log_in_failures_since(session, EPOCH)]
            + [("incident", item.id) for item in open_incidents(session)]
        )
    kept = {(kind, mark) for outcome, kind, mark in told if outcome == "kept"}
    given_up = {(kind, mark) for outcome, kind, mark in told if outcome == "given-up"}
    assert set(there.values()) == {1}
    assert kept <= there.keys()
    assert there.keys() <= kept | given_up
    # Nobody gives up but what was under way: the next one waits for the server.
    assert len(given_up) <= len(recorders) * len(RESTARTS)
