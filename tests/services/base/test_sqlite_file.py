from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from services.base.sqlite_file import file_id, is_damage, move_aside


def test_a_file_is_known_by_what_it_is_and_not_by_its_name(tmp_path):
    path = tmp_path / "a.sqlite3"
    assert file_id(path) is None
    path.touch()
    before = file_id(path)
    path.write_bytes(b"more")
    assert file_id(path) == before
    path.rename(tmp_path / "b.sqlite3")
    path.touch()
    assert file_id(path) != before
    assert file_id(tmp_path / "b.sqlite3") == before


def test_only_unsound_contents_are_damage(tmp_path):
    path = tmp_path / "a.sqlite3"
    path.write_bytes(b"no database, and longer than a header of SQLite is" * 10)
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.DatabaseError) as noise:
            connection.execute("SELECT * FROM sqlite_master")
        with pytest.raises(sqlite3.OperationalError) as mistake:
            connection.execute("SELEC")
    assert is_damage(noise.value)
    assert not is_damage(mistake.value)
    assert not is_damage(OSError())
    assert not is_damage(None)


def test_a_file_goes_aside_with_its_log(tmp_path):
    path = tmp_path / "a.sqlite3"
    for suffix in ("", "-wal"):
        path.with_name(path.name + suffix).write_text(suffix)
    aside = move_aside(path, file_id(path))
    assert aside.startswith("a.sqlite3.unreadable-")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        aside: "",
        f"{aside}-wal": "-wal",
    }


def test_a_new_file_is_not_taken_for_the_damaged_one_of_before(tmp_path):
    path = tmp_path / "a.sqlite3"
    path.write_text("damaged")
    seen = file_id(path)
    path.rename(tmp_path / "set aside by another process")
    path.write_text("new")
    assert move_aside(path, seen) is None
    assert path.read_text() == "new"
