"""Whatever anonymous requests hold, their sender is at fault: 4xx, and no alarm of ours."""

from __future__ import annotations

import copy
import json
import random
import time
from typing import Any

import pytest

from callbacks.http import static_files
from callbacks.http.answers import Document
from services.metrics.requests import FAILED, status_label
from tests.pages import app_prefixes

FUZZED_CALLBACKS = 1_000
FUZZED_REQUESTS = 500
# However slow the machine, once each address and callback has been asked: what is left out then
# was as good as what was sent.
MAX_SECONDS = 20.0
OWN_PAGE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
DEEP = "[" * 3_000

TEXTS = (
    "", "x", "x" * 5_000, "//[", "http://[", "?troncon=1_D", "?troncon=%FF", "\u2028", "\0", "é",
    "\ud800", "data:image/png;base64,AAAA", "data:,%%%", "-1", "1e999", "NaN", "9" * 5_000,
    "../../etc/passwd", "%0d%0aSet-Cookie:a=b", "monday", "centre-ville", "ready",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *TEXTS, None, True, 0, -1, 2.5, 1e308, 2**70, [], {}, [[]], [None], {"a": {}}, [1, "x"],
    {"id": "x", "property": "y", "value": 1}, {"data": 7}, {"day": [], "hour": {}}, {"version": 1},
)  # fmt: skip


@pytest.fixture
def chance():
    return random.Random(20_261_129)  # noqa: S311 - the same attack each time


def answered(response) -> None:
    assert status_label(response.status_code) != FAILED, response.request.path


def calls_of(client, page: str) -> list[dict[str, Any]]:
    """Every call that a page would send, without values."""
    answer = client.get(f"{page}/_dash-dependencies")
    return [] if answer.status_code != 200 else [_call(item) for item in answer.get_json()]


def _call(item: dict[str, Any]) -> dict[str, Any]:
    names = [name.rsplit(".", 1) for name in item["output"].strip(".").split("...")]
    outputs = [{"id": name[0], "property": name[-1]} for name in names]
    return {
        "output": item["output"],
        "outputs": outputs if item["output"].startswith("..") else outputs[0],
        "inputs": [_part(one) for one in item["inputs"]],
        "state": [_part(one) for one in item["state"]],
        "changedPropIds": [f"{one['id']}.{one['property']}" for one in item["inputs"][:1]],
    }


def _part(one: dict[str, Any]) -> Any:
    if one["id"].startswith("{"):
        own = {key: "x" if isinstance(v, list) else v for key, v in json.loads(one["id"]).items()}
        return [{"id": own, "property": one["property"], "value": 1}]
    return {"id": one["id"], "property": one["property"], "value": None}


def spoilt(call: dict[str, Any], chance: random.Random) -> Any:
    """A call with odd values, and half of the times a part that is missing or of another form."""
    body: Any = copy.deepcopy(call)
    for part in (*body["inputs"], *body["state"]):
        for one in part if isinstance(part, list) else [part]:
            one["value"] = chance.choice(VALUES)
    for _ in range(chance.choice((0, 0, 1, 2))):
        key = chance.choice(list(body))
        held = body[key]
        if chance.random() < 0.4:
            body[key] = chance.choice(VALUES)
        elif isinstance(held, list) and held and chance.random() < 0.7:
            held[chance.randrange(len(held))] = chance.choice(VALUES)
        elif isinstance(held, list) and held:
            held.pop()
        else:
            del body[key]
        if not body:
            break
    return body


def test_no_callback_fails_whatever_it_is_sent(stranger, chance):
    pages = app_prefixes(stranger.application)
    calls = [(page, call) for page in pages for call in calls_of(stranger, page)]
    assert len(calls) > 20
    ends = time.monotonic() + MAX_SECONDS
    statuses = set()
    for number in range(FUZZED_CALLBACKS):
        page, call = calls[number % len(calls)]
        answer = stranger.post(
            f"{page}/_dash-update-component",
            data=json.dumps(spoilt(call, chance)),
            content_type="application/json",
            headers=OWN_PAGE,
        )
        answered(answer)
        statuses.add(answer.status_code)
        if number >= len(calls) and time.monotonic() > ends:
            break
    # Both kinds were met: calls that are answered and calls that are refused.
    assert {200, 400} <= statuses


def test_what_runs_in_the_browser_cannot_be_called_here(stranger):
    for page in app_prefixes(stranger.application):
        for call in calls_of(stranger, page):
            answered(stranger.post(f"{page}/_dash-update-component", json=call, headers=OWN_PAGE))


@pytest.mark.parametrize("path", ["/_dash-update-component", "/api/v1/segmentation"])
@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        '{"a":' * 3_000,
        DEEP + "]" * 3_000,
        "[" * 25 + "]" * 25,
        "[" + "[]," * 20_000 + "1]",
        '{"image": "\\ud800"}',
        '{"image": NaN}',
        "{",
        "",
    ],
)
def test_a_document_that_is_deep_large_or_broken_is_refused(stranger, path, body):
    answer = stranger.post(path, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("search", [{"a": 1}, ["?troncon=1_D"], 7, True])
def test_a_search_that_is_no_text_is_the_senders_fault(stranger, search):
    calls = [c for c in calls_of(stranger, "") if "segment" in str(c["inputs"] + c["state"])]
    calls += [c for c in calls_of(stranger, "") if "search" in str(c["inputs"])]
    assert calls
    for call in calls:
        for part in call["inputs"]:
            if isinstance(part, dict):
                part["value"] = search
        answered(stranger.post("/_dash-update-component", json=call, headers=OWN_PAGE))


@pytest.mark.parametrize("wanted", ["//[", "/[", "//[::1", "http://[", "/\u2028", "%"])
def test_no_page_to_return_to_fails_the_log_in(stranger, wanted):
    answer = stranger.get("/connexion", query_string={"next": wanted})
    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["Origin", "Referer"])
@pytest.mark.parametrize("value", ["http://[", "//[", "http://]:80/", "null", "http://a:b:c"])
def test_an_origin_that_is_none_is_another_one(stranger, header, value):
    answer = stranger.post("/connexion", headers={header: value})
    assert answer.status_code == 400
    assert stranger.post("/exploitation/x", headers={header: value}).status_code == 403


OTHER_NAMES = (
    "{n}/../",
    "./" * 3 + "{n}/../",
    "{n}/.//../",
    "%2e/{n}/%2e%2e/",
    "../{n}/../{folder}/",
)
NAMED_FILES = (
    ("/assets/", "base.css"),
    ("/assets/", "own.js"),
    ("/dashboard/static/", "js/app.js"),
    ("/_dash-component-suites/dash/", "dcc/dash_core_components.js"),
)


def test_a_file_has_one_name_and_is_kept_once(stranger, monkeypatch):
    kept = []

    def keep(*of: Any) -> Document:
        kept.append(Document(*of))
        return kept[-1]

    monkeypatch.setattr(static_files, "Document", keep)
    for folder, name in NAMED_FILES:
        assert stranger.get(folder + name).status_code == 200
        before = len(kept)
        others = [
            form.format(n=number, folder=folder.split("/")[-2])
            for form in OTHER_NAMES
            for number in range(10)
        ]
        addresses = [folder + other + name for other in others]
        addresses += [f"{folder}{name}{'/' * more}" for more in range(1, 10)]
        for address in addresses:
            answered(stranger.get(address))
        assert len(kept) == before


HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Encoding", "Cookie",
    "Content-Type", "Host", "If-Modified-Since", "If-None-Match", "Origin", "Range", "Referer",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Request-ID",
)  # fmt: skip
ODD_HEADERS = (
    "", "x" * 5_000, "[", "http://[", "é", "bytes=9-1", "W/\"", "*", ";;;", "operator_session=x",
    "multipart/form-data", "multipart/form-data; boundary=\"", "text/html; charset=nonsense",
    "application/json; charset=utf-7", "Wed, 21 Oct 20155 07:28:00 GMT", "gzip;q=x", "::1",
)  # fmt: skip


def test_no_address_fails_whatever_it_is_asked_with(attacked, stranger, chance):
    rules = [rule for rule in attacked.url_map.iter_rules() if rule.methods]
    ends = time.monotonic() + MAX_SECONDS
    asked = set()
    for number in range(FUZZED_REQUESTS):
        rule = rules[number % len(rules)]
        path = rule.rule
        for argument in rule.arguments:
            odd = chance.choice(("x", "0", "-1", "9" * 4_400, "%2e%2e", "%FF", "%E2%80%A8", "%00"))
            for form in (f"<{argument}>", f"<int:{argument}>", f"<string:{argument}>"):
                path = path.replace(form, odd)
            path = path.replace(f"<path:{argument}>", odd)
        names = chance.sample(("hour", "day", "zone", "picture", "next", "endId", "lang", "x"), 2)
        query = {name: chance.choice(TEXTS).replace("\ud800", "") for name in names}
        method = chance.choice(sorted(rule.methods))
        options: dict[str, Any] = {"data": chance.choice((b"", b"{", b"\xff" * 100, b"a=b&c=%FF"))}
        if method in {"GET", "HEAD"}:
            options = {}
        given = {name: chance.choice(ODD_HEADERS) for name in chance.sample(HEADERS, 3)}
        answered(stranger.open(path, method=method, query_string=query, headers=given, **options))
        asked.add(number % len(rules))
        if number >= len(rules) and time.monotonic() > ends:
            break
    assert len(asked) == len(rules)
