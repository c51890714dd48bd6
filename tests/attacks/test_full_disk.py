"""A file system that is really full, down to the last byte: every writer is tried on it.

Files mapped into memory die of SIGBUS there, which no test in memory shows. The file system is a
small tmpfs in a mount namespace of its own, which goes with its process.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

IN_A_NAMESPACE = ["unshare", "--mount", "--map-root-user"]
MOUNT = 'mount -t tmpfs -o size=24m tmpfs "$1"'
SCRIPT = """
import json, os, sys
from datetime import UTC, datetime
from pathlib import Path
data_dir, told = Path(sys.argv[1]), {}
from services.city.rennes import RENNES
from services.metrics.samples import read_samples
from services.metrics.shared_directory import share_metrics
share_metrics(data_dir, "web")
from app import create_app
from services.base.errors import StorageError
from services.base.files import write_atomically
from services.history import writer
from services.base.journal import start_journal
from services.operations.database import open_operations
from services.operations.log_in_failures import record_log_in_failure
from services.base.settings import load_settings
from services.traffic.status import Status
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.log_in import send_log_in

settings = load_settings(
    data_dir=data_dir, tiles_url="none", dashboard_password="Correct-horse-7", _env_file=None
)
start_journal(settings)
store, network = Store(RENNES, data_dir), make_network()
store.prepare()
snapshot = make_snapshot_for(network)
store.publish(network, snapshot)
operations = open_operations(settings)
server = create_app(settings).server
client = server.test_client()

def pages():
    paths = ("/", "/healthz", "/metrics", "/api/v1/traffic", "/connexion", "/camera", "/qualite")
    return sorted({client.get(path).status_code for path in paths for _ in range(5)})

def writers():
    def database():
        with operations.begin() as session:
            for _ in range(2_000):
                record_log_in_failure(session, "x" * 32, datetime.now(UTC))
    free_flow = make_snapshot_for(network, Status.FREE_FLOW)
    tried = {
        "file": lambda: write_atomically(data_dir / "x", b"x" * 100_000),
        "snapshot": lambda: store.publish(network, make_snapshot_for(network, Status.HEAVY)),
        "history": lambda: writer.append_snapshot(data_dir, free_flow),
        "database": database,
        "metrics": lambda: share_metrics(data_dir, "web"),
    }
    return {name: outcome(write) for name, write in tried.items()}

def outcome(write):
    try:
        write()
    except StorageError:
        return "refused"
    return "written"

def requests_counted():
    found = [s.value for s in read_samples(data_dir) if s.name == "traffic_requests_total"]
    return sum(found)

told["before"] = [pages(), requests_counted()]
filling = os.open(data_dir / "filling", os.O_WRONLY | os.O_CREAT)
for size in (65_536, 4_096, 1):
    try:
        while True:
            os.write(filling, b"x" * size)
    except OSError:
        pass
told["free"] = os.statvfs(data_dir).f_bavail
told["full"] = [pages(), send_log_in(client, "admin", "x").status_code, writers()]
# What metrics a process makes anew there is in memory.
from services.metrics import files
files.RETRY_SECONDS = 0.0
new = create_app(settings).server.test_client()
told["started"] = new.get("/").status_code
os.close(filling)
(data_dir / "filling").unlink()
told["after"] = [pages(), writers()]
print(json.dumps(told))
"""


def test_no_writer_takes_the_application_down(tmp_path):
    inside = f'{MOUNT} && exec "$2" -c "$3" "$1"'
    if subprocess.run([*IN_A_NAMESPACE, "sh", "-c", MOUNT, "-", tmp_path]).returncode:
        pytest.skip("no small file system can be mounted here")
    run = subprocess.run(
        [*IN_A_NAMESPACE, "sh", "-c", inside, "-", tmp_path, sys.executable, SCRIPT],
        capture_output=True,
        text=True,
        timeout=300,
    )
    # A process that died of SIGBUS would say -7.
    assert run.returncode == 0, run.stderr[-2_000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["before"][0] == [200]
    assert told["free"] == 0
    pages, log_in, writers = told["full"]
    assert pages == [200]
    assert log_in == 403
    assert writers == {
        "file": "refused",
        "snapshot": "refused",
        "history": "refused",
        "database": "refused",
        "metrics": "written",
    }
    assert told["started"] == 200
    pages, writers = told["after"]
    assert pages == [200]
    assert set(writers.values()) == {"written"}
