"""Files of the pages: compressed once, kept by browsers exactly as long as they are the same."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import brotli
import pytest
from dash import Dash
from dash.html import Div

from app import create_app
from callbacks.http import answers, static_files
from services.base.files import write_atomically
from services.base.settings import load_settings
from tests.pages import page_paths
from tests.waiting import wait_until

PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"), monitor_level="1")
    return create_app(settings).server.test_client()


def files_of(client, page: str) -> list[str]:
    return re.findall(r'<(?:link|script)[^>]* (?:href|src)="(/[^"]*)"', client.get(page).text)


def test_browsers_keep_all_that_a_page_names_but_what_could_change_under_its_name(client):
    pages = page_paths(client.application)
    for page in pages:
        if client.get(page).status_code != 200:
            # For operators alone.
            continue
        found = files_of(client, page)
        answers = {path: client.get(path) for path in found}
        assert {answer.status_code for answer in answers.values()} == {200}, page
        kept = {path for path in found if "immutable" in answers[path].headers["Cache-Control"]}
        fixed = ("/icon.svg", "/apple-touch-icon.png", "/manifest.webmanifest")
        assert set(found) - kept == {path for path in found if path.endswith(fixed)}, page
        assert any("/own.css" in path or "shell.css" in path for path in kept)


@pytest.mark.parametrize("page", ["/confidentialite", "/accessibilite", "/licences", "/nowhere"])
def test_a_page_of_text_weighs_little_with_all_that_it_needs(client, page):
    paths = [page, *files_of(client, page)]
    assert [path for path in paths if path.partition("?")[0].endswith(".js")] == [
        path for path in paths if "/language.js" in path
    ]
    answers = [client.get(path, headers={"Accept-Encoding": "identity"}) for path in paths]
    # Before it is compressed.
    assert sum(len(answer.data) for answer in answers) <= 60_000


def test_what_a_script_loads_later_is_kept_as_well(client):
    [mark] = {
        re.search(r"core_components\.(v\w+)\.", path)[1]
        for path in files_of(client, "/")
        if "/dcc/dash_core_components." in path
    }
    answer = client.get(f"/_dash-component-suites/dash/dcc/async-dropdown.{mark}.js")
    assert "immutable" in answer.headers["Cache-Control"]


def test_an_application_has_one_script_and_one_style_sheet_of_its_own(client):
    found = {urlsplit(path).path: path for path in files_of(client, "/")}
    own = {path for path in found if path.startswith("/assets/")}
    assert own == {"/assets/own.js", "/assets/own.css", "/assets/icon.svg"}
    for kind in ("js", "css"):
        text = client.get(found[f"/assets/own.{kind}"]).text
        told = re.findall(rf"^/\* assets/(\w+\.{kind}) \*/$", text, re.MULTILINE)
        assert told == sorted(told)
        assert told[0] == {"js": "app.js", "css": "base.css"}[kind]
        # An address of another file would lead elsewhere from there.
        assert set(re.findall(r"url\(\W*(\w+)", text)) <= {"data"}


def test_who_debugs_gets_each_script_by_itself(tmp_path):
    pages = create_app(load_settings(data_dir=tmp_path, monitor_level="off", debug=True))
    names = {urlsplit(path).path for path in files_of(pages.server.test_client(), "/")}
    assert {"/assets/app.js", "/assets/base.css"} < names
    assert not any("/own." in name for name in names)


def test_no_bundle_is_loaded_that_nothing_runs(client):
    names = " ".join(files_of(client, "/"))
    assert "polyfill" not in names
    assert "dash_table" not in names
    # What Dash's bundles take from the polyfill.
    [bootstrap] = [path for path in files_of(client, "/") if "/dash_bootstrap_components" in path]
    assert "regeneratorRuntime=" in client.get(bootstrap).text


@pytest.mark.parametrize("named", ["/own.js?", "/dash_renderer.v"])
def test_scripts_get_smaller_for_later_visitors(client, named):
    [path] = [path for path in files_of(client, "/") if named in path]
    plain = client.get(path).data

    def sent():
        return client.get(path, headers={"Accept-Encoding": "br"}).data

    wait_until(lambda: len(sent()) < 0.95 * len(brotli.compress(plain, quality=5)))
    assert brotli.decompress(sent()) == plain


@pytest.mark.parametrize(
    ("named", "other"),
    [("dash_renderer.v", "dash_renderer.v9_9_9m1."), ("own.css?m=", "own.css?m=1.5")],
)
def test_a_file_under_the_name_of_another_version_is_not_kept_as_that(client, named, other):
    [path] = [path for path in files_of(client, "/") if named in path]
    changed = re.sub(r"dash_renderer\.v[^.]+\.|own\.css\?m=.*", other, path)
    assert changed != path
    answer = client.get(changed)
    assert answer.data == client.get(path).data
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_mark_counts_only_where_its_own_kind_of_file_has_it(client):
    files = files_of(client, "/")
    [script] = [path for path in files if "/dcc/dash_core_components.v" in path]
    [style] = [path for path in files if "own.css?m=" in path]
    mark, query = re.search(r"\.(v\w+)\.js", script)[1], style.partition("?")[2]
    for path in (
        f"/assets/own.css?x=.{mark}.js",
        f"/assets/layout.css?{query}",
        f"{style}&x=.{mark}.js",
        f"{PLOTLY}?x=.{mark}.js",
        f"{PLOTLY}?{query}",
        PLOTLY.replace(".min", f".{mark}.min"),
    ):
        answer = client.get(path)
        assert answer.status_code == 404 or answer.headers["Cache-Control"] == "no-cache", path


@pytest.mark.parametrize("path", [PLOTLY, "/assets/layout.css", "/dashboard/static/js/app.js"])
def test_a_file_that_is_the_same_is_answered_with_nothing(client, path):
    accepted = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    answer = client.get(path, headers=accepted)
    assert answer.headers["Content-Encoding"] == "br"
    again = client.get(
        path,
        headers={
            "Accept-Encoding": "gzip, deflate, br, zstd",
            "If-None-Match": answer.headers["ETag"],
        },
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.1, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("deflate, zstd", None),
        ("identity", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("path", ["/assets/layout.css", "/dashboard/static/css/main.css"])
def test_a_file_comes_as_its_reader_takes_it(client, path, accepted, encoding):
    answer = client.get(path, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in answer.headers["Vary"]
    body = answer.data if encoding is None else DECODERS[encoding](answer.data)
    assert body == client.get(path).data


def test_who_asks_first_for_a_part_leaves_the_whole_to_others(make_client):
    client = make_client()
    for headers in ({"Range": "bytes=0-9"}, {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}):
        client.get("/assets/layout.css", headers=headers)
        client.get(PLOTLY, headers=headers)
    whole = client.get("/assets/layout.css")
    assert (whole.status_code, len(whole.data)) == (200, int(whole.headers["Content-Length"]))
    assert b"{" in whole.data
    assert len(client.get(PLOTLY).data) > 4_000_000


@pytest.mark.parametrize(
    "path",
    ["/assets/no.css", "/assets/../app.py", "/dashboard/static/no.js"],
)
def test_a_file_that_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_many_readers_at_once_have_a_file_compressed_once(monkeypatch, make_client):
    server = make_client().application
    made = Counter()

    def encode(body: bytes) -> bytes:
        made[body] += 1
        return brotli.compress(body, quality=1)

    monkeypatch.setitem(answers._ENCODERS, "br", encode)

    def read(_: int) -> bytes:
        return server.test_client().get(PLOTLY, headers={"Accept-Encoding": "br"}).data

    with ThreadPoolExecutor(8) as readers:
        assert len(set(readers.map(read, range(50)))) == 1
    assert list(made.values()) == [1]


def test_many_readers_at_once_have_a_document_made_once():
    made = Counter()

    @answers.kept(1)
    def make(version: str) -> object:
        made[version] += 1
        return object()

    with ThreadPoolExecutor(8) as readers:
        assert len(set(readers.map(make, ["a"] * 200))) == 1
    assert make("b") is not make("a")
    assert made == {"a": 2, "b": 1}


@pytest.mark.parametrize("is_debug", [False, True])
def test_a_changed_file_is_seen_at_once_by_who_debugs_alone(tmp_path, is_debug):
    style = tmp_path / "assets" / "page.css"
    write_atomically(style, b"a{}")
    page = Dash(__name__, assets_folder=str(style.parent))
    page.layout = Div()
    static_files.register([page], is_debug=is_debug)
    client = page.server.test_client()
    name = "page.css" if is_debug else "own.css"
    [path] = [path for path in files_of(client, "/") if name in path]
    assert b"a{}" in client.get(path).data
    write_atomically(style, b"b{}")
    answer = client.get(path)
    assert (b"b{}" if is_debug else b"a{}") in answer.data
    assert ("immutable" in answer.headers["Cache-Control"]) is not is_debug
