"""Versions of the zones model as files: whole, and quickly made, without TensorFlow."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from models.versions import MEASURES_FILE, MODEL_FILE, promote, write_version
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    TrainedOn,
    encode_table,
    make_table,
    table_shape,
)

SHIPPED = "2026-11-01-aaaaaa"
FIRST = "2026-11-08-bbbbbb"
SECOND = "2026-11-15-cccccc"


def write_zones_version(
    root: Path,
    version: str,
    *,
    source: str = "demo",
    shares: tuple[float, float, float] = (0.8, 0.15, 0.05),
    is_champion: bool = False,
    last_day: date | None = None,
) -> Path:
    """A version that says the same of every hour; learned up to the day in its name."""
    last_day = last_day or date.fromisoformat(version[:10])
    trained_on = TrainedOn(source, date(2026, 9, 7), last_day, 60, 1_000)
    probabilities = np.broadcast_to(np.array(shares), table_shape(RENNES)).copy()
    table = make_table(RENNES, version, "1", trained_on, probabilities)

    def write_files(directory: Path) -> None:
        with zipfile.ZipFile(directory / MODEL_FILE, "w") as archive:
            archive.writestr("model.weights.h5", bytes(1_000))
        (directory / FORECASTS_FILE).write_bytes(encode_table(table))
        (directory / MEASURES_FILE).write_bytes(orjson.dumps(record_of(version, trained_on)))

    directory = write_version(root, version, write_files)
    if is_champion:
        promote(root, version)
    return directory


def record_of(version: str, trained_on: TrainedOn) -> dict[str, Any]:
    """What ``measures.json`` holds, as far as decisions need it."""
    return {
        "model_version": version,
        "features": {"version": "1"},
        "trained_on": trained_on,
        "split": {"train": [], "validation": [], "test": []},
        "test": comparison(),
    }


def comparison(
    own: float = 0.030,
    average: float = 0.033,
    champion: float | None = None,
    days_better: int = 5,
) -> dict[str, Any]:
    """A comparison as ``models.zones.comparison.compare`` gives it, cut to what decisions need."""
    others = {"hour-of-week average": average, "commonest status": 0.09}
    if champion is not None:
        others["champion"] = champion
    return {
        "days": [f"2026-11-{day:02d}" for day in range(9, 16)],
        "observations": 700,
        "forecasters": {
            name: {"ranked_probability_score": value}
            for name, value in {"Keras model": own, **others}.items()
        },
        "against": {
            name: {"rps_skill": 1 - own / value, "days_better": days_better, "days": 7}
            for name, value in others.items()
        },
    }
