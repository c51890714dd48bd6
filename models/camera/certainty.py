"""How often the camera is sure where it is wrong: with what it knows of its limits, and without.

python -m models.camera.certainty --data ../shared/data/camvid [--no-street DIR]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.camera.dataset import LabelledPictures, load_split
from models.camera.evaluate import true_reading
from models.camera.kind import champion_file
from models.camera.strange_pictures import CHANGES, NO_STREET, STREETS, Draw, DrawLabelled
from models.tables import markdown_table
from models.training_command import quieten_tensorflow, say
from services.base.command_line import run_command, tells_errors
from services.base.settings import load_settings
from services.camera.errors import PictureRefused
from services.camera.picture import decode_picture
from services.camera.reading import RoadStatus, TrafficReading
from services.camera.segmentation import Segmentation
from services.camera.traffic_reader import read_traffic

# A reading that is more likely right than wrong, by its own words.
SURE_FROM: Final = 0.5
_DRAWN: Final = 16  # Pictures of each kind.
_EVERY: Final = 3  # Of CamVid's `test` for the changed ones: 78 pictures.

Evaluated = tuple[NDArray[np.uint8], RoadStatus]
"""A picture, and what there is to be read in it."""
Segment = Callable[[NDArray[np.uint8]], Segmentation]


@dataclass(frozen=True)
class Certainty:
    """Readings of one kind of picture; shares from 0 to 1.

    Attributes
    ----------
    wrong_before : float
        Sure and wrong if the camera knew nothing of its limits.
    wrong : float
        Sure and wrong.
    """

    kind: str
    pictures: int
    wrong_before: float
    wrong: float
    unknown: float


def is_sure_and_wrong(reading: TrafficReading, true: RoadStatus) -> bool:
    """Whether a status is told with some certainty that is not the true one."""
    return reading.status not in ("unknown", true) and (reading.confidence or 0.0) >= SURE_FROM


def certainty_of(kind: str, evaluated: Iterable[Evaluated], segment: Segment) -> Certainty:
    """Have the pictures of one kind read, and count."""
    before, after, unknown = [], [], []
    for picture, true in evaluated:
        found = segment(picture)
        reading = read_traffic(found)
        blunt = read_traffic(replace(found, familiarity=None, blindness=None))
        before.append(is_sure_and_wrong(blunt, true))
        after.append(is_sure_and_wrong(reading, true))
        unknown.append(reading.status == "unknown")
    shares = (float(np.mean(values)) for values in (before, after, unknown))
    return Certainty(kind, len(after), *shares)


def kinds_of_pictures(
    data: Path, no_street: Path | None
) -> Iterator[tuple[str, Iterator[Evaluated]]]:
    """All kinds, by name; a picture is drawn when its turn comes.

    Raises
    ------
    PicturesUnusable
    """
    for number, (name, draw) in enumerate(NO_STREET.items()):
        yield name, _drawn(draw, number)
    if no_street is not None:
        yield "photographs of no street", _photographs(no_street)
    for name, draw_labelled in STREETS.items():
        yield name, _drawn_streets(draw_labelled)
    test = load_split(data, "test")
    yield "CamVid's test", (_labelled(*pair) for pair in test)
    for name, (of_picture, of_labels) in CHANGES.items():
        yield f"CamVid's test, {name}", _changed(test.every(_EVERY), of_picture, of_labels)


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.camera.certainty", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="holds test/ testannot/")
    parser.add_argument("--model", type=Path, help="a FILE.keras; default: the champion")
    parser.add_argument("--no-street", type=Path, help="a folder of pictures that show no street")
    given = parser.parse_args(arguments)
    quieten_tensorflow()
    # TensorFlow takes seconds to import: --help need not wait for it.
    from models.camera.segmenter import load_segmenter  # noqa: PLC0415

    segment = load_segmenter(given.model or champion_file(load_settings().data_dir)).segment
    found = [
        certainty_of(kind, evaluated, segment)
        for kind, evaluated in kinds_of_pictures(given.data, given.no_street)
    ]
    say(markdown_table(["pictures", "", "sure and wrong before", "now", "unknown"], _rows(found)))
    return 0


def _rows(found: Sequence[Certainty]) -> list[list[str]]:
    return [
        [
            item.kind,
            str(item.pictures),
            *(f"{share:.0%}" for share in (item.wrong_before, item.wrong, item.unknown)),
        ]
        for item in found
    ]


def _generator(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _drawn(draw: Draw, number: int) -> Iterator[Evaluated]:
    return ((draw(_generator(number, place)), "unknown") for place in range(_DRAWN))


def _drawn_streets(draw: DrawLabelled) -> Iterator[Evaluated]:
    return (_labelled(*draw(_generator(place))) for place in range(_DRAWN))


def _labelled(picture: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Evaluated:
    return picture, true_reading(labels).status


def _changed(
    parts: LabelledPictures,
    of_picture: Callable[[Image.Image], Image.Image],
    of_labels: Callable[[Image.Image], Image.Image],
) -> Iterator[Evaluated]:
    for picture, labels in parts:
        changed, truth = of_picture(Image.fromarray(picture)), of_labels(Image.fromarray(labels))
        yield _labelled(np.asarray(changed), np.asarray(truth))


def _photographs(directory: Path) -> Iterator[Evaluated]:
    for path in sorted(directory.iterdir()):
        try:
            yield decode_picture(path.read_bytes()), "unknown"
        except (OSError, PictureRefused) as error:
            say(f"{path.name} left out: {error}")


if __name__ == "__main__":
    run_command(main)
