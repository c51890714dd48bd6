"""Street pictures with a class map each, as they lie on disk.

DIR/{train,val,test}/NAME.jpg           the picture
DIR/{train,val,test}annot/NAME.png      its class map, values of models/camera/camvid.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.camera.camvid import to_groups
from models.errors import PicturesUnusable
from services.camera.errors import PictureRefused
from services.camera.picture import decode_picture

Split = Literal["train", "val", "test"]
_PICTURE_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures and their class maps, in the order of their names.

    Attributes
    ----------
    pictures : tuple of array of uint8, shape (height, width, 3)
    labels : tuple of array of uint8, shape (height, width)
        Positions in ``GROUPS``.
    """

    names: tuple[str, ...]
    pictures: tuple[NDArray[np.uint8], ...]
    labels: tuple[NDArray[np.uint8], ...]

    def __len__(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        return zip(self.pictures, self.labels, strict=True)

    def every(self, step: int) -> LabelledPictures:
        """Every so many of them, for a shorter look."""
        return LabelledPictures(self.names[::step], self.pictures[::step], self.labels[::step])


def load_split(directory: Path, split: Split) -> LabelledPictures:
    """Read one part of a data set into memory (0.3 MB a picture for CamVid's 320 × 240).

    Raises
    ------
    PicturesUnusable
        When there are none, or a picture and its class map do not fit; names the file.
    """
    paths = sorted(
        path for path in (directory / split).glob("*") if path.suffix.lower() in _PICTURE_ENDINGS
    )
    if not paths:
        raise PicturesUnusable(f"there are no pictures in {directory / split}")
    loaded = [_load(path, directory / f"{split}annot" / f"{path.stem}.png") for path in paths]
    return LabelledPictures(
        tuple(path.stem for path in paths),
        tuple(picture for picture, _ in loaded),
        tuple(labels for _, labels in loaded),
    )


def _load(picture_path: Path, map_path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    try:
        picture = decode_picture(picture_path.read_bytes())
        with Image.open(map_path) as image:
            labels = to_groups(np.array(image.convert("L") if image.mode == "1" else image))
    except (OSError, PictureRefused, ValueError) as error:
        raise PicturesUnusable(f"{picture_path.name} and {map_path.name}: {error}") from error
    if labels.shape != picture.shape[:2]:
        raise PicturesUnusable(
            f"{map_path}: {labels.shape} does not fit its picture, {picture.shape[:2]}"
        )
    return picture, labels
