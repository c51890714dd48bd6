"""Evaluates a saved version beside its baselines, on days that it has not seen."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import HistoryTooShort, ModelMismatch
from models.records import read_measures
from models.zones.comparison import calibration_table, compare, comparison_table, status_table
from models.zones.dataset import ZoneHistory, load_zone_history
from models.zones.features import every_cell, features_of
from models.zones.forecaster import KERAS_MODEL_NAME, Forecaster
from services.base.errors import StorageError
from services.base.files import read_if_present
from services.base.formats import plural
from services.city.city import City
from services.forecast.zone_forecasts import FORECASTS_FILE, decode_table
from services.history.by_day import IN_PROCESS, DayMap

# The table is written from the same model; processors may round the last digits differently.
_TABLE_TOLERANCE = 1e-4


def evaluate(
    city: City, directory: Path, data_dir: Path, map_days: DayMap = IN_PROCESS
) -> dict[str, Any]:
    """Load a version, check it whole, and measure it.

    Parameters
    ----------
    data_dir : Path
        Holds the history, of the source that the model learned from.

    Returns
    -------
    dict
        As :func:`models.zones.comparison.compare` gives it, for all days of the history
        but those that the model learned from.

    Raises
    ------
    ModelMismatch
        When a file is damaged, or the model does not fit this code or its own table.
    HistoryTooShort
        When the history lacks either the days learned from or any other.
    """
    # It takes seconds to import: --help need not wait for it.
    from models.zones.keras_forecaster import load_forecaster  # noqa: PLC0415

    measures = read_measures(directory)
    forecaster = load_forecaster(city, directory)
    check_table(city, directory, forecaster)
    observed = load_zone_history(city, data_dir, measures["trained_on"]["source"], map_days)
    seen, unseen = seen_and_unseen(observed, measures["split"])
    return compare(forecaster, seen, unseen)


def check_table(city: City, directory: Path, forecaster: Forecaster) -> None:
    """Refuse a version whose table of forecasts is not what its model says.

    Raises
    ------
    ModelMismatch
    ForecastUnavailable
        When the table itself cannot be read.
    """
    path = directory / FORECASTS_FILE
    try:
        table = decode_table(city, read_if_present(path) or b"")
    except StorageError as error:
        raise ModelMismatch(str(error)) from error
    shown = np.array([row.shares for day in table.forecasts.values() for row in day])
    said = forecaster.predict(every_cell(features_of(city)))
    if not np.allclose(shown, said, atol=_TABLE_TOLERANCE):
        raise ModelMismatch(f"{path} was not written by the model beside it")


def seen_and_unseen(
    observed: ZoneHistory, split: dict[str, list[str]]
) -> tuple[ZoneHistory, ZoneHistory]:
    """The days of a history that a model learned from, and the others.

    Raises
    ------
    HistoryTooShort
        When there are none of either.
    """
    learned = {date.fromisoformat(day) for part in ("train", "validation") for day in split[part]}
    days = observed.dates()
    seen = [day for day in days if day in learned]
    unseen = [day for day in days if day not in learned]
    if not seen:
        raise HistoryTooShort("the history holds none of the days that the model learned from")
    if not unseen:
        raise HistoryTooShort("the history holds no day that the model has not learned from")
    return observed.on(seen), observed.on(unseen)


def evaluation_text(version: str, comparison: dict[str, Any]) -> str:
    """What an evaluation found, for people."""
    days, observations = len(comparison["days"]), comparison["observations"]
    parts = [
        f"{version}: its inputs fit, its table is its own",
        f"{days} {plural('day', days)} it has not seen, {observations:,} statuses of zones",
        comparison_table(comparison),
        *(f"{name}\n{status_table(comparison, name)}" for name in comparison["forecasters"]),
        f"calibration of the {KERAS_MODEL_NAME}\n"
        + calibration_table(comparison, KERAS_MODEL_NAME),
    ]
    return "\n\n".join(parts) + "\n"
