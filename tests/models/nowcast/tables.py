"""Small tables of speeds with a known daily rhythm."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from models.nowcast.speed_table import RowTimes, row_times

FIRST_DAY = date(2026, 11, 2)
STEP_MINUTES = 30
SLOTS_PER_DAY = 48


def rhythmic(days: int = 8, detectors: int = 4, seed: int = 3) -> np.ndarray:
    """60 by night and 30 at the evening peak, with noise that lasts and is shared."""
    generator = np.random.default_rng(seed)
    rows = days * SLOTS_PER_DAY
    hour = np.arange(rows) % SLOTS_PER_DAY / 2
    usual = 60 - 30 * np.exp(-0.5 * ((hour - 18) / 2) ** 2)
    noise = np.zeros((rows, detectors))
    for row in range(1, rows):
        shared = generator.normal(0, 1)
        noise[row] = 0.8 * noise[row - 1] + shared + generator.normal(0, 0.5, detectors)
    return (usual[:, None] + noise).astype(np.float32)


def times_of(rows: int) -> RowTimes:
    return row_times(rows, FIRST_DAY, STEP_MINUTES)


def write_table(path: Path, speed: np.ndarray) -> Path:
    names = ",".join(f"d{number}" for number in range(speed.shape[1]))
    lines = [",".join("" if np.isnan(cell) else f"{cell:.2f}" for cell in row) for row in speed]
    path.write_text("\n".join([names, *lines]) + "\n", encoding="utf-8")
    return path
