from __future__ import annotations

from pathlib import Path

import numpy as np

import services
from services.camera.classes import GROUPS
from services.camera.picture import decode_picture
from services.camera.street_drawing import SAMPLE_SEED, draw_street, main

SAMPLE = Path(services.__file__).parent.parent / "assets" / "camera" / "sample.jpg"


def test_a_street_has_everything_but_void_and_its_road_below_its_sky():
    picture, groups = draw_street(np.random.default_rng(1), 160, 120)
    assert picture.shape == (120, 160, 3)
    names = [item.name for item in GROUPS]
    assert {names[value] for value in np.unique(groups)} == set(names) - {"void"}
    rows = {name: np.nonzero(groups == names.index(name))[0].mean() for name in ("sky", "flat")}
    assert rows["sky"] < rows["flat"]


def test_the_sample_that_is_shipped_is_the_one_that_is_drawn(tmp_path):
    assert main([str(tmp_path / "street.jpg")]) == 0
    drawn, _ = draw_street(np.random.default_rng(SAMPLE_SEED))
    for path in (SAMPLE, tmp_path / "street.jpg"):
        shown = decode_picture(path.read_bytes()).astype(int)
        assert np.abs(shown - drawn).mean() < 6
