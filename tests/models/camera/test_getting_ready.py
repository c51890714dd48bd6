"""When the camera's process loads its model before there is a picture, and what it tells of it."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from models.camera.serve import NEEDED_BYTES, Camera
from services.camera.errors import ModelRefused
from services.camera.messages import Answer, Order
from services.metrics.camera import CameraMetrics
from tests.cameras import as_file, segment_by_brightness, street


class Model:
    """A model that notes what the camera says of itself while it loads and reads."""

    def __init__(self, error: Exception | None = None) -> None:
        self.is_loaded = self.is_loading = False
        self.states: list[str] = []
        self.camera: Camera | None = None
        self._error = error

    def load(self):
        if not self.is_loaded:
            self.is_loading = True
            self.states.append(self.camera.state())
            self.is_loading = False
            if self._error:
                raise self._error
            self.is_loaded = True
        return self._segment

    def _segment(self, rgb):
        self.states.append(self.camera.state())
        return segment_by_brightness(rgb)


def make(model, available=NEEDED_BYTES):
    camera = Camera(model, CameraMetrics(CollectorRegistry()), lambda: available)
    model.camera = camera
    return camera


def test_what_is_loaded_before_the_picture_is_there_for_it():
    model = Model()
    camera = make(model)
    assert camera.state() == "cold"
    camera.prepare()
    assert camera.state() == "ready"
    assert isinstance(camera.work(Order(as_file(street()))), Answer)
    assert model.states == ["loading", "reading"]
    assert camera.state() == "ready"


def test_where_memory_is_short_the_model_waits_for_a_picture():
    model = Model()
    camera = make(model, NEEDED_BYTES - 1)
    camera.prepare()
    assert (camera.state(), model.states) == ("cold", [])
    assert isinstance(camera.work(Order(as_file(street()))), Answer)
    assert camera.state() == "ready"


@pytest.mark.parametrize("error", [ModelRefused("none"), MemoryError()])
def test_a_model_that_cannot_be_loaded_ends_nothing(error):
    model = Model(error)
    camera = make(model)
    camera.prepare()
    assert camera.state() == "cold"
