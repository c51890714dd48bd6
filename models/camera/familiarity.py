"""Learns what a model's pictures are like to it, and writes that beside the model.

python -m models.camera.familiarity --data ../shared/data/camvid [--model FILE.keras]

Training does it by itself; this is for a model that was trained before, or somebody's own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from models.camera.augmentation import augment
from models.camera.dataset import LabelledPictures, load_split
from models.training_command import DEFAULT_SEED, quieten_tensorflow, say
from models.versions import MEASURES_FILE, encode_measures
from services.base.command_line import run_command, tells_errors
from services.camera.classes import InputScaling
from services.camera.errors import ModelRefused
from services.camera.familiarity import Familiarity, whitening_of, write_familiarity
from services.camera.model_files import DIRECTORY, champion_model_file, read_class_file
from services.camera.picture import letterbox
from services.forecast.champions import SHIPPED_ARTIFACTS

# Of each picture beside the picture itself, so many of other scales, turns and lights, as in
# training, and so many cut to other shapes.
_VARIANTS: Final = 2
_SHAPES: Final = (9 / 16, 16 / 9)  # Width to height.
_BATCH: Final = 8
# Both of `val`, which was in no fit: full certainty as far as its pictures go, none beyond what
# training's own variants of them reach.
_USUAL_QUANTILE: Final = 0.95
_LIMIT_QUANTILE: Final = 0.95
# Whatever the pictures: certainty falls, and does not break off.
_MIN_DISTANCE: Final = 1e-6
_MIN_SPAN: Final = 1.1


def fit_familiarity(
    model: Any, scaling: InputScaling, learned: LabelledPictures, evaluated: LabelledPictures
) -> Familiarity:
    """Learn what pictures are like to a model.

    Parameters
    ----------
    evaluated : LabelledPictures
        Others of the same kind, by which the distances are chosen.

    Raises
    ------
    ModelRefused
        When no layer gives a map of the picture.
    """
    from models.camera.segmenter import checked_input, feature_function  # noqa: PLC0415 (see main)

    layer = deepest_layer(model)
    features = feature_function(model, layer)
    size = checked_input(model)

    def seen(pictures: Iterator[NDArray[np.uint8]]) -> NDArray[np.float32]:
        rows = [features.predict_on_batch(scaling.apply(batch)) for batch in _batches(pictures)]
        return np.concatenate(rows)

    mean, whitening = whitening_of(
        np.concatenate([seen(_plain(learned, size)), seen(_varied(learned, size))])
    )
    found = Familiarity(layer, mean, whitening, 0.0, 1.0)
    near, far = (
        np.array([found.distance(row) for row in seen(pictures)])
        for pictures in (_plain(evaluated, size), _varied(evaluated, size))
    )
    usual = max(float(np.quantile(near, _USUAL_QUANTILE)), _MIN_DISTANCE)
    limit = max(float(np.quantile(far, _LIMIT_QUANTILE)), _MIN_SPAN * usual)
    return Familiarity(layer, mean, whitening, usual, limit)


def record_of(found: Familiarity) -> dict[str, Any]:
    """What the measures of a version say of it."""
    return {"layer": found.layer, "usual": found.usual, "limit": found.limit}


def deepest_layer(model: Any) -> str:
    """The layer with the fewest places, the first of them: it sees most of the picture at once.

    Raises
    ------
    ModelRefused
        When no layer gives a map of the picture.
    """
    maps = [
        (int(np.prod(layer.output.shape[1:-1])), layer.name)
        for layer in model.layers
        if len(layer.output.shape) == 4 and None not in layer.output.shape[1:]
    ]
    if not maps:
        raise ModelRefused("the model has no layer that gives a map of the picture")
    return str(min(maps, key=lambda item: item[0])[1])


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.camera.familiarity", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="holds train/ and val/")
    parser.add_argument("--model", type=Path, help="a FILE.keras; default: the shipped champion")
    given = parser.parse_args(arguments)
    quieten_tensorflow()
    # TensorFlow takes seconds to import: --help need not wait for it.
    import keras  # noqa: PLC0415

    file = given.model or champion_model_file((SHIPPED_ARTIFACTS / DIRECTORY,))
    scaling = read_class_file(file).input
    found = fit_familiarity(
        keras.saving.load_model(file, compile=False),
        scaling,
        load_split(given.data, "train"),
        load_split(given.data, "val"),
    )
    say(f"{found.layer}: usual {found.usual:.4f}, limit {found.limit:.4f}")
    say(f"written: {write_familiarity(found, file)}")
    _record(found, file.with_name(MEASURES_FILE))
    return 0


def _record(found: Familiarity, measures_file: Path) -> None:
    if measures_file.exists():
        measures = orjson.loads(measures_file.read_bytes()) | {"familiarity": record_of(found)}
        measures_file.write_bytes(encode_measures(measures))


def _plain(parts: LabelledPictures, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    return (letterbox(picture, *size)[0] for picture in parts.pictures)


def _varied(parts: LabelledPictures, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    generator = np.random.default_rng(DEFAULT_SEED)
    for _ in range(_VARIANTS):
        for picture, labels in parts:
            drawn, _ = augment(picture, labels, max(size), generator)
            yield letterbox(drawn, *size)[0]
            yield letterbox(_cut(picture, generator), *size)[0]


def _cut(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """A part of a picture, of any shape between a telephone held upright and one held across."""
    height, width = picture.shape[:2]
    ratio = np.exp(generator.uniform(*np.log(_SHAPES)))
    rows, columns = min(height, round(width / ratio)), min(width, round(height * ratio))
    top, left = (generator.integers(free + 1) for free in (height - rows, width - columns))
    return picture[top : top + rows, left : left + columns]


def _batches(pictures: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    while batch := list(islice(pictures, _BATCH)):
        yield np.stack(batch)


if __name__ == "__main__":
    run_command(main)
