"""An application that shares its metrics as each role does, and those who are told."""

from __future__ import annotations

import pytest
from prometheus_client import values

from services.base.settings import load_settings
from services.metrics.shared_directory import share_metrics
from services.web.monitoring import database, writer
from tests.faults.duty import Duty
from tests.services.watch.webhook import serve_webhook


@pytest.fixture
def webhook():
    with serve_webhook() as hook:
        yield hook


@pytest.fixture
def settings(tmp_path, webhook, monkeypatch):
    """Of an application in this process that shares its metrics as each role does."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    # The load of the machine that tests run on is no fault of the application.
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.1, 0.1, 0.1))
    # Nor is what other tests have left in the memory of this process, such as TensorFlow.
    monkeypatch.setattr("services.metrics.process.resident_bytes", lambda _process: 200_000_000)
    chosen = load_settings(
        data_dir=tmp_path / "data", notify_urls=webhook.url, notify_language="en", _env_file=None
    )
    share_metrics(chosen.data_dir, "web")
    return chosen


@pytest.fixture
def duty(settings):
    return Duty(settings)


@pytest.fixture
def quick_writer(monkeypatch):
    """A writer of measures that does not take long to find out."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 0.02)
