"""The camera role: looks at street pictures, one after another. ``python -m models.camera.serve``.

It listens at a socket in the data directory, or at ``TRAFFIC_CAMERA_URL``, reads and writes nothing
else there, and knows nothing of who asks. TensorFlow is imported and the model loaded when somebody
opens the page of the camera, where there is memory for it, or else when the first picture comes;
after a quarter of an hour without any, the process makes itself anew, so that the memory is free
again.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import psutil

from models.camera.kind import champion_file
from models.training_command import quieten_tensorflow
from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import end_with_data_directory, prepare_data_directory
from services.base.journal import start_journal
from services.base.settings import Settings, load_settings
from services.camera.answer import Segment, look
from services.camera.errors import ModelRefused
from services.camera.messages import Answer, ModelState, Order, Reply, socket_path
from services.camera.model_files import check_own_model
from services.camera.remote import remote_camera
from services.camera.server import CameraServer
from services.city.chosen import CITY
from services.metrics.camera import CameraMetrics
from services.metrics.shared_directory import metric_registry, share_metrics
from services.roles.processes import CAMERA, module_command
from services.roles.sole import sole
from services.roles.turns import Turns

log = logging.getLogger(__name__)

# Pages and the feed first.
NICENESS: Final = 5
HEARTBEAT_SECONDS: Final = 15.0
# A picture that takes longer hangs, and the process is started again: nobody waits longer than 45 s
# for an answer (`services.web.camera_client`), and the first one loads the model in ten.
LONGEST_LOOK_SECONDS: Final = 60.0
# Loading takes ten seconds: seldom enough for who looks at a street now and then.
IDLE_SECONDS: Final = 900.0
# What the model takes (900 MB) and a picture beside it (300 MB): with less free it is not loaded
# before there is a picture. Of the machine: a container's own limit is not known here.
NEEDED_BYTES: Final = 1_200_000_000


class LazyModel:
    """The model in use, loaded when it is first asked for; again once another one is champion.

    Parameters
    ----------
    find : callable
        Gives the file of the model in use.
    """

    def __init__(self, find: Callable[[], Path]) -> None:
        self._find = find
        self._file: Path | None = None
        self._segment: Segment | None = None
        self.is_loading = False

    @property
    def is_loaded(self) -> bool:
        """Whether TensorFlow takes its memory."""
        return self._segment is not None

    def load(self) -> Segment:
        """The model as a function; at once when it is loaded already.

        Raises
        ------
        ModelRefused
            When there is no model, or it cannot be used.
        """
        file = self._find()
        if self._segment is None or file != self._file:
            self.is_loading = True
            try:
                self._segment, self._file = _loaded(file), file
            finally:
                self.is_loading = False
        return self._segment


def _loaded(file: Path) -> Segment:
    # Takes seconds, and its memory is not needed before somebody asks.
    from models.camera.segmenter import load_segmenter  # noqa: PLC0415

    segmenter = load_segmenter(file)
    log.info("camera model %s loaded", segmenter.version)
    return segmenter.segment


def available_bytes() -> int:
    """Memory that the machine has left."""
    return int(psutil.virtual_memory().available)


class Camera:
    """Answers orders, and counts them.

    Parameters
    ----------
    available : callable
        Gives how many bytes of memory are left.
    """

    def __init__(
        self,
        model: LazyModel,
        metrics: CameraMetrics,
        available: Callable[[], int] = available_bytes,
    ) -> None:
        self._model = model
        self._metrics = metrics
        self._available = available
        self._is_reading = False

    def state(self) -> ModelState:
        """How far the model is; asked from any thread."""
        if self._model.is_loading:
            return "loading"
        if self._is_reading:
            return "reading"
        return "ready" if self._model.is_loaded else "cold"

    def prepare(self) -> None:
        """Load the model for a picture that is to come, unless memory is short."""
        available = self._available()
        if not self._model.is_loaded and available < NEEDED_BYTES:
            log.info("camera model not loaded yet: %d MB of memory are left", available // 2**20)
            return
        try:
            self._model.load()
        except ModelRefused as error:
            log.error("the camera's model cannot be used: %s", error)
        # The picture that comes meets it again, and is told.
        except Exception:
            log.exception("the camera's model could not be loaded")

    def work(self, order: Order) -> Reply:
        """Look at a picture."""
        self._is_reading = True
        try:
            reply = look(order, self._model.load)
        finally:
            self._is_reading = False
        if isinstance(reply, Answer):
            self._metrics.looked("ok")
            self._metrics.took(reply.took_ms / 1_000)
        else:
            is_ours = reply.fault in {"model", "failed"}
            self._metrics.looked("failed" if is_ours else "refused")
        return reply


def model_in_use(settings: Settings) -> Path:
    """The file of the model that the settings name, or of the champion.

    Raises
    ------
    ModelRefused
    """
    if settings.camera_model is not None:
        return settings.camera_model
    return champion_file(settings.data_dir)


def show_life(metrics: CameraMetrics, turns: Turns) -> None:
    """Say that the camera is alive, unless it hangs over a picture."""
    if not turns.is_hung():
        metrics.alive(utc_now())


def run(settings: Settings, idle_seconds: float = IDLE_SECONDS) -> None:
    """Answer until a signal asks to stop, or nobody has come for so long.

    Raises
    ------
    ConfigurationError
        When the data directory, the socket or the model of the settings cannot be used.
    """
    prepare_data_directory(settings.data_dir, CITY.name)
    end_with_data_directory(settings.data_dir)
    check_own_model(settings)
    with sole(settings.data_dir, "camera"):
        share_metrics(settings.data_dir, "camera")
        metrics = CameraMetrics(metric_registry())
        model = LazyModel(partial(model_in_use, settings))
        turns = Turns()
        camera = Camera(model, metrics)
        server = CameraServer(
            remote_camera(settings) or socket_path(settings.data_dir),
            turns.watched(camera.work, LONGEST_LOOK_SECONDS),
            turned_away=partial(metrics.looked, "busy"),
            state=camera.state,
            prepare=turns.watched(camera.prepare, LONGEST_LOOK_SECONDS),
        )
        threading.Thread(target=server.serve, daemon=True).start()
        log.info("camera started")
        while not (model.is_loaded and server.idle_seconds() > idle_seconds):
            if server.is_reachable():
                show_life(metrics, turns)
            time.sleep(min(HEARTBEAT_SECONDS, idle_seconds))
        server.close()


def _start_anew(options: Sequence[str]) -> NoReturn:
    """Nothing else gives the memory of TensorFlow back."""
    log.info("camera starts anew: nobody has come for long")
    logging.shutdown()
    os.execv(sys.executable, module_command(CAMERA, *options))  # noqa: S606 - itself


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the camera role; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.camera.serve",
        description="Segment the street pictures that the pages hand over and read the traffic "
        "in them. Settings come from the environment or .env (see README).",
    )
    parser.add_argument(
        "--idle-seconds",
        type=_seconds,
        default=IDLE_SECONDS,
        help="how long the model is kept after the last picture; default: %(default)g",
    )
    given = sys.argv[1:] if arguments is None else arguments
    idle_seconds: float = parser.parse_args(given).idle_seconds
    quieten_tensorflow()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    settings = load_settings()
    start_journal(settings)
    os.nice(max(0, NICENESS - os.nice(0)))
    run(settings, idle_seconds)
    _start_anew(given)


def _seconds(text: str) -> float:
    if not float(text) > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time that passes")
    return float(text)


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    log.info("camera stopped by %s", signal.Signals(signal_number).name)
    logging.shutdown()
    # What is under way is dropped: waiting for the model could take longer than the stop may.
    os._exit(0)


if __name__ == "__main__":
    run_command(main)
