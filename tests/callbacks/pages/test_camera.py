"""The camera's page: what people read, and what operators keep."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import orjson
import pytest

from callbacks.live.camera_reading import segment_of
from callbacks.pages.camera import figures_csv, tell
from services.base.texts import load_texts
from services.camera.answer import look
from services.camera.errors import CameraBusy
from services.camera.limits import MAX_BYTES
from services.camera.messages import ModelState
from services.city.rennes import RENNES
from services.traffic.store import Store
from services.web.camera_client import CameraClient
from tests.callbacks.conftest import NOW
from tests.cameras import (
    VERSION,
    SlowModel,
    as_file,
    running_camera,
    segment_by_brightness,
    street,
    with_scans,
)
from tests.components.trees import plain
from tests.factories import make_network, make_snapshot_for
from tests.log_in import OWN_PAGE, send_log_in
from tests.pages import layout_of
from tests.waiting import wait_until

PAGE = "/camera"
CALLBACK = "/_dash-update-component"
PASSWORD = "Good-velo-42-bleu"
FRENCH = load_texts("fr")
NAME = "Pont de Nantes"


def address_of(data):
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


PICTURE = address_of(as_file(street(0.25), "JPEG"))


@pytest.fixture
def camera(tmp_path):
    with running_camera(tmp_path):
        yield CameraClient(tmp_path, connect_seconds=0.0)


@pytest.fixture
def network(tmp_path):
    network = make_network()
    store = Store(RENNES, tmp_path)
    store.prepare()
    store.publish(network, make_snapshot_for(network))
    return network


@pytest.fixture
def visitor(make_client):
    return make_client(dashboard_password=PASSWORD, monitor_level="0")


@pytest.fixture
def operator(visitor):
    assert send_log_in(visitor, "admin", PASSWORD).status_code == 303
    return visitor


def call(client, output, values, changed, headers=OWN_PAGE):
    """Post to the callback that writes ``output``; a list of values stands for a pattern."""
    [found] = [
        item
        for item in client.get("/_dash-dependencies").get_json()
        if output in item["output"] and not item["clientside_function"]
    ]
    names = found["output"].strip(".").split("...")
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]

    def filled(item):
        name = f"{item['id']}.{item['property']}"
        if item["id"].startswith("{"):
            return values.get(name, [])
        return {"id": item["id"], "property": item["property"], "value": values.get(name)}

    body = {
        "output": found["output"],
        "outputs": outputs if found["output"].startswith("..") else outputs[0],
        "changedPropIds": [changed],
        "inputs": [filled(item) for item in found["inputs"]],
        "state": [filled(item) for item in found["state"]],
    }
    return client.post(
        CALLBACK, data=orjson.dumps(body), content_type="application/json", headers=headers
    )


def hand_in(client, picture=PICTURE):
    answer = call(
        client,
        "camera-result.children",
        {"camera-picture.data": {"data": picture, "number": 1}},
        "camera-picture.data",
    )
    return answer.get_json()["response"]


def ready(client, headers=OWN_PAGE):
    return client.post("/camera/ready", headers=headers)


def by_id_in(tree, id_):
    """The properties of the one component that has an id, in a tree as JSON."""
    if isinstance(tree, list):
        return next(filter(None, (by_id_in(item, id_) for item in tree)), None)
    if not isinstance(tree, dict):
        return None
    props = tree.get("props", {})
    return props if props.get("id") == id_ else by_id_in(props.get("children"), id_)


def keep(client, token, segment, name=NAME, headers=OWN_PAGE):
    return call(
        client,
        "camera-kept-list.children",
        {
            "camera-keep.n_clicks": 1,
            "camera-reading.data": token,
            "camera-name.value": name,
            "camera-location.search": f"?troncon={segment}",
        },
        "camera-keep.n_clicks",
        headers,
    )


def said(answer):
    return answer.get_json()["response"]["camera-kept"]["children"]


def test_a_picture_gives_its_mask_and_its_reading(client, camera):
    shown = hand_in(client)
    assert shown["camera-mask"]["src"].startswith("data:image/png;base64,")
    text = plain(json.dumps(shown["camera-result"], ensure_ascii=False))
    assert "Dense" in text
    assert "25 % de la chaussée visible" in text
    assert "Chaussée et trottoir" in text
    assert "Télécharger le masque" in text
    assert VERSION in text
    assert shown["camera-message"]["children"] == ""
    assert shown["camera-again"]["hidden"] is True
    assert shown["camera-keep"]["disabled"] is False


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        (None, "trop grande"),
        (address_of(b"x" * (MAX_BYTES + 1)), "trop grande"),
        (address_of(b"hello"), "n'est pas une image"),
        ("data:image/jpeg;base64,!", "n'est pas une image"),
        (address_of(as_file(street())[:100]), "abîmée"),
        (address_of(b""), "vide"),
        (address_of(with_scans(200)), "trop de calcul"),
    ],
)
def test_a_bad_picture_is_told_in_the_visitors_language_and_may_not_be_kept(
    client, camera, picture, text
):
    shown = hand_in(client, picture)
    assert text in shown["camera-message"]["children"]
    assert shown["camera-result"]["children"] == []
    assert (shown["camera-mask"]["src"], shown["camera-keep"]["disabled"]) == ("", True)


@pytest.fixture
def blind_camera(tmp_path):
    """One to whose model every picture is unlike what it learnt."""

    def work(order):
        return look(order, lambda: lambda rgb: replace(segment_by_brightness(rgb), familiarity=0.0))

    with running_camera(tmp_path, work):
        yield CameraClient(tmp_path, connect_seconds=0.0)


def test_why_a_picture_is_not_read_is_told_and_there_is_nothing_to_keep(client, blind_camera):
    shown = hand_in(client)
    text = json.dumps(shown["camera-result"], ensure_ascii=False)
    assert "Inconnu" in text
    assert "ne ressemble pas aux rues que le modèle connaît" in text
    assert "de la chaussée visible" not in text
    assert "sans doute à tort" in text
    assert "Ce que montre la photo" not in text
    assert (shown["camera-reading"]["data"], shown["camera-keep"]["disabled"]) == (None, True)
    client.set_cookie("language", "en")
    text = json.dumps(hand_in(client)["camera-result"])
    assert "unlike the streets that the model knows" in text
    lines = figures_csv(blind_camera.look_at(as_file(street()))).splitlines()
    assert {"status;unknown", "reason;unfamiliar", "familiarity;0.0", "vehicles;"} <= set(lines)


def test_the_page_has_the_model_loaded_and_is_told_how_far_it_is(client, tmp_path):
    assert ready(client).get_json() == {"model": "away"}
    model = SlowModel()
    model.may_load.set()
    with running_camera(tmp_path, state=model.state, prepare=model.prepare):
        wait_until(lambda: ready(client).get_json() == {"model": "ready"})
    assert model.loads == 1
    assert ready(client).headers["Cache-Control"] == "no-store"


def test_no_other_site_has_the_model_loaded(client, tmp_path):
    model = SlowModel()
    with running_camera(tmp_path, state=model.state, prepare=model.prepare):
        assert ready(client, {"Origin": "http://elsewhere.example"}).status_code == 403
        assert ready(client, {}).status_code == 403
    assert model.loads == 0


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_script_has_words_for_all_that_it_may_be_told(client, language):
    client.set_cookie("language", language)
    settings = by_id_in(layout_of(client, PAGE), "camera-settings")["data"]
    states = {*get_args(ModelState), "away"}
    assert settings["model"].keys() == settings["steps"].keys() == states
    assert all((*settings["model"].values(), *settings["steps"].values()))


def test_english_on_demand(client, camera):
    client.set_cookie("language", "en")
    assert "not a JPEG" in hand_in(client, address_of(b"x"))["camera-message"]["children"]
    assert "of the visible road" in json.dumps(hand_in(client)["camera-result"])


def test_who_meets_a_full_queue_or_no_camera_can_try_again(client):
    class Full:
        def look_at(self, _picture, **_options):
            raise CameraBusy(2)

    told = tell(Full(), FRENCH, PICTURE, str)
    assert (told.message, told.may_try_again) == (FRENCH["camera"]["busy"], True)
    shown = hand_in(client)
    assert shown["camera-message"]["children"] == FRENCH["camera"]["unavailable"]
    assert shown["camera-again"]["hidden"] is False


def test_the_figures_are_given_as_csv(camera):
    lines = figures_csv(camera.look_at(as_file(street(0.25)))).splitlines()
    assert lines[0] == "figure;value"
    assert "share of vehicle;0.12500" in lines
    assert "status;dense" in lines


def test_the_segment_that_the_visitor_came_from_is_told_as_it_is_now(client, network):
    segment = network.segment_ids[0]
    answer = call(
        client,
        "camera-segment.children",
        {"camera-location.search": f"?troncon={segment}"},
        "camera-location.search",
    )
    text = json.dumps(answer.get_json(), ensure_ascii=False)
    assert str(network.names[0]) in text
    assert "d'après le flux, observé à" in text
    # Nobody but an operator is offered to keep anything.
    assert answer.get_json()["response"]["camera-keep-form"]["hidden"] is True


def read(tree):
    return json.dumps(tree, ensure_ascii=False)


def test_the_page_comes_with_what_is_told_of_the_segment(client, network):
    name, none = str(network.names[0]), FRENCH["camera"]["segment_none"]
    address = f"{PAGE}?troncon={network.segment_ids[0]}"
    for text in (client.get(address).text, read(layout_of(client, address))):
        assert name in text
        assert none not in text
    # Where a link leads on, the segment of the page before is none of the next one's.
    before = {"Referer": f"http://localhost{address}"}
    assert none in client.get(PAGE, headers=before).text
    assert none in read(layout_of(client, PAGE))


def test_a_segment_that_does_not_exist_is_no_segment(client, network):
    answer = call(
        client,
        "camera-segment.children",
        {"camera-location.search": "?troncon=%3Cscript%3E"},
        "camera-location.search",
    )
    text = json.dumps(answer.get_json(), ensure_ascii=False)
    assert FRENCH["camera"]["segment_none"] in text
    assert "script>" not in text
    assert segment_of("?troncon=a&troncon=b") == "a"


def test_an_operator_keeps_a_reading_which_is_then_told_everywhere(operator, network, camera):
    segment = network.segment_ids[0]
    token = hand_in(operator)["camera-reading"]["data"]
    assert said(keep(operator, token, segment)) == FRENCH["camera"]["keep_done"]
    [told] = operator.get("/api/v1/cameras").get_json()
    assert (told["segment_id"], told["name"], told["status"]) == (segment, NAME, "dense")
    assert told["live_status"] in {"freeFlow", "heavy", "congested", "unknown", "impossible"}
    text = json.dumps(layout_of(operator, PAGE), ensure_ascii=False)
    assert NAME in text
    lines = operator.get("/camera/lectures.csv").get_data(as_text=True).splitlines()
    assert len(lines) == 2
    assert f"{NAME};{segment};{NOW.isoformat(timespec='seconds')};dense" in lines[1]
    remove = {"camera": told["id"], "type": "camera-remove"}
    pressed = orjson.dumps(remove, option=orjson.OPT_SORT_KEYS).decode()
    answer = call(
        operator,
        "camera-kept-list.children",
        {
            '{"camera":["ALL"],"type":"camera-remove"}.n_clicks': [
                {"id": remove, "property": "n_clicks", "value": 1}
            ]
        },
        f"{pressed}.n_clicks",
    )
    assert said(answer) == FRENCH["camera"]["remove_done"]
    assert operator.get("/api/v1/cameras").get_json() == []


def test_what_is_kept_is_what_the_model_said(operator, network, camera):
    segment = network.segment_ids[0]
    token = hand_in(operator)["camera-reading"]["data"]
    forged = re.sub(r"^.", "x", token)
    assert said(keep(operator, forged, segment)) == FRENCH["camera"]["keep_too_late"]
    assert said(keep(operator, None, segment)) == FRENCH["camera"]["keep_too_late"]
    assert said(keep(operator, token, "nowhere")) == FRENCH["camera"]["segment_gone"]
    assert said(keep(operator, token, segment, name=" ")) == FRENCH["camera"]["name_refused"]
    assert operator.get("/api/v1/cameras").get_json() == []


def test_nobody_but_the_operator_keeps_or_removes(visitor, network, camera):
    token = hand_in(visitor)["camera-reading"]["data"]
    assert keep(visitor, token, network.segment_ids[0]).status_code == 403
    assert visitor.get("/api/v1/cameras").get_json() == []


def test_another_site_cannot_keep_for_the_operator(operator, network, camera):
    token = hand_in(operator)["camera-reading"]["data"]
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert keep(operator, token, network.segment_ids[0], headers=elsewhere).status_code == 403


def test_simulated_and_late_traffic_is_no_live_status(operator, network, camera, tmp_path):
    segment = network.segment_ids[0]
    token = hand_in(operator)["camera-reading"]["data"]
    late = make_snapshot_for(network, observed_at=NOW - timedelta(hours=1))
    for snapshot in (make_snapshot_for(network, source="demo"), late):
        Store(RENNES, tmp_path).publish(network, snapshot)
        keep(operator, token, segment)
    assert [item["live_status"] for item in operator.get("/api/v1/cameras").get_json()] == [None]
    lines = operator.get("/camera/lectures.csv").get_data(as_text=True).splitlines()
    assert len(lines) == 3


def test_readings_that_cannot_be_read_are_said_not_to_be_none(client, tmp_path):
    (tmp_path / "operations.sqlite3").write_bytes(b"no database at all, but a long text" * 40)
    text = json.dumps(layout_of(client, PAGE), ensure_ascii=False)
    assert FRENCH["camera"]["kept_unreadable"] in text
    assert client.get("/camera/lectures.csv").status_code == 503


def test_where_no_pictures_are_read_nothing_leads_there_and_the_page_says_so(make_client):
    client = make_client(camera=False)
    for path in ("/", "/qualite"):
        assert "site-nav-icon--camera" not in json.dumps(layout_of(client, path))
    page = json.dumps(layout_of(client, "/camera"), ensure_ascii=False)
    assert "Les photos ne sont pas lues sur ce serveur." in page
    assert "camera-upload" not in page
    assert client.get("/camera").status_code == 200
    assert "site-nav-icon--camera" in json.dumps(layout_of(make_client(), "/"))
