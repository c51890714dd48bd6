"""The pages that an application has, so that a new one is tested like all others."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

_LAYOUT = "/_dash-layout"


def app_prefixes(server: Flask) -> list[str]:
    """Prefix of the addresses of every Dash application, the public one's being empty."""
    rules = [rule.rule for rule in server.url_map.iter_rules()]
    return [rule.removesuffix(_LAYOUT) for rule in rules if rule.endswith(_LAYOUT)]


def page_paths(server: Flask) -> list[str]:
    """Path of every page: public ones, those of text, and those for operators."""
    pages = server.extensions["traffic_pages"]
    return [path for _, path in (*pages.nav, *pages.readings, *pages.rooms)]


def routed(client: FlaskClient, address: str = "/", **given: Any) -> Any:
    """The answer of Dash's router to a browser that shows an address of the public application."""
    path, mark, query = address.partition("?")
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": mark + query},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    given.setdefault("headers", {"Referer": f"http://localhost{address}"})
    return client.post("/_dash-update-component", json=body, **given)


def layout_of(client: FlaskClient, address: str = "/", **given: Any) -> Any:
    """The tree of a page of the public application, as the browser gets it."""
    answer = routed(client, address, **given)
    assert answer.status_code == 200
    return answer.get_json()["response"]["_pages_content"]["children"]
