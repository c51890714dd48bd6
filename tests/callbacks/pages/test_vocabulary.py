"""One word for one thing, on every page and in both languages, and French spelt as French is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.base.texts import languages, load_texts
from services.city.rennes import RENNES
from services.traffic.store import Store
from tests.components.trees import plain
from tests.factories import make_network, make_snapshot_for, write_forecasts
from tests.log_in import send_log_in
from tests.pages import app_prefixes, layout_of

PASSWORD = "Good-velo-42-bleu"
# Of a tree: what somebody reads or hears.
READ = {"children", "title", "aria-label", "alt", "label", "placeholder"}
BELOW = {"props", "options"}
# Of a document: what nobody reads.
TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)
# What is said otherwise everywhere else, with a word for what is wrong about it.
WRONG = {
    "fr": {
        "an hour without its space": r"\d[hH]\b",
        "another word for Libre, Dense or Bloqué": r"\b(fluides?|ralentie?s?|satur\w+)\b",
        "Prédiction, but in the sentence": r"prédi(?!ction : (plutôt )?\w)",
        "temps-réel": "temps-réel",
        "Traffic": r"traffic (?!rennes)",
        "centre ville": "centre ville",
        "a word cut short": r"\bmaint\b",
        "a percentage without its space": r"\d%",
    },
    "en": {
        "an hour with an h": r"\d ?h\b",
        "another word for Free, Heavy or Blocked": r"\b(fluid|dense|jammed|congested|saturated)\b",
        "prediction": "predict",
        "a word cut short": r"\bmaint\b",
        "a percentage with a space": r"\d %",
    },
}
STATUSES = {
    "fr": ["Libre", "Dense", "Bloqué", "Fermé", "Inconnu"],
    "en": ["Free", "Heavy", "Blocked", "Closed", "Unknown"],
}


def faults(language: str, text: str) -> list[tuple[str, str]]:
    """What is wrong in a text, and where."""
    shown = plain(text)
    return [
        (fault, shown[max(0, found.start() - 30) : found.end() + 15])
        for fault, pattern in WRONG[language].items()
        for found in re.finditer(pattern, shown, re.IGNORECASE)
    ]


def read_in(node: Any) -> Iterator[str]:
    """All that a tree, as JSON, says to somebody."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from read_in(item)
    elif isinstance(node, dict):
        for name in (READ | BELOW) & node.keys():
            yield from read_in(node[name])


@pytest.mark.parametrize("language", languages())
def test_the_statuses_have_one_name_each(language):
    texts = load_texts(language)
    order = ("freeFlow", "heavy", "congested", "impossible", "unknown")
    assert [texts["status"][name] for name in order] == STATUSES[language]
    zone = texts["zone_status"]
    free, heavy, blocked, _, unknown = STATUSES[language]
    names = ("free", "dense", "blocked", "unknown")
    assert [zone[name] for name in names] == [free, heavy, blocked, unknown]
    forecast = texts["forecast_status"]
    assert [forecast[name] for name in order[:4]] == STATUSES[language][:4]
    for name, kind in (("free", "freeFlow"), ("dense", "heavy"), ("blocked", "congested")):
        leaning = texts["zone_status_leaning"][name]
        assert leaning.lower().endswith(texts["status"][kind].lower())
        assert texts["forecast_status_leaning"][kind].lower() == leaning.lower()


@pytest.mark.parametrize("language", languages())
def test_no_text_calls_a_thing_by_another_name(language):
    found = {
        f"{section}.{key}": wrong
        for section, entries in load_texts(language).items()
        for key, text in entries.items()
        for said in ([text] if isinstance(text, str) else text.values())
        # As it reads once it is filled in.
        if (wrong := faults(language, re.sub(r"\{\w+\}", "8", said)))
    }
    assert found == {}


@pytest.mark.parametrize("language", languages())
def test_no_page_calls_a_thing_by_another_name(language, make_client, tmp_path):
    network, store = make_network(), Store(RENNES, tmp_path)
    store.prepare()
    store.publish(network, make_snapshot_for(network))
    write_forecasts(tmp_path)
    client = make_client(dashboard_password=PASSWORD, monitor_level="0")
    assert send_log_in(client, "admin", PASSWORD).status_code == 303
    client.set_cookie("language", language)
    pages = client.application.extensions["traffic_pages"]
    said = {path: list(read_in(layout_of(client, path))) for _, path in pages.nav}
    # What operators have as documents are runbooks, with commands.
    for _, path in pages.readings:
        said[path] = [TAGS.sub(" ", client.get(path).text)]
    for prefix in filter(None, app_prefixes(client.application)):
        said[prefix] = list(read_in(client.get(f"{prefix}/_dash-layout").get_json()))
    assert all(said.values())
    found = {
        path: wrong for path, texts in said.items() if (wrong := faults(language, " ".join(texts)))
    }
    assert found == {}
