"""The one command that trains what is shipped: what it runs, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import TrainingRefused
from models.shipped import TRAININGS, train_shipped
from models.versions import promote
from services.operations.tables import FORECAST_KINDS

OLD, NEW = "2026-11-22-aaaaaa", "2026-11-22-bbbbbb"
FOLDERS = {"models.train": "", "models.week.train": "week", "models.nowcast.train": "nowcast"}


class Trainings:
    """Stands for the commands: a training writes a version, and promotes it unless refused."""

    def __init__(self, *refused):
        self.refused = refused
        self.ran = []

    def __call__(self, command):
        module = command[2]
        options = dict(zip(command[3::2], command[4::2], strict=True))
        self.ran.append((module, options))
        if module in FOLDERS:
            root = FOLDERS[module]
            out = options["--out"]
            write(f"{out}/{root}", NEW, champion=module not in self.refused)


def write(root, version, *, champion=True):
    (Path(root) / version).mkdir(parents=True)
    if champion:
        promote(Path(root), version)


@pytest.fixture
def out(tmp_path):
    for folder in FOLDERS.values():
        write(tmp_path / folder, OLD)
    write(tmp_path / "camera", OLD)
    return tmp_path


def versions(root):
    return sorted(path.name for path in root.iterdir() if path.name[0].isdigit())


def test_every_kind_but_the_camera_is_trained_on_simulated_traffic(out):
    run = Trainings()
    train_shipped(out, run)
    assert {item.kind for item in TRAININGS} == set(FORECAST_KINDS)
    trained = [(module, options) for module, options in run.ran if module in FOLDERS]
    assert [module for module, _ in trained] == list(FOLDERS)
    assert all(options["--source"] == "demo" for _, options in trained)
    simulated = [options for module, options in run.ran if module not in FOLDERS]
    # Zones and week learn from the same weeks.
    assert [(item["--weeks"], item["--step-minutes"]) for item in simulated] == [
        ("12", "15"),
        ("4", "3"),
    ]
    by_module = {module: options["--data-dir"] for module, options in trained}
    assert by_module["models.train"] == by_module["models.week.train"]
    assert by_module["models.nowcast.train"] != by_module["models.week.train"]


def test_what_is_replaced_is_removed_and_the_camera_stays(out):
    train_shipped(out, Trainings())
    assert all(versions(out / folder) == [NEW] for folder in FOLDERS.values())
    assert versions(out / "camera") == [OLD]


def test_a_refused_version_replaces_nothing_and_ends_the_command(out):
    with pytest.raises(TrainingRefused, match=f"week: version {NEW}"):
        train_shipped(out, Trainings("models.week.train"))
    assert versions(out / "week") == [OLD, NEW]
    assert versions(out / "nowcast") == [OLD]
