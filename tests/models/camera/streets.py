"""Labelled streets, drawn, in the layout that training reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from models.camera.camvid import CAMVID_GROUPS, GROUP_NAMES
from services.camera.street_drawing import draw_street

# A class of CamVid for each group.
VALUES = {group: value for value, _, group in reversed(CAMVID_GROUPS)}


def write_streets(directory: Path, counts: dict[str, int], size=(80, 60)) -> Path:
    """So many drawn streets for each split."""
    generator = np.random.default_rng(5)
    values = np.array([VALUES[name] for name in GROUP_NAMES], dtype=np.uint8)
    for split, count in counts.items():
        (directory / split).mkdir(parents=True)
        (directory / f"{split}annot").mkdir()
        for number in range(count):
            picture, groups = draw_street(generator, *size)
            Image.fromarray(picture).save(directory / split / f"{number:03}.jpg")
            Image.fromarray(values[groups]).save(directory / f"{split}annot" / f"{number:03}.png")
    return directory
