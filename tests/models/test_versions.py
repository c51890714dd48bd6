from __future__ import annotations

from datetime import date

import numpy as np
import orjson
import pytest

from models.versions import (
    CARD_FILE,
    MEASURES_FILE,
    MODEL_FILE,
    as_recorded,
    promote,
    weights_hash,
    write_recorded_version,
    write_version,
)
from services.base.errors import StorageError
from services.forecast.champions import CHAMPION_FILE

VERSION = "2026-11-22-0a1b2c"


def writer(text):
    def write_files(directory):
        (directory / MODEL_FILE).write_text(text)

    return write_files


def test_a_version_appears_whole_and_leaves_nothing_beside_it(tmp_path):
    directory = write_version(tmp_path / "models", VERSION, writer("first"))
    assert directory == tmp_path / "models" / VERSION
    assert (directory / MODEL_FILE).read_text() == "first"
    assert [path.name for path in directory.parent.iterdir()] == [VERSION]


def test_while_it_is_written_nobody_sees_it(tmp_path):
    seen = []

    def write_files(directory):
        (directory / MODEL_FILE).write_text("half")
        seen.append((tmp_path / VERSION).exists())

    write_version(tmp_path, VERSION, write_files)
    assert seen == [False]


def test_the_same_version_again_replaces_the_first(tmp_path):
    write_version(tmp_path, VERSION, writer("first"))
    write_version(tmp_path, VERSION, writer("second"))
    assert (tmp_path / VERSION / MODEL_FILE).read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == [VERSION]


def test_a_writer_that_fails_leaves_what_was_there(tmp_path):
    write_version(tmp_path, VERSION, writer("first"))

    def write_files(directory):
        (directory / MODEL_FILE).write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left on device"):
        write_version(tmp_path, VERSION, write_files)
    assert (tmp_path / VERSION / MODEL_FILE).read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == [VERSION]


def test_a_directory_that_cannot_be_made_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as error_info:
        write_version(tmp_path / "file" / "models", VERSION, writer("first"))
    assert "\n" not in str(error_info.value)


def test_the_champion_is_one_line_that_names_the_version(tmp_path):
    promote(tmp_path, "2026-11-21-ffffff")
    promote(tmp_path, VERSION)
    assert (tmp_path / CHAMPION_FILE).read_text() == f"{VERSION}\n"


def test_a_version_is_written_with_its_record_and_the_card_made_from_it(tmp_path):
    measures = as_recorded({"model_version": VERSION, "last_day": date(2026, 11, 22), "rps": 0.25})
    directory = write_recorded_version(
        tmp_path, measures, lambda told: f"up to {told['last_day']}", writer("whole")
    )
    assert directory == tmp_path / VERSION
    assert orjson.loads((directory / MEASURES_FILE).read_bytes()) == {
        "model_version": VERSION, "last_day": "2026-11-22", "rps": 0.25,
    }  # fmt: skip
    assert (directory / CARD_FILE).read_text() == "up to 2026-11-22"
    assert (directory / MODEL_FILE).read_text() == "whole"


def test_the_hash_of_weights_changes_with_any_of_them():
    weights = [np.zeros(3, np.float32), np.ones((2, 2), np.float32)]
    changed = [weights[0], weights[1] + np.float32(1e-6)]
    assert weights_hash(weights) == weights_hash([part.copy() for part in weights])
    assert len(weights_hash(weights)) == 6
    assert weights_hash(weights) != weights_hash(changed)
