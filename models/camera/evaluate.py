"""Evaluates the camera's model, and what is read of the traffic with it, on labelled pictures.

python -m models.camera.evaluate --data ../shared/data/camvid
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from models.camera.camvid import GROUP_NAMES
from models.camera.dataset import LabelledPictures, Split, load_split
from models.camera.kind import champion_file
from models.camera.measures import confusion_over, figures
from models.tables import markdown_table
from models.training_command import quieten_tensorflow, say
from services.base.command_line import run_command, tells_errors
from services.base.settings import load_settings
from services.camera.classes import GROUPS
from services.camera.reading import RoadStatus, TrafficReading
from services.camera.segmentation import Segmentation
from services.camera.traffic_reader import read_traffic

_STATUSES: Final[tuple[RoadStatus, ...]] = get_args(RoadStatus)
_CERTAIN_PCT: Final = 100


@dataclass(frozen=True)
class Agreement:
    """Readings of the same pictures with the true classes and with the model's.

    Attributes
    ----------
    statuses : Counter
        How often each pair of true and found status came.
    occupancy_error : float
        Mean absolute difference of the occupancies, where both are known.
    in_range : float
        In which share of those the true occupancy lies within the range given.
    """

    statuses: Counter[tuple[RoadStatus, RoadStatus]]
    occupancy_error: float
    in_range: float

    @property
    def same(self) -> float:
        """Share of the pictures that get the same status."""
        hits = sum(count for (true, found), count in self.statuses.items() if true == found)
        return hits / max(1, self.statuses.total())


def agreement(pairs: Sequence[tuple[TrafficReading, TrafficReading]]) -> Agreement:
    """Compare readings, the true one of each pair first."""
    known = [
        (true.occupancy, found)
        for true, found in pairs
        if true.occupancy is not None and found.occupancy is not None
    ]
    errors = [abs(true - (found.occupancy or 0.0)) for true, found in known]
    inside = [
        (found.occupancy_low or 0.0) <= true <= (found.occupancy_high or 1.0)
        for true, found in known
    ]
    return Agreement(
        Counter((true.status, found.status) for true, found in pairs),
        statistics.fmean(errors) if errors else 0.0,
        statistics.fmean(inside) if inside else 0.0,
    )


def true_reading(labels: NDArray[np.uint8]) -> TrafficReading:
    """What would be read if the model made no mistake."""
    certain = np.full(labels.shape, _CERTAIN_PCT, dtype=np.uint8)
    return read_traffic(Segmentation(labels, certain, GROUPS, "labels", 0.0))


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate and tell; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m models.camera.evaluate", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="holds test/ testannot/ …")
    parser.add_argument("--split", choices=get_args(Split), default="test", help="default: test")
    parser.add_argument("--model", type=Path, help="a FILE.keras; default: the champion")
    given = parser.parse_args(arguments)
    quieten_tensorflow()
    # TensorFlow takes seconds to import: --help need not wait for it.
    from models.camera.segmenter import load_segmenter  # noqa: PLC0415

    segmenter = load_segmenter(given.model or champion_file(load_settings().data_dir))
    _tell(segmenter, load_split(given.data, given.split))
    return 0


def _tell(segmenter: Any, evaluated: LabelledPictures) -> None:
    found = figures(confusion_over(evaluated, lambda picture: segmenter.segment(picture).mask))
    say(f"model {segmenter.version}, {len(evaluated)} pictures: mean IoU {found['mean_iou']:.4f}")
    overlaps = [[name, f"{found['iou'][name] or 0:.4f}"] for name in GROUP_NAMES[1:]]
    say(markdown_table(["group", "IoU"], overlaps))
    segmented = [segmenter.segment(picture) for picture in evaluated.pictures]
    took_ms = statistics.median(item.took_ms for item in segmented)
    say(f"\nmedian {took_ms:.0f} ms a picture")
    readings = [read_traffic(item) for item in segmented]
    truths = [true_reading(labels) for labels in evaluated.labels]
    compared = agreement(list(zip(truths, readings, strict=True)))
    say(
        f"status as with the true classes: {compared.same:.1%}; occupancy off by "
        f"{compared.occupancy_error:.3f} on average, within its range {compared.in_range:.1%}"
    )
    rows = [
        [true, *(str(compared.statuses[(true, found)]) for found in _STATUSES)]
        for true in _STATUSES
    ]
    say(markdown_table(["true status", *_STATUSES], rows))


if __name__ == "__main__":
    run_command(main)
