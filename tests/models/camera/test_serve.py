"""The camera's process as it is started, killed, left alone and given another model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

import models
from models.camera.serve import LazyModel, main, model_in_use
from services.base.settings import load_settings
from services.camera.answer import look
from services.camera.classes import GROUPS, ClassFile, encode_class_file
from services.camera.errors import CameraUnavailable
from services.camera.messages import socket_path
from services.forecast.champions import champion_version
from services.web.camera_client import CameraClient
from tests.cameras import as_file, running_camera, street
from tests.ports import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = [
    pytest.mark.tensorflow,
    # NumPy 2 and TensorFlow's arrays, inside Keras.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

ROOT = Path(models.__file__).parent.parent
SAMPLE = ROOT / "assets" / "camera" / "sample.jpg"
COMMAND = [sys.executable, "-m", "models.camera.serve"]


def environment(data_dir: Path, **settings: object) -> dict[str, str]:
    given = {f"TRAFFIC_{name.upper()}": str(value) for name, value in settings.items()}
    return {**os.environ, "TRAFFIC_DATA_DIR": str(data_dir), **given}


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def run(*options: str, **settings: object) -> subprocess.Popen[bytes]:
        for process in started:
            process.kill()
            process.wait(30)
        socket_path(tmp_path).unlink(missing_ok=True)
        started.append(
            subprocess.Popen([*COMMAND, *options], env=environment(tmp_path, **settings), cwd=ROOT)
        )
        wait_until(socket_path(tmp_path).exists)
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait(30)


def test_it_reads_a_street_forgets_it_may_be_killed_and_ends_when_asked(start, tmp_path):
    """Its process loads TensorFlow twice: that is what takes the time."""
    client = CameraClient(
        tmp_path, connect_seconds=PATIENCE_SECONDS, reply_seconds=4 * PATIENCE_SECONDS
    )
    picture = SAMPLE.read_bytes()
    process = start("--idle-seconds", "0.5")
    answer = client.look_at(picture)
    with_model = resident_bytes(process.pid)
    assert answer.model_version == champion_version(ROOT / "models" / "artifacts" / "camera")
    assert (answer.width, answer.height) == (640, 480)
    # A drawn street with a few vehicles far away: road and vehicles are there, nothing is full.
    shares = dict(zip([item.name for item in answer.classes], answer.shares, strict=True))
    assert shares["flat"] > 0.3
    assert 0.005 < shares["vehicle"] < 0.15
    assert answer.reading.status == "free"

    # Left alone it gives the memory back, and is there for the next.
    wait_until(lambda: resident_bytes(process.pid) < with_model / 2)
    assert client.look_at(picture).shares == answer.shares
    assert process.poll() is None

    process.kill()
    process.wait(30)
    with pytest.raises(CameraUnavailable):
        CameraClient(tmp_path, connect_seconds=0.0).look_at(picture)
    process = start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    journal = (tmp_path / "app.log").read_text("utf-8")
    assert journal.count("segmentation ok 640×480") == 2
    assert "sample" not in journal


def test_a_model_of_ones_own_that_the_settings_name_is_the_one_that_looks(tmp_path):
    file = write_model(tmp_path / "own.keras", kernel=1)
    model = LazyModel(partial(model_in_use, load_settings(data_dir=tmp_path, camera_model=file)))
    with running_camera(tmp_path, lambda order: look(order, model.load)):
        client = CameraClient(tmp_path, reply_seconds=PATIENCE_SECONDS)
        assert client.look_at(as_file(street())).model_version == "own"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_a_time_that_does_not_pass_is_a_wrong_option(seconds, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--idle-seconds", seconds])
    assert "--idle-seconds" in capsys.readouterr().err.splitlines()[-1]


def test_a_wrong_model_of_ones_own_is_told(tmp_path, caplog):
    file = write_model(tmp_path / "smaller.keras", kernel=3)
    model = LazyModel(partial(model_in_use, load_settings(data_dir=tmp_path, camera_model=file)))
    with (
        running_camera(tmp_path, lambda order: look(order, model.load)),
        pytest.raises(CameraUnavailable, match="model cannot be used"),
    ):
        CameraClient(tmp_path).look_at(as_file(street()))
    assert "smaller.keras: the model gives" in caplog.text


@pytest.mark.parametrize("command", [COMMAND, [sys.executable, "-m", "services.roles.supervisor"]])
def test_a_model_that_is_none_ends_the_start_in_one_line(tmp_path, command):
    ended = subprocess.run(
        command,
        env=environment(tmp_path, camera_model=tmp_path / "missing.keras", port=free_port()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.strip() == "TRAFFIC_CAMERA_MODEL: missing.keras: there is no such file"


def write_model(file: Path, kernel: int) -> Path:
    """One layer and its class file; a kernel of 1 answers at the size of the picture."""
    import keras  # noqa: PLC0415

    layers = [keras.Input((64, 96, 3)), keras.layers.Conv2D(8, kernel, activation="softmax")]
    keras.Sequential(layers).save(file)
    file.with_suffix(".json").write_bytes(encode_class_file(ClassFile(GROUPS)))
    return file


def resident_bytes(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)
