from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from app import create_app
from services.base.settings import load_settings
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for

# Four minutes after the snapshots of tests.factories; a Monday, 12:47 in Rennes.
NOW = OBSERVED_AT + timedelta(minutes=4)


class DashClient:
    """Plays the browser's part of Dash's protocol through Flask's test client."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self._callbacks = client.get("/_dash-dependencies").get_json()

    def call(self, output: str, values: dict[str, Any], changed: str) -> Any:
        """Post to the one server callback that writes ``output``.

        Parameters
        ----------
        output : str
            ``id.property`` of one of its outputs.
        values : dict
            Value of each input and state, by ``id.property``; None when left out.
        changed : str
            ``id.property`` of the input that triggers it.

        Returns
        -------
        response
            Of Flask's test client.
        """
        [dependency] = [
            item
            for item in self._callbacks
            if output in item["output"] and not item["clientside_function"]
        ]
        names = dependency["output"].strip(".").split("...")
        outputs = [
            dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names
        ]
        is_several = dependency["output"].startswith("..")
        body = {
            "output": dependency["output"],
            "outputs": outputs if is_several else outputs[0],
            "changedPropIds": [changed],
            "inputs": [_with_value(item, values) for item in dependency["inputs"]],
            "state": [_with_value(item, values) for item in dependency["state"]],
        }
        return self.client.post(
            "/_dash-update-component", data=orjson.dumps(body), content_type="application/json"
        )


def problem_of(response: Any, status: int) -> Any:
    """The problem document of an answer that has that status."""
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    # Whoever asked from another site can read what is wrong.
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    body = orjson.loads(response.data)
    assert body["status"] == status
    assert {"type", "title", "detail"} <= set(body)
    assert "Traceback" not in response.text
    return body


def _with_value(item: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    name = f"{item['id']}.{item['property']}"
    return {"id": item["id"], "property": item["property"], "value": values.get(name)}


@pytest.fixture
def make_client(tmp_path) -> Callable[..., FlaskClient]:
    def make(now: datetime = NOW, **settings: object) -> FlaskClient:
        checked = load_settings(data_dir=tmp_path, **{"monitor_level": "off", **settings})
        return create_app(checked, clock=lambda: now).server.test_client()

    return make


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def dash_client(client):
    return DashClient(client)


@pytest.fixture
def published(store):
    """A network and a snapshot of it, which pages show."""
    network = make_network()
    snapshot = make_snapshot_for(network)
    store.publish(network, snapshot)
    return network, snapshot
