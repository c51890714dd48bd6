"""From a file to an answer: every fault is an answer, and no name is ever in the journal."""

from __future__ import annotations

import io
import logging
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from services.camera.answer import look
from services.camera.classes import GROUPS, palette_of
from services.camera.errors import ModelRefused
from services.camera.messages import Answer, Order, Refusal
from services.camera.segmentation import Segmentation
from tests.cameras import ROAD, VEHICLE, VERSION, as_file, segment_by_brightness, street

ORIENTATION, MAKER = 0x0112, 0x010F


def answered(picture, **options):
    reply = look(Order(picture, **options), lambda: segment_by_brightness)
    assert isinstance(reply, Answer)
    return reply


def image_of(png):
    return Image.open(io.BytesIO(png))


def test_the_mask_has_the_pictures_size_the_classes_as_values_and_their_colours():
    answer = answered(as_file(street(0.25)))
    mask = image_of(answer.mask_png)
    assert (answer.width, answer.height) == mask.size == (128, 96)
    values = np.asarray(mask)
    assert (values[-1, 0], values[-1, -1]) == (VEHICLE, ROAD)
    assert np.asarray(mask.convert("RGB"))[-1, 0].tolist() == palette_of(GROUPS)[VEHICLE].tolist()
    assert sum(answer.shares) == pytest.approx(1)
    assert answer.shares[VEHICLE] == pytest.approx(0.125)
    assert (answer.reading.status, answer.model_version) == ("dense", VERSION)
    assert answer.picture_png is None


def test_the_picture_comes_back_upright_and_without_its_annotations():
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "a telephone"
    answer = answered(as_file(street(), "JPEG", exif=exif), wants_picture=True)
    assert (answer.width, answer.height) == (96, 128)
    picture = image_of(answer.picture_png)
    assert picture.size == (96, 128)
    assert dict(picture.getexif()) == {}
    assert b"telephone" not in answer.picture_png


def test_a_large_picture_comes_back_reduced_but_its_mask_at_its_own_size():
    answer = answered(as_file(street(height=100, width=3_000)), wants_picture=True)
    assert image_of(answer.picture_png).size == (2_048, 68)
    assert image_of(answer.mask_png).size == (3_000, 100)


@pytest.mark.parametrize(
    ("picture", "fault"),
    [
        (b"", "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
        (as_file(street())[:200], "damaged"),
        (b"x" * (12 * 1024 * 1024 + 1), "too_large"),
        (as_file(street(), "JPEG")[:-2] + b"\xff\xda\x00\x02" * 200, "too_costly"),
    ],
)
def test_a_bad_picture_is_refused_and_the_model_is_not_even_loaded(picture, fault):
    def load():
        raise AssertionError("loaded for nothing")

    reply = look(Order(picture), load)
    assert isinstance(reply, Refusal)
    assert reply.fault == fault


def test_a_model_that_cannot_be_used_is_ours_to_mend(caplog):
    def load():
        raise ModelRefused("own.keras: there is no such file")

    reply = look(Order(as_file(street())), load)
    assert reply == Refusal("model", "the camera's model cannot be used; the journal says why")
    assert "own.keras: there is no such file" in caplog.text


def test_a_picture_that_fells_the_model_fells_nothing_else(caplog):
    def segment(rgb):
        raise MemoryError("out of memory")

    reply = look(Order(as_file(street())), lambda: segment)
    assert reply.fault == "failed"
    assert "MemoryError" in caplog.text


def test_every_picture_is_journalled_by_its_size_alone(caplog):
    with caplog.at_level(logging.INFO):
        answered(as_file(street()))
        look(Order(b"no picture"), lambda: segment_by_brightness)
    ok, refused = (record.getMessage() for record in caplog.records)
    assert ok.startswith("segmentation ok 128×96 in ")
    assert refused == "picture refused: not a JPEG, PNG, WebP or GIF picture"


def test_the_shares_of_a_large_picture_take_less_memory_than_the_picture():
    mask = np.zeros((1_500, 2_000), dtype=np.uint8)
    mask[:300], mask[300:900] = VEHICLE, ROAD
    found = Segmentation(mask, mask, GROUPS, VERSION, 1.0)
    tracemalloc.start()
    shares = found.shares()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    names = [item.name for item in GROUPS]
    assert (shares[names[VEHICLE]], shares[names[ROAD]]) == (0.2, 0.4)
    assert most < 3 * mask.size
