from __future__ import annotations

import fcntl
import os
import threading

import pytest

from services.base.files import remove_abandoned, set_aside, write_atomically, write_under_both


def test_what_a_killed_writer_left_is_removed_and_what_is_being_written_is_not(
    tmp_path, monkeypatch
):
    left = tmp_path / "history" / "date=2026-11-22" / ".writing-left"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    (tmp_path / "notes.txt").write_text("mine")
    is_writing, go_on = threading.Event(), threading.Event()
    real_fsync = os.fsync

    def slow_fsync(descriptor: int) -> None:
        is_writing.set()
        assert go_on.wait(20)
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow_fsync)
    writer = threading.Thread(target=write_atomically, args=(tmp_path / "new", b"whole"))
    writer.start()
    try:
        assert is_writing.wait(20)
        [being_written] = tmp_path.glob(".writing-*")
        os.utime(being_written, (0, 0))
        assert remove_abandoned(tmp_path) == [left]
    finally:
        go_on.set()
        writer.join()
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "new", "notes.txt"]


def test_a_file_that_was_made_and_is_not_yet_locked_is_not_taken_for_abandoned(
    tmp_path, monkeypatch
):
    real_flock, cleaned = fcntl.flock, []

    def clean_first(descriptor: int, how: int) -> None:
        if not cleaned:
            cleaned.append(True)
            assert remove_abandoned(tmp_path) == []
        real_flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", clean_first)
    write_atomically(tmp_path / "new", b"whole")
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert cleaned


def test_the_workplace_of_a_training_is_left_alone_for_a_day(tmp_path):
    for name in ("young", "old"):
        workplace = tmp_path / "models" / f".writing-{name}"
        workplace.mkdir(parents=True)
        (workplace / "forecasts.bin").write_bytes(b"half")
    os.utime(workplace, (0, 0))
    assert remove_abandoned(tmp_path) == [workplace]
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".writing-young"]


def test_files_set_aside_keep_each_other(tmp_path, caplog):
    for content in ("first", "second"):
        (tmp_path / "file").write_text(content)
        set_aside(tmp_path / "file", "no file of ours")
    set_aside(tmp_path / "file", "gone already")
    assert (tmp_path / "file.unreadable").read_text() == "first"
    assert (tmp_path / "file.unreadable-2").read_text() == "second"
    assert caplog.text.count("is unreadable and set aside as file.unreadable") == 2


@pytest.mark.parametrize("has_links", [True, False])
def test_one_content_under_two_names_is_written_once_where_there_are_links(
    tmp_path, monkeypatch, has_links
):
    first, second = tmp_path / "first", tmp_path / "second"

    def refuse(*_given):
        raise OSError(95, "Operation not supported")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    for content in (b"old", b"new"):
        write_under_both(first, second, content)
        assert first.read_bytes() == second.read_bytes() == content
        assert first.samefile(second) == has_links
    # The next writer of either leaves the other alone.
    write_atomically(first, b"newer")
    assert second.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]
