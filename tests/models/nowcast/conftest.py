from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.nowcast import train
from models.nowcast.options import Architecture, FitOptions
from models.nowcast.train import Trained
from services.city.rennes import RENNES
from tests.models.nowcast.cities import every, write_city
from tests.models.nowcast.tables import rhythmic


@dataclass(frozen=True)
class TrainedCity:
    """A small city's history, and a nowcaster that learned from it."""

    data_dir: Path
    trained: Trained
    lines: list[str]


@pytest.fixture(scope="session")
def trained_city(tmp_path_factory):
    """Trained once: it takes seconds."""
    data_dir = tmp_path_factory.mktemp("city")
    write_city(data_dir, every(5))
    # Here and not above: collecting the tests need not wait for TensorFlow.
    city = importlib.import_module("models.nowcast.city_nowcaster")
    sizes = Architecture(
        members=1, hearing_members=1, units=16, layers=2, message_heads=2, telling_neighbours=2
    )
    fit = FitOptions(epochs=2, times_per_step=4, learning_rate=5e-3, sizes=sizes)
    lines: list[str] = []
    trained = train.train(
        RENNES,
        data_dir,
        "demo",
        data_dir / "models",
        options=city.CityOptions(times=240, fit=fit),
        report=lines.append,
    )
    return TrainedCity(data_dir, trained, lines)


@pytest.fixture(scope="module")
def speed():
    return rhythmic()
