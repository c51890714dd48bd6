"""``/api/v1/segmentation`` and ``/api/v1/cameras`` as programs call them."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text
from urllib3 import encode_multipart_formdata

from services.base.settings import load_settings
from services.camera.limits import MAX_BYTES
from services.operations.cameras import pin_camera, record_reading
from services.operations.database import FILE_NAME, open_operations
from services.operations.tables import CameraReading
from tests.callbacks.conftest import NOW
from tests.cameras import NAMES, VEHICLE, VERSION, as_file, running_camera, street

PATH = "/api/v1/segmentation"
PICTURE = as_file(street(0.25), "JPEG")


@pytest.fixture
def camera(tmp_path):
    with running_camera(tmp_path):
        yield


def as_form(data, name="street.jpg"):
    body, content_type = encode_multipart_formdata({"image": (name, data)})
    return {"data": body, "content_type": content_type}


def image_of(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


WAYS = {
    "form": as_form,
    "json": lambda data: {"json": {"image": base64.b64encode(data).decode()}},
    "data address": lambda data: {
        "json": {"image": f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"}
    },
    "body": lambda data: {"data": data, "content_type": "image/jpeg"},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_picture_gives_its_mask_its_shares_and_a_reading(client, camera, way):
    answer = client.post(PATH, **way(PICTURE))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    assert (body["width"], body["height"], body["model_version"]) == (128, 96, VERSION)
    assert body["took_ms"] > 0
    assert [item["name"] for item in body["classes"]] == NAMES
    assert sum(item["share"] for item in body["classes"]) == pytest.approx(1)
    assert body["classes"][VEHICLE]["role"] == "vehicle"
    assert image_of(body["image"]).size == (128, 96)
    assert np.asarray(image_of(body["mask"]))[-1, 0] == VEHICLE
    assert body["reading"]["status"] == "dense"
    assert body["reading"]["occupancy"] == pytest.approx(0.25, abs=0.02)


def test_the_picture_can_be_left_out(client, camera):
    assert client.post(f"{PATH}?picture=false", **as_form(PICTURE)).get_json()["image"] is None
    refused = client.post(f"{PATH}?picture=perhaps", **as_form(PICTURE))
    assert (refused.status_code, refused.get_json()["parameter"]) == (400, "picture")


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (as_form(b""), 400, "empty"),
        (as_form(PICTURE[:300]), 400, "damaged"),
        (as_form(as_file(street(height=10, width=10))), 400, "16"),
        (as_form(b"GIF89a but not really"), 400, "damaged"),
        (as_form(b"<svg/>", "street.jpg"), 415, "not a JPEG"),
        (as_form(b"%PDF-1.7", "../../etc/<script>.png"), 415, "not a JPEG"),
        (as_form(b"x" * (MAX_BYTES + 1)), 413, "at most"),
        ({"data": b"x" * 50_000_000, "content_type": "image/jpeg"}, 413, ""),
        ({"json": {"image": "not base64!"}}, 400, "base64"),
        ({"json": {"picture": "eA=="}}, 400, "base64"),
        ({"json": ["eA=="]}, 400, "base64"),
        ({"data": {"other": "x"}, "content_type": "multipart/form-data"}, 400, "a file in a field"),
        ({"data": "x", "content_type": "text/plain"}, 415, "multipart"),
        ({"data": "{", "content_type": "application/json"}, 400, ""),
    ],
)
def test_bad_input_is_told_as_a_problem(client, camera, sent, status, said):
    answer = client.post(PATH, **sent)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == status
    assert said in problem["detail"]
    assert "script" not in problem["detail"]


def test_only_pictures_may_be_large(client, camera):
    large = {"json": {"output": "x" * 2_000_000}}
    assert client.post("/_dash-update-component", **large).status_code == 413
    # In JSON a picture is a third larger; an 11 MB file is taken and is simply no picture.
    assert client.post(PATH, **WAYS["json"](b"x" * 11_000_000)).status_code == 415


def test_a_full_queue_and_an_absent_camera_are_503_with_the_time_to_come_back(client, tmp_path):
    with running_camera(tmp_path, places=1) as server:
        server._places.acquire()
        busy = client.post(PATH, **as_form(PICTURE))
        server._places.release()
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert "waiting" in busy.get_json()["detail"]


def test_a_camera_that_is_off_answers_503_at_once(make_client):
    answer = make_client(camera=False).post(PATH, **as_form(PICTURE))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.content_type == "application/problem+json"


def test_a_picture_is_written_into_no_file(client, camera, tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("a picture was about to be written")

    for name in ("tempfile.mkstemp", "werkzeug.formparser.SpooledTemporaryFile"):
        monkeypatch.setattr(name, refuse)
    before = set(tmp_path.rglob("*"))
    noise = np.random.default_rng(1).integers(0, 256, (900, 900, 3)).astype(np.uint8)
    large = as_file(noise)
    assert len(large) > 2_000_000
    assert client.post(PATH, **as_form(large)).status_code == 200
    assert set(tmp_path.rglob("*")) == before


def test_pinned_cameras_are_told_with_their_last_reading(client, tmp_path):
    assert client.get("/api/v1/cameras").get_json() == []
    with open_operations(load_settings(data_dir=tmp_path)).begin() as session:
        camera = pin_camera(session, "Pont de Nantes", "10273_D", NOW)
        for status in ("free", "blocked"):
            record_reading(
                session,
                CameraReading(
                    camera_id=camera.id,
                    at=NOW,
                    status=status,
                    occupancy=0.5,
                    confidence=0.75,
                    vehicles=9,
                    people=0,
                    model_version="m",
                    live_status=None,
                ),
            )
    [told] = client.get("/api/v1/cameras").get_json()
    assert told["segment_id"] == "10273_D"
    assert (told["name"], told["status"], told["live_status"]) == (
        "Pont de Nantes",
        "blocked",
        None,
    )
    assert told["at"] == NOW.isoformat(timespec="seconds")


@pytest.mark.parametrize("damage", ["DROP TABLE cameras", None], ids=["no table", "no database"])
def test_cameras_of_a_damaged_database_are_503(client, tmp_path, damage):
    operations = open_operations(load_settings(data_dir=tmp_path))
    with operations.begin() as session:
        if damage is not None:
            session.execute(text(damage))
    if damage is None:
        (tmp_path / FILE_NAME).write_bytes(b"no database" * 1_000)
    answer = client.get("/api/v1/cameras")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert "Retry-After" in answer.headers
