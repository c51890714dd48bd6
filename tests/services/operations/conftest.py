"""The operations database on both engines: what holds on one machine holds beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.base.settings import Settings, load_settings
from services.operations import database, schema
from services.operations.database import Operations, open_operations


@pytest.fixture(autouse=True)
def _migrations_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here they are what is tested."""
    monkeypatch.setattr(database, "migrate", schema.migrate)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Those of an installation whose operations database is empty yet."""
    is_server = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_server else None
    return load_settings(data_dir=tmp_path, database_url=url, _env_file=None)


@pytest.fixture
def operations(settings: Settings) -> Operations:
    """As a role that writes sees it."""
    return open_operations(settings)
