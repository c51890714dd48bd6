"""Log-ins by strangers while somebody holds the lock of the operations database."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.base.settings import load_settings
from services.operations import database
from services.operations.database import FILE_NAME, open_operations
from tests.log_in import OWN_PAGE, form_token
from tests.waiting import PATIENCE_SECONDS

LOG_INS = 32
THREADS = 8


@pytest.fixture(scope="module", autouse=True)
def writers_that_wait_for_longer_than_a_test_does():
    """So that whoever waits as they do is told from whoever is slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "BUSY_TIMEOUT_SECONDS", 2 * PATIENCE_SECONDS)
        yield


def test_a_held_lock_and_a_crowd_of_log_ins_block_no_page(attacked, stranger):
    data_dir = attacked.extensions["traffic_access"]._settings.data_dir
    with open_operations(load_settings(data_dir=data_dir, _env_file=None)).begin():
        pass
    form = {"name": "admin", "password": "guess", "token": form_token(stranger)}

    def log_in(number: int) -> int:
        answer = attacked.test_client().post(
            "/connexion",
            data=form,
            headers=OWN_PAGE,
            environ_base={"REMOTE_ADDR": f"198.51.100.{number}"},
        )
        return answer.status_code

    lock = sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            statuses = set(threads.map(log_in, range(LOG_INS)))
            # Pages that read it are answered too.
            assert stranger.get("/qualite").status_code == 200
            assert stranger.get("/api/v1/cameras").status_code == 200
    finally:
        lock.close()
    # Refused, or told to wait: each process counts for itself meanwhile.
    assert statuses <= {403, 429}
    assert time.monotonic() - began < PATIENCE_SECONDS
