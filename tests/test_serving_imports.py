"""What a process that serves pages carries: none of the libraries that read archives and learn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = ("dask", "duckdb", "pandas", "pyarrow.compute", "scipy", "tensorflow")
PROGRAM = f"""
import sys
from pathlib import Path
from services.base.settings import Settings
from app import create_app
server = create_app(Settings(data_dir=Path(sys.argv[1]), source="demo")).server
statuses = [server.test_client().get(path).status_code for path in ("/", "/tendances/")]
print(statuses, [name for name in {HEAVY} if name in sys.modules])
"""


def test_pages_are_served_without_what_archives_and_models_need(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert ended.stdout.splitlines()[-1] == "[200, 200] []"
