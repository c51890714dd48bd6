"""A camera process in a thread of the test, with a model that tells classes by brightness."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.camera.answer import look
from services.camera.classes import GROUPS
from services.camera.messages import ModelState, Order, Reply, socket_path
from services.camera.remote import RemoteCamera
from services.camera.segmentation import Segmentation
from services.camera.server import PLACES, CameraServer
from tests.waiting import PATIENCE_SECONDS

NAMES = [item.name for item in GROUPS]
ROAD, VEHICLE, PERSON = (NAMES.index(name) for name in ("flat", "vehicle", "human"))
VERSION = "by-brightness"
# How each scan of a JPEG begins.
SCAN = b"\xff\xda"


def segment_by_brightness(rgb: NDArray[np.uint8]) -> Segmentation:
    """Dark pixels are vehicles, grey ones road, bright ones sky."""
    brightness = rgb.mean(axis=-1)
    mask = np.full(brightness.shape, NAMES.index("sky"), dtype=np.uint8)
    mask[brightness < 170] = ROAD
    mask[brightness < 85] = VEHICLE
    return Segmentation(mask, np.full(mask.shape, 100, dtype=np.uint8), GROUPS, VERSION, 1.0)


def street(vehicle_share: float = 0.3, height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """Half sky, half road, a share of which is one vehicle."""
    rgb = np.full((height, width, 3), 250, dtype=np.uint8)
    rgb[height // 2 :] = 128
    rgb[height // 2 :, : round(width * vehicle_share)] = 10
    return rgb


def as_file(rgb: NDArray[np.uint8], file_format: str = "PNG", **options: Any) -> bytes:
    """A picture as somebody hands it in."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, file_format, **options)
    return stream.getvalue()


def with_scans(more: int, side: int = 48) -> bytes:
    """A progressive JPEG whose last scan comes so many times more."""
    whole = as_file(np.full((side, side), 128, dtype=np.uint8), "JPEG", progressive=True)
    last = whole[whole.rindex(SCAN) : -2]
    return whole[:-2] + last * more + whole[-2:]


def work_by_brightness(order: Order) -> Reply:
    """What the process does with an order, with the model of the test."""
    return look(order, lambda: segment_by_brightness)


class SlowModel:
    """One whose loading takes until it is let; what is read before waits for it."""

    def __init__(self) -> None:
        self.may_load = threading.Event()
        self.loads = 0
        self._state: ModelState = "cold"

    def state(self) -> ModelState:
        return self._state

    def prepare(self) -> None:
        if self._state == "cold":
            self._state = "loading"
            self.loads += 1
            assert self.may_load.wait(PATIENCE_SECONDS)
            self._state = "ready"

    def work(self, order: Order) -> Reply:
        self.prepare()
        return work_by_brightness(order)


@contextmanager
def running_camera(
    place: Path | RemoteCamera,
    work: Callable[[Order], Reply] = work_by_brightness,
    places: int = PLACES,
    turned_away: Callable[[], None] = lambda: None,
    **model: Any,
) -> Iterator[CameraServer]:
    """A process that listens in a data directory, or at an address."""
    address = socket_path(place) if isinstance(place, Path) else place
    server = CameraServer(address, work, places, turned_away, **model)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(10)
