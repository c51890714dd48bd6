from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.histories import write_history


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With four weeks of history; modules that write into it have their own."""
    directory = tmp_path_factory.mktemp("data")
    write_history(directory, weeks=4)
    return directory
