"""``/healthz``: the process answers. ``/readyz``: it has what it needs to serve, with reasons."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask, Response

from callbacks.http.answers import json_answer
from services.base.errors import ForecastUnavailable
from services.replication.carriers import problems
from services.roles.assembly import Services


def register(server: Flask, services: Services) -> None:
    """Add the two routes."""

    @server.get("/healthz")
    def healthz() -> Response:
        return json_answer({"status": "ok"})

    @server.get("/readyz")
    def readyz() -> Response:
        checks = {"snapshot": _snapshot_check(services), "forecasts": _forecasts_check(services)}
        ready = all(check["ok"] for check in checks.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        worker = services.traffic.worker_state()
        answer = {"ready": ready, "checks": checks, "worker": worker}
        if services.settings.storage_url is not None:
            # Pages go on with what came last, so that it is no reason to be asked nothing.
            answer["storage"] = {"problems": problems(services.settings.data_dir)}
        return json_answer(answer, status)


def _snapshot_check(services: Services) -> dict[str, Any]:
    view = services.traffic.view()
    if view is None:
        problem = services.traffic.problem
        reason = "no snapshot has been received yet"
        if problem is not None:
            reason = f"the snapshot that was published cannot be read: {problem}"
        return {"ok": False, "reason": reason}
    snapshot = view.snapshot
    age_s = (services.clock() - snapshot.observed_at).total_seconds()
    return {"ok": True, "source": snapshot.source, "version": snapshot.version, "age_s": age_s}


def _forecasts_check(services: Services) -> dict[str, Any]:
    try:
        table = services.forecasts.table()
    except ForecastUnavailable as error:
        return {"ok": False, "reason": str(error)}
    return {"ok": True, "model_version": table.model_version, "simulated": table.is_simulated}
