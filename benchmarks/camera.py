"""A street picture through the camera's process, against ``model.predict`` of its network alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from benchmarks.rows import ROOT, Options, Row, Target, exactly, spread, times_less
from benchmarks.servers import started, workplace
from benchmarks.timing import time_runs
from models.training_command import quieten_tensorflow
from services.camera.messages import socket_path
from services.camera.model_files import DIRECTORY, champion_model_file
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.web.camera_client import CameraClient

TIME_TARGET: Final = Target(250, "at most")
_COMMAND: Final = [sys.executable, "-m", "models.camera.serve"]
_SAMPLE: Final = ROOT / "assets" / "camera" / "sample.jpg"


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows of a picture once the model is loaded, of the first one, and of memory."""
    picture, runs = _SAMPLE.read_bytes(), options.repeat(31, 7)
    with workplace() as data_dir, started(_COMMAND, data_dir, {}) as server:
        server.wait_until(lambda _port: socket_path(data_dir).exists())
        client = CameraClient(data_dir)
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        began = time.perf_counter()
        client.look_at(picture)
        first = time.perf_counter() - began
        taken = time_runs(lambda: client.look_at(picture), runs, warm_up=3)
        after = process.memory_info().rss
    here = spread(taken, "ms", 1e3)
    baseline = spread(time_runs(_prediction(), runs, warm_up=3), "ms", 1e3)
    yield Row(
        "street picture of 640 × 480: handed over, decoded, segmented, read, mask as PNG",
        here,
        baseline,
        "model.predict of the network alone",
        times_less(here, baseline),
        TIME_TARGET,
    )
    yield Row("the first one, which loads TensorFlow and the model", exactly(first, "s"))
    yield Row(
        "memory of the camera's process once it has its model (RSS)",
        exactly(after / 1e6, "MB"),
        exactly(before / 1e6, "MB"),
        "before the first picture",
    )


def _prediction() -> Any:
    # Its own messages are no part of the results.
    quieten_tensorflow()
    # TensorFlow takes seconds and 600 MB: only where it is measured.
    import keras  # noqa: PLC0415

    file = champion_model_file((Path(SHIPPED_ARTIFACTS) / DIRECTORY,))
    model = keras.saving.load_model(file, compile=False)
    blank = np.zeros((1, *model.input_shape[1:]), dtype=np.float32)
    return lambda: model.predict(blank, verbose=0)
