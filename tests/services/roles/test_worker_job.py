from __future__ import annotations

from datetime import timedelta

from services.base.clock import utc_now
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history import layout
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.roles import worker
from services.traffic.store import Store
from tests.factories import make_network
from tests.services.history.days import append, file_names, moments


def test_the_worker_looks_after_the_history_every_hour(tmp_path):
    settings = load_settings(data_dir=tmp_path, source="demo", history_retention_days=1)
    store = Store(RENNES, tmp_path)
    store.prepare()
    scheduler = worker.make_scheduler(
        settings, worker.make_observer(settings, store), WorkMetrics(metric_registry(), "worker")
    )
    yesterday = utc_now() - timedelta(days=1)
    for start in (yesterday - timedelta(days=1), yesterday):
        append(tmp_path, make_network(), moments(start.replace(hour=6), 3))
    [job] = [job for job in scheduler.get_jobs() if job.id == "upkeep"]
    assert job.trigger.interval == timedelta(hours=1)
    job.func(*job.args)
    assert layout.days(tmp_path, "live") == [yesterday.date()]
    assert file_names(tmp_path, "live", yesterday.date()) == ["day.parquet"]
