"""The application as strangers meet it: no log-in, on loopback, in this process."""

from __future__ import annotations

import pytest

from app import create_app
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for


@pytest.fixture(scope="module")
def attacked_dir(tmp_path_factory):
    """The data directory of the application."""
    return tmp_path_factory.mktemp("attacked")


@pytest.fixture(scope="module")
def attacked(attacked_dir):
    """The server of an application that has something to show."""
    store = Store(RENNES, attacked_dir)
    store.prepare()
    network = make_network()
    store.publish(network, make_snapshot_for(network))
    settings = load_settings(
        data_dir=attacked_dir,
        monitor_level="1",
        dashboard_password="Correct-horse-7",
        tiles_url="none",
        _env_file=None,
    )
    return create_app(settings).server


@pytest.fixture
def stranger(attacked):
    return attacked.test_client()
