"""How often the camera is sure where it is wrong, on pictures that our own code draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models.camera.certainty import Certainty, certainty_of, is_sure_and_wrong, kinds_of_pictures
from models.camera.strange_pictures import CHANGES, NO_STREET, STREETS
from services.camera.reading import TrafficReading
from services.camera.street_drawing import draw_street
from tests.cameras import segment_by_brightness, street
from tests.models.camera.streets import write_streets


@pytest.mark.parametrize(
    ("status", "confidence", "wrong"),
    [
        ("dense", 0.9, True),
        ("dense", 0.4, False),
        ("free", 0.9, False),
        ("unknown", None, False),
    ],
)
def test_only_what_is_told_with_certainty_and_not_true_is_held_against_it(
    status, confidence, wrong
):
    reading = TrafficReading(status, None, None, None, confidence, 0, 0)
    assert is_sure_and_wrong(reading, "free") is wrong


def test_before_and_now_are_told_apart():
    """Every second picture is unlike what was learnt; all of them are dense."""
    familiar = iter([0.0, 1.0, 0.0, 1.0])

    def segment(picture):
        return replace(segment_by_brightness(picture), familiarity=next(familiar))

    found = certainty_of("rooms", [(street(0.3), "unknown")] * 4, segment)
    assert found == Certainty("rooms", 4, wrong_before=1.0, wrong=0.5, unknown=0.5)


def test_every_kind_is_there_and_knows_what_is_to_be_read(tmp_path):
    write_streets(tmp_path, {"test": 3})
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    Image.fromarray(street()).save(photographs / "a.png")
    (photographs / "b.txt").write_text("no picture")
    kinds = dict(kinds_of_pictures(tmp_path, photographs))
    assert set(NO_STREET) | set(STREETS) <= set(kinds)
    assert next(kinds["uniform"])[1] == "unknown"
    assert [true for _, true in kinds["photographs of no street"]] == ["unknown"]
    assert next(kinds["seen from a mast, empty"])[1] == "free"
    assert next(kinds["drawn street, a queue"])[1] in {"dense", "blocked"}
    [(picture, _)] = kinds["CamVid's test, cut upright, 9:16"]
    assert picture.shape[1] / picture.shape[0] == pytest.approx(9 / 16, abs=0.02)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_picture_and_its_class_map_are_changed_alike(kind):
    picture, labels = draw_street(np.random.default_rng(1), 80, 60)
    of_picture, of_labels = CHANGES[kind]
    changed, truth = of_picture(Image.fromarray(picture)), of_labels(Image.fromarray(labels))
    assert changed.size == truth.size
    assert set(np.unique(truth)) <= set(np.unique(labels)) | {0}
