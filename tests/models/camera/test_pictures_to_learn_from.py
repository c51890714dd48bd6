"""Reading labelled pictures, making variants of them, and measuring class maps."""

from __future__ import annotations

import numpy as np
import pytest

from models.camera.augmentation import augment
from models.camera.camvid import GROUP_NAMES, VEHICLE, VOID
from models.camera.confusion_picture import draw_confusion
from models.camera.dataset import LabelledPictures, load_split
from models.camera.measures import (
    CommonestByPosition,
    confusion,
    confusion_over,
    figures,
    intersection_over_union,
    letterbox_labels,
)
from models.errors import PicturesUnusable
from services.camera.picture import decode_picture
from services.camera.street_drawing import draw_street
from tests.models.camera.streets import write_streets

SKY, FLAT = GROUP_NAMES.index("sky"), GROUP_NAMES.index("flat")


@pytest.fixture(scope="module")
def street():
    return draw_street(np.random.default_rng(3), 160, 120)


def test_a_split_is_read_in_the_order_of_its_names(tmp_path):
    found = load_split(write_streets(tmp_path, {"train": 2}), "train")
    assert found.names == ("000", "001")
    assert found.pictures[0].shape == (60, 80, 3)
    assert set(np.unique(found.labels[0])) <= set(range(len(GROUP_NAMES)))
    assert len(found.every(2)) == 1


def test_no_pictures_is_an_error_that_names_the_place(tmp_path):
    with pytest.raises(PicturesUnusable, match="val"):
        load_split(tmp_path, "val")


@pytest.mark.parametrize("damage", ["missing map", "other size", "no picture"])
def test_a_picture_that_does_not_fit_its_map_is_named(tmp_path, damage):
    write_streets(tmp_path, {"train": 1})
    write_streets(tmp_path / "larger", {"train": 1}, size=(96, 60))
    class_map = tmp_path / "trainannot" / "000.png"
    if damage == "missing map":
        class_map.unlink()
    elif damage == "other size":
        class_map.write_bytes((tmp_path / "larger" / "trainannot" / "000.png").read_bytes())
    else:
        (tmp_path / "train" / "000.jpg").write_bytes(b"no picture")
    with pytest.raises(PicturesUnusable, match="000"):
        load_split(tmp_path, "train")


def test_a_variant_keeps_each_label_on_its_pixel():
    """Where labels are painted as a picture, both go the same way."""
    _, groups = draw_street(np.random.default_rng(3), 160, 120)
    painted = np.repeat((groups == SKY)[..., None] * np.uint8(255), 3, axis=2)
    for seed in range(8):
        drawn, labels = augment(painted, groups, 96, np.random.default_rng(seed))
        grey = drawn.mean(axis=-1)
        known = labels != VOID
        sky, other = grey[known & (labels == SKY)], grey[known & (labels != SKY)]
        if min(len(sky), len(other)) > 50:
            assert np.median(sky) > np.median(other) + 60
            assert (sky > (np.median(sky) + np.median(other)) / 2).mean() > 0.95


def test_variants_differ_by_seed_alone(street):
    first, again, other = (augment(*street, 64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first[0] == again[0]).all()
    assert (first[0] != other[0]).any()
    assert first[0].shape == (64, 64, 3)
    assert first[1].shape == (64, 64)


def test_labels_are_fitted_like_their_picture(street):
    fitted = letterbox_labels(street[1], 80)
    assert (fitted[:10] == VOID).all()
    assert (fitted[10:70] == street[1][::2, ::2]).mean() > 0.9


def test_iou_is_right_on_a_case_counted_by_hand():
    truth = np.array([SKY, SKY, SKY, FLAT, VOID], dtype=np.uint8)
    found = np.array([SKY, SKY, FLAT, FLAT, SKY], dtype=np.uint8)
    iou = intersection_over_union(confusion(truth, found))
    assert iou[SKY] == pytest.approx(2 / 3)
    assert iou[FLAT] == pytest.approx(1 / 2)
    assert np.isnan(iou[VEHICLE])
    assert figures(confusion(truth, found))["mean_iou"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_precision_and_recall_of_vehicles_are_not_mixed_up():
    truth = np.array([VEHICLE, VEHICLE, VEHICLE, VEHICLE, FLAT], dtype=np.uint8)
    found = np.array([VEHICLE, FLAT, FLAT, FLAT, FLAT], dtype=np.uint8)
    told = figures(confusion(truth, found))
    assert (told["vehicle_precision"], told["vehicle_recall"]) == (1.0, 0.25)


def test_the_baseline_says_what_was_commonest_at_a_place(street):
    picture, groups = street
    parts = LabelledPictures(("a", "b"), (picture, picture), (groups, groups))
    counts = confusion_over(parts, CommonestByPosition(parts, 160))
    assert figures(counts)["pixel_accuracy"] > 0.99


def test_the_confusion_matrix_can_be_looked_at(tmp_path, street):
    draw_confusion(confusion(street[1], street[1]), tmp_path / "confusion.png")
    shown = decode_picture((tmp_path / "confusion.png").read_bytes())
    # White apart from labels and the dark diagonal, which a perfect class map fills.
    assert 0.05 < (shown.mean(axis=-1) < 140).mean() < 0.3
