"""What a serving process holds once its application is built."""

from __future__ import annotations

import subprocess
import sys

from app import create_app
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.nowcast_files import write_nowcast
from services.operations import engines
from services.traffic.store import Store
from tests.factories import make_network, make_nowcast_table, make_snapshot_for, make_usual_hour
from tests.waiting import PATIENCE_SECONDS

_SERVE = """
import sys
from pathlib import Path
from app import create_app
from services.base.settings import load_settings

client = create_app(load_settings(data_dir=Path(sys.argv[1]), _env_file=None)).server.test_client()
version = client.get("/api/v1/traffic").json["version"]
for path in (
    *("/", "/readyz", "/api/v1/forecast?hour=8", "/api/v1/nowcast", "/qualite", "/metrics"),
    *(f"/snapshot/{version}/{name}" for name in ("details", "events", "zone-places")),
    *("/network/synthetic60.geojson", "/api/v1/forecast/segments?day=monday&hour=8"),
):
    print(path, client.get(path).status_code)
watched = {"PIL.Image", "PIL.ImageDraw", "pandas", "duckdb", "scipy", "tensorflow"}
print(sorted(watched & sys.modules.keys()))
"""


def test_all_pages_share_one_engine_for_reading_and_one_for_writing(tmp_path, monkeypatch):
    made, create = [], engines.create_engine

    def count(*given, **options):
        made.append(create(*given, **options))
        return made[-1]

    monkeypatch.setattr(engines, "create_engine", count)
    create_app(load_settings(data_dir=tmp_path, _env_file=None))
    assert len(made) == 2


def test_pages_are_served_without_what_only_the_other_roles_need(tmp_path):
    """Each of the serving processes would take 60 MB more.

    But for what fails the answers of other threads while it is imported: it is there before any.
    """
    network = make_network(60)
    snapshot = make_snapshot_for(network, source="live")
    store = Store(RENNES, tmp_path)
    store.prepare()
    store.write_usual_hour(make_usual_hour(network))
    store.publish(network, snapshot)
    write_nowcast(tmp_path, make_nowcast_table(network, snapshot))
    done = subprocess.run(
        [sys.executable, "-c", _SERVE, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    *answers, held = done.stdout.splitlines()
    assert held == "['PIL.Image']", answers
    assert len(answers) == 11
    assert all(line.endswith(" 200") for line in answers), answers
