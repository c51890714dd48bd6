"""The camera's process as it is started, killed, left alone and given another model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import models
from models.camera.serve import main
from services.camera.classes import GROUPS, ClassFile, encode_class_file
from services.camera.errors import CameraUnavailable
from services.camera.messages import socket_path
from services.forecast.champions import champion_version
from services.web.camera_client import CameraClient
from tests.cameras import as_file, street
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


def test_it_reads_a_street_may_be_killed_at_any_moment_and_ends_when_asked(start, tmp_path):
    client, picture = (
        CameraClient(tmp_path, reply_seconds=4 * PATIENCE_SECONDS),
        SAMPLE.read_bytes(),
    )
    process = start()
    answer = client.look_at(picture)
    assert answer.model_version == champion_version(ROOT / "models" / "artifacts" / "camera")
    assert (answer.width, answer.height) == (640, 480)
    # A drawn street with a few vehicles far away: road and vehicles are there, nothing is full.
    shares = dict(zip([item.name for item in answer.classes], answer.shares, strict=True))
    assert shares["flat"] > 0.3
    assert 0.005 < shares["vehicle"] < 0.15
    assert answer.reading.status == "free"

    process.kill()
    process.wait(30)
    with pytest.raises(CameraUnavailable):
        CameraClient(tmp_path, connect_seconds=0.0).look_at(picture)
    process = start()
    assert client.look_at(picture).shares == answer.shares
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    journal = (tmp_path / "app.log").read_text("utf-8")
    assert journal.count("segmentation ok 640×480") == 2
    assert "sample" not in journal


def test_left_alone_it_gives_the_memory_back_and_is_there_for_the_next(start, tmp_path):
    process = start("--idle-seconds", "0.5")
    client = CameraClient(
        tmp_path, connect_seconds=PATIENCE_SECONDS, reply_seconds=4 * PATIENCE_SECONDS
    )
    first = client.look_at(as_file(street()))
    with_model = resident_bytes(process.pid)
    wait_until(lambda: resident_bytes(process.pid) < with_model / 2)
    assert client.look_at(as_file(street())).shares == first.shares
    assert process.poll() is None


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_a_time_that_does_not_pass_is_a_wrong_option(seconds, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--idle-seconds", seconds])
    assert "--idle-seconds" in capsys.readouterr().err.splitlines()[-1]


def test_a_model_of_ones_own_is_used_and_a_wrong_one_is_told(start, tmp_path):
    import keras  # noqa: PLC0415

    def write(name, kernel, classes=GROUPS):
        file = tmp_path / f"{name}.keras"
        layers = [keras.Input((64, 96, 3)), keras.layers.Conv2D(8, kernel, activation="softmax")]
        keras.Sequential(layers).save(file)
        file.with_suffix(".json").write_bytes(encode_class_file(ClassFile(classes)))
        return file

    start(camera_model=write("own", 1))
    assert CameraClient(tmp_path).look_at(as_file(street())).model_version == "own"
    start(camera_model=write("smaller", 3))
    with pytest.raises(CameraUnavailable, match="model cannot be used"):
        CameraClient(tmp_path).look_at(as_file(street()))
    assert "smaller.keras: the model gives" in (tmp_path / "app.log").read_text("utf-8")


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


def resident_bytes(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)
