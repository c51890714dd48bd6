from __future__ import annotations

import numpy as np
import pytest

from services.camera.classes import (
    GROUPS,
    ClassFile,
    InputScaling,
    SegmentationClass,
    decode_class_file,
    encode_class_file,
    palette_of,
)
from services.camera.errors import ClassFileRefused
from services.camera.segmentation import Segmentation

TWO_CLASSES = (
    b'{"classes": [{"name": "a", "colour": "#000000"}, {"name": "b", "colour": "#ffffff"}]'
)


def test_the_eight_groups_are_those_of_cityscapes_and_told_apart_by_colour():
    assert {item.name for item in GROUPS} == {
        "void", "flat", "construction", "object", "nature", "sky", "human", "vehicle",
    }  # fmt: skip
    assert len({item.colour for item in GROUPS}) == 8
    roles = {item.role: item.name for item in GROUPS if item.role}
    assert roles == {"void": "void", "road": "flat", "person": "human", "vehicle": "vehicle"}


def test_the_palette_paints_a_mask():
    painted = palette_of(GROUPS)[np.array([[1, 7]], dtype=np.uint8)]
    assert painted.tolist() == [[[128, 64, 128], [0, 0, 142]]]


def test_a_class_file_is_read_as_it_was_written():
    content = ClassFile(
        GROUPS, InputScaling(channels="bgr", scale=1.0, offset=(103.9, 116.8, 123.7))
    )
    assert decode_class_file(encode_class_file(content)) == content


def test_roles_and_input_may_be_left_out():
    content = decode_class_file(TWO_CLASSES + b"}")
    assert content.classes[0].role is None
    assert content.input == InputScaling()


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (b"{", "truncated"),
        (b"[]", "object"),
        (b'{"classes": []}', "0 of them"),
        (b'{"classes": [{"name": "a"}]}', "colour"),
        (b'{"classes": [{"name":"a","colour":"red"},{"name":"b","colour":"#00ff00"}]}', "#rrggbb"),
        (b'{"classes": [{"name":"a","colour":"#00ff00"},{"name":"a","colour":"#00ff00"}]}', "own"),
        (b'{"classes": [{"name":"a","colour":"#00ff00","role":"tram"}]}', "role"),
        (TWO_CLASSES + b', "input": {"scale": 0}}', "scale"),
        (TWO_CLASSES + b', "input": {"scale": 1e999}}', "out of range"),
    ],
)  # fmt: skip
def test_a_damaged_class_file_names_what_is_wrong(document, field):
    with pytest.raises(ClassFileRefused, match=field):
        decode_class_file(document)


def test_scaling_takes_the_offset_in_the_order_of_the_model():
    rgb = np.array([[[10, 20, 30]]], dtype=np.uint8)
    scaled = InputScaling(channels="bgr", scale=0.5, offset=(30.0, 0.0, 0.0)).apply(rgb)
    assert scaled.tolist() == [[[0.0, 10.0, 5.0]]]
    assert scaled.dtype == np.float32


def test_shares_add_up_and_name_every_class():
    mask = np.array([[0, 1], [1, 1]], dtype=np.uint8)
    classes = (SegmentationClass("a", "#000000"), SegmentationClass("b", "#ffffff"))
    found = Segmentation(mask, mask, classes, "v", 1.0)
    assert found.shares() == {"a": 0.25, "b": 0.75}
