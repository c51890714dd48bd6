"""The camera's process gives no sign of life while it hangs over a picture."""

from __future__ import annotations

import threading
from multiprocessing.connection import Client
from unittest.mock import Mock, PropertyMock

from models.camera import serve
from services.base.settings import load_settings
from services.camera.messages import Order, encode, socket_path
from tests.cameras import as_file, street
from tests.hanging import HangingWork
from tests.waiting import wait_until


def test_it_gives_no_sign_of_life_while_it_hangs_over_a_picture(tmp_path, monkeypatch):
    work, metrics, model = HangingWork(), Mock(), Mock()
    # Asked for at each round.
    type(model).is_loaded = is_loaded = PropertyMock(return_value=False)
    monkeypatch.setattr(serve, "LONGEST_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(serve, "LazyModel", lambda _find: model)
    monkeypatch.setattr(serve, "CameraMetrics", lambda _registry: metrics)
    monkeypatch.setattr(serve.Camera, "work", lambda _self, order: work(order))
    # What concerns the whole process stays out of that of the tests.
    for name in ("share_metrics", "end_with_data_directory"):
        monkeypatch.setattr(serve, name, Mock())

    def rounds_pass():
        before = is_loaded.call_count
        wait_until(lambda: is_loaded.call_count > before + 2)

    camera = threading.Thread(target=serve.run, args=(load_settings(data_dir=tmp_path), 0.01))
    camera.start()
    wait_until(lambda: metrics.alive.called)
    with Client(str(socket_path(tmp_path)), family="AF_UNIX") as connection:
        connection.recv_bytes()
        with work.under_way(lambda: connection.send_bytes(encode(Order(as_file(street()))))):
            rounds_pass()
            signs = metrics.alive.call_count
            rounds_pass()
            assert metrics.alive.call_count == signs
        rounds_pass()
        assert metrics.alive.call_count > signs
    is_loaded.return_value = True
    camera.join(30)
    assert not camera.is_alive()
