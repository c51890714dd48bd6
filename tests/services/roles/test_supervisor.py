"""Pages first: who else starts, and when."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from prometheus_client import values

from services.base.clock import utc_now
from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.metrics.shared_directory import metric_registry, share_metrics
from services.metrics.work import WorkMetrics
from services.roles import supervisor
from services.roles.processes import CAMERA, TRENDS
from services.roles.supervisor import WebPulse, background_children, heartbeat, wait_for_pages
from tests.fault_server import fault_server
from tests.ports import free_port
from tests.waiting import wait_until


@pytest.fixture
def pages():
    """A web role that answers with a status, and notes what it was asked for."""
    web = SimpleNamespace(status=HTTPStatus.SERVICE_UNAVAILABLE, asked=[])

    def answer(handler, _number):
        web.asked.append(handler.path)
        handler.send_response(web.status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with fault_server(answer) as server:
        web.port = urlsplit(server.url).port
        yield web


def test_the_others_wait_until_pages_are_served(pages, tmp_path):
    settings = load_settings(data_dir=tmp_path, port=pages.port)
    waiting = threading.Thread(target=partial(wait_for_pages, settings, threading.Event()))
    waiting.start()
    wait_until(lambda: len(pages.asked) > 3)
    assert waiting.is_alive()
    pages.status = HTTPStatus.OK
    waiting.join(10)
    assert not waiting.is_alive()
    assert set(pages.asked) == {"/healthz"}


def test_they_do_not_wait_for_ever_nor_hold_up_the_end(tmp_path, monkeypatch):
    settings = load_settings(data_dir=tmp_path, port=free_port())
    stopping = threading.Event()
    stopping.set()
    wait_for_pages(settings, stopping)
    monkeypatch.setattr(supervisor, "PAGES_FIRST_SECONDS", 0.05)
    wait_for_pages(settings, threading.Event())


def test_where_no_pages_are_served_nobody_waits_for_them(pages, tmp_path):
    settings = load_settings(data_dir=tmp_path, port=pages.port)
    [child] = background_children(settings, ["worker"], after_pages=False)
    child.wait(threading.Event())
    assert (child.command[-1], pages.asked) == ("services.worker", [])


@pytest.mark.parametrize("all_of_them", [True, False])
def test_every_role_waits_for_the_pages(pages, tmp_path, monkeypatch, all_of_them):
    monkeypatch.setattr(supervisor, "FIRST_ROUND_SECONDS", 0.0)
    pages.status = HTTPStatus.OK
    settings = load_settings(
        data_dir=tmp_path, port=pages.port, camera=all_of_them, trends=all_of_them
    )
    children = background_children(settings)
    roles = ["services.worker", "services.roles.watch", CAMERA, TRENDS]
    assert [child.command[-1] for child in children] == (roles if all_of_them else roles[:2])
    for child in children:
        pages.asked.clear()
        child.wait(threading.Event())
        assert pages.asked == ["/healthz"]


def test_the_pulse_of_the_pages_stands_still_while_they_do_not_answer(pages, tmp_path):
    pulse = WebPulse(load_settings(data_dir=tmp_path, port=pages.port))
    before = pulse()
    assert pulse() == before
    pages.status = HTTPStatus.OK
    assert pulse() != before


def test_a_check_tells_whether_a_role_is_alive(pages, tmp_path, monkeypatch):
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAFFIC_PORT", str(pages.port))
    share_metrics(tmp_path, "worker")
    worker = WorkMetrics(metric_registry(), "worker")
    assert supervisor.main(["--check", "worker"]) == 1
    worker.alive(utc_now())
    assert supervisor.main(["--check", "worker"]) == 0
    assert supervisor.main(["--check", "web"]) == 1
    pages.status = HTTPStatus.OK
    assert supervisor.main(["--check", "web", "worker"]) == 0
    worker.alive(utc_now() - timedelta(seconds=61))
    assert supervisor.main(["--check", "web", "worker"]) == 1


def test_a_role_that_there_is_not_is_told(capsys):
    with pytest.raises(SystemExit):
        supervisor.main(["wrker"])
    assert (
        "there is no role wrker: web, worker, learner, watch, camera, trends"
        in capsys.readouterr().err
    )


def test_the_pulse_of_a_role_is_its_last_sign_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    settings = load_settings(data_dir=tmp_path)
    pulse = heartbeat(settings, "worker")
    assert pulse() is None
    share_metrics(tmp_path, "worker")
    WorkMetrics(metric_registry(), "worker").alive(datetime(2026, 11, 29, tzinfo=UTC))
    assert pulse() == datetime(2026, 11, 29, tzinfo=UTC).timestamp()
    assert heartbeat(settings, "watch")() is None


def test_a_host_has_the_roles_of_its_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "run", lambda settings, roles: started.append(set(roles)))
    started: list[set[str]] = []
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    for asked, roles in ((None, ""), (None, "web, watch"), (["camera"], "web,watch")):
        monkeypatch.setenv("TRAFFIC_ROLES", roles)
        supervisor.main(asked or [])
    assert started == [{"web", "worker", "watch", "camera", "trends"}, {"web", "watch"}, {"camera"}]
    for roles in ("web,wrker", ","):
        monkeypatch.setenv("TRAFFIC_ROLES", roles)
        with pytest.raises(ConfigurationError, match="TRAFFIC_ROLES: some of web, worker, learner"):
            load_settings()
    monkeypatch.setenv("TRAFFIC_ROLES", "worker,learner")
    assert supervisor.main([]) == 2


def test_a_learner_of_its_own_is_started_as_a_role(tmp_path):
    settings = load_settings(data_dir=tmp_path, roles="learner")
    [child] = background_children(settings, after_pages=False)
    assert child.command[-2:] == ["models.learner", "--alone"]
