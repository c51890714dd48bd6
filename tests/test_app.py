"""What a serving process holds once its application is built."""

from __future__ import annotations

from app import create_app
from services.base.settings import load_settings
from services.operations import database


def test_all_pages_share_one_engine_for_reading_and_one_for_writing(tmp_path, monkeypatch):
    made, create = [], database.create_engine

    def count(*given, **options):
        made.append(create(*given, **options))
        return made[-1]

    monkeypatch.setattr(database, "create_engine", count)
    create_app(load_settings(data_dir=tmp_path, _env_file=None))
    assert len(made) == 2
