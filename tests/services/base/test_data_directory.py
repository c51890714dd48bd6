"""A data directory that is deleted or replaced under those who use it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from services.base import data_directory
from services.base.data_directory import prepare_data_directory, when_replaced
from services.base.errors import ConfigurationError
from services.base.files import stamp_of
from tests.waiting import wait_until

# A role that does nothing.
ROLE = """
import sys, time
from pathlib import Path
from services.base import data_directory
data_directory._LOOK_SECONDS = 0.01
data_directory.prepare_data_directory(Path(sys.argv[1]), "Rennes")
data_directory.end_with_data_directory(Path(sys.argv[1]))
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _prompt(monkeypatch):
    monkeypatch.setattr(data_directory, "_LOOK_SECONDS", 0.01)


def test_each_time_is_noticed_until_somebody_has_had_enough(tmp_path):
    seen = []

    def react():
        seen.append(len(seen))
        return len(seen) == 3

    def replace():
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        prepare_data_directory(tmp_path / "data", "Rennes")

    prepare_data_directory(tmp_path / "data", "Rennes")
    when_replaced(tmp_path / "data", react)
    wait_until(lambda: replace() or len(seen) == 3)
    assert seen == [0, 1, 2]


def test_a_role_ends_to_be_started_again(tmp_path):
    command = [sys.executable, "-c", ROLE, str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as role:
        assert role.stdout.readline() == "begun\n"
        shutil.rmtree(tmp_path / "data")
        assert role.wait(20) == -15


def test_roles_that_start_together_find_the_same_directory(tmp_path):
    prepare_data_directory(tmp_path, "Rennes")
    marks = []
    for _ in range(3):
        # As if each had found none.
        data_directory._mark(tmp_path / "layout-version", "1")
        marks.append(stamp_of(tmp_path / "layout-version"))
    assert len(set(marks)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"layout-version", "city"}


def test_where_there_are_no_links_it_is_written_all_the_same(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    prepare_data_directory(tmp_path, "Rennes")
    assert (tmp_path / "layout-version").read_text() == "1"
    assert (tmp_path / "city").read_text() == "Rennes"
    assert {path.name for path in tmp_path.iterdir()} == {"layout-version", "city"}


def test_a_directory_of_another_city_is_refused_in_one_line(tmp_path):
    prepare_data_directory(tmp_path, "Rennes")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="TRAFFIC_DATA_DIR") as refusal:
            prepare_data_directory(tmp_path, "Lisboa")
        assert "is of 'Rennes', this installation is of 'Lisboa'" in str(refusal.value)
        assert "\n" not in str(refusal.value)
    prepare_data_directory(tmp_path, "Rennes")


def test_one_from_before_cities_were_told_apart_is_of_the_first_that_starts(tmp_path):
    (tmp_path / "layout-version").write_text("1")
    prepare_data_directory(tmp_path, "Rennes")
    assert (tmp_path / "city").read_text() == "Rennes"
