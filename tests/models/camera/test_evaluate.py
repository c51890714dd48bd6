"""How well the traffic is read with the model, against reading it with the true classes."""

from __future__ import annotations

import numpy as np
import pytest

from models.camera.evaluate import agreement, main, true_reading
from services.camera.reading import TrafficReading
from tests.cameras import NAMES, ROAD, VEHICLE
from tests.models.camera.streets import write_streets


def reading(status, occupancy, low=None, high=None):
    return TrafficReading(status, occupancy, low, high, None, 0, 0)


def test_readings_are_compared_pair_by_pair():
    unknown = reading("unknown", None)
    compared = agreement(
        [
            (reading("free", 0.10), reading("free", 0.12, 0.08, 0.14)),
            (reading("dense", 0.20), reading("free", 0.10, 0.05, 0.15)),
            (reading("blocked", 0.60), unknown),
            (unknown, unknown),
        ]
    )
    assert compared.same == 0.5
    assert compared.statuses[("dense", "free")] == 1
    assert compared.occupancy_error == pytest.approx(0.06)
    assert compared.in_range == 0.5


def test_the_true_reading_is_certain():
    labels = np.full((100, 100), NAMES.index("sky"), dtype=np.uint8)
    labels[50:] = ROAD
    labels[50:, :50] = VEHICLE
    found = true_reading(labels)
    assert (found.status, found.occupancy, found.confidence) == ("blocked", 0.5, 1.0)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_the_command_tells_how_good_the_champion_is(tmp_path, capsys):
    write_streets(tmp_path, {"test": 2})
    assert main(["--data", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "2 pictures: mean IoU 0." in told
    assert "status as with the true classes:" in told
    assert main(["--data", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
