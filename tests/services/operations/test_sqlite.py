"""The operations database in a file: set aside where it is damaged, made again where it is gone."""

from __future__ import annotations

import sqlite3

import pytest

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.operations.database import FILE_NAME, open_operations
from services.operations.decisions import record_decision
from tests.services.operations.decisions import decision, decisions_of


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path, _env_file=None)


@pytest.fixture
def reader(settings):
    return open_operations(settings, read_only=True)


def test_a_damaged_file_is_set_aside_and_the_decision_is_in_the_journal_or_the_new_one(
    operations, reader, tmp_path, caplog
):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"this is no database, " * 500)
    with pytest.raises(StorageError):
        decisions_of(reader)
    assert path.exists(), "a reader mends nothing"
    assert record_decision(operations, decision())
    assert len(decisions_of(reader)) == 1
    [aside] = tmp_path.glob(f"{FILE_NAME}.unreadable-*")
    assert aside.read_bytes().startswith(b"this is no database")
    assert "set aside" in caplog.text


def test_pages_damaged_later_are_found_out_too(operations, tmp_path, caplog):
    for number in range(200):
        record_decision(operations, decision(f"version-{number}", figures={"text": "x" * 500}))
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 8192))
    while record_decision(operations, decision("the-last")) is False:
        assert "the-last" in caplog.text
    assert list(tmp_path.glob(f"{FILE_NAME}.unreadable-*"))
    assert decisions_of(operations)[0].version == "the-last"


def test_a_file_that_goes_missing_is_made_again(operations, tmp_path):
    record_decision(operations, decision("first"))
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.unlink()
    assert record_decision(operations, decision("second"))
    assert [item.version for item in decisions_of(operations)] == ["second"]


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    operations = open_operations(load_settings(data_dir=tmp_path / "file"))
    with pytest.raises(StorageError) as told:
        decisions_of(operations)
    assert "\n" not in str(told.value)


def test_the_url_may_name_another_file(tmp_path):
    settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/other.db")
    assert record_decision(open_operations(settings), decision())
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / FILE_NAME).exists()
