from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from models.versions import MEASURES_FILE


@pytest.fixture(scope="module")
def progress() -> list[str]:
    """The lines that a training says."""
    return []


@pytest.fixture(scope="module")
def measures(directory: Path) -> Any:
    """Of the version in a directory, which each module names."""
    return orjson.loads((directory / MEASURES_FILE).read_bytes())
