"""A slow callback and one that raises, to a message received."""

from __future__ import annotations

import time as real_time

import pytest

from app import create_app
from services.metrics import requests as request_metrics
from services.web.latest import LatestTraffic
from tests.callbacks.conftest import DashClient
from tests.faults.duty import fired, over

CALLBACK = "/_dash-update-component"
REFRESH = ("news.data", {}, "refresh.n_intervals")


class TestCallbacks:
    """Through the real Dash application."""

    @pytest.fixture
    def visitor(self, settings, duty):
        page = DashClient(create_app(settings).server.test_client())
        duty.pass_time(60)
        return page

    def test_a_slow_callback(self, visitor, duty, webhook, monkeypatch):
        late_s = 0.0

        class Clock:
            @staticmethod
            def perf_counter() -> float:
                return real_time.perf_counter() + late_s

        def slow_view(_traffic):
            nonlocal late_s
            late_s += 0.9

        monkeypatch.setattr(request_metrics, "time", Clock)
        with monkeypatch.context() as fault:
            fault.setattr(LatestTraffic, "view", slow_view)
            duty.pass_time(120, lambda: [visitor.call(*REFRESH) for _ in range(5)])
        summary = "Slow responses: 95% take up to this time, or less"
        assert webhook.titles == [fired(summary)]
        assert f"{CALLBACK} · news.data" in webhook.told[0]["message"]
        assert "docs/runbooks/en/slow-responses.md" in webhook.told[0]["message"]
        duty.pass_time(360, lambda: [visitor.call(*REFRESH) for _ in range(5)])
        assert webhook.titles == [fired(summary), over(summary)]

    def test_a_callback_that_raises(self, visitor, duty, webhook, monkeypatch, caplog):
        def broken_view(_traffic):
            raise ZeroDivisionError("a fault in a callback")

        statuses = []
        with monkeypatch.context() as fault:
            fault.setattr(LatestTraffic, "view", broken_view)
            duty.pass_time(15, lambda: statuses.extend(self.ask(visitor, 3)))
        assert statuses == [500] * 3
        assert "ZeroDivisionError: a fault in a callback" in caplog.text
        summary = "Server errors: share of answers that failed (5xx)"
        assert webhook.titles == [fired(summary)]
        duty.pass_time(360, lambda: statuses.extend(self.ask(visitor, 3)))
        assert set(statuses[3:]) == {200}
        assert webhook.titles == [fired(summary), over(summary)]

    def ask(self, visitor, times: int) -> list[int]:
        return [visitor.call(*REFRESH).status_code for _ in range(times)]
