"""Learns the bands of a stored nowcaster anew on the days kept for that; its network stays.

python -m models.nowcast.recalibrate VERSION --data-dir DIR --models MODELS
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from models.day_split import DaySplit
from models.errors import ModelMismatch
from models.nowcast.city_table import load_city_table
from models.nowcast.evaluation import lead_table
from models.nowcast.kind import NOWCAST
from models.nowcast.train import calibrate_and_measure, write_nowcaster
from models.records import read_measures
from models.training_command import Report, Trained, quieten_tensorflow, say, settings_of
from services.base.command_line import run_command, tells_errors
from services.city.chosen import CITY
from services.city.city import City
from services.history.by_day import IN_PROCESS, DayMap

_CHAMPION_STAYS: Final = "the version was written anew; which one is the champion did not change"
_KEPT: Final = ("trained_on", "training", "decision")


def recalibrate(
    city: City, data_dir: Path, directory: Path, report: Report, map_days: DayMap = IN_PROCESS
) -> Trained:
    """Learn the bands of a version anew and write it again, measured on its own test days.

    Parameters
    ----------
    data_dir : Path
        Holds the history that the version was trained on.

    Raises
    ------
    ModelMismatch
        When the version cannot be loaded, or the history is not the one it learned from.
    StorageError
        When the history cannot be read or the version not be written.
    """
    record = read_measures(directory, extra=("training",))
    weeks, parts = _trained_by(directory, record)
    days = {*parts.train, *parts.validation, *parts.test}
    table = load_city_table(
        city,
        data_dir,
        record["trained_on"]["source"],
        weeks,
        report,
        until=max(days),
        map_days=map_days,
    )
    missing = sorted(days - set(table.dates()))
    if missing:
        raise ModelMismatch(f"the history has no {missing[0]}, which the version learned from")
    # It takes seconds to import: --help and a wrong version need not wait for it.
    from models.nowcast.stored_nowcaster import load_nowcaster  # noqa: PLC0415

    stored = load_nowcaster(directory)
    if stored.city.segment_ids != table.network.segment_ids:
        raise ModelMismatch(f"{directory} was trained on another network than this history's")
    zones, measures = calibrate_and_measure(table, parts, stored.city, report=report)
    kept: dict[str, Any] = {name: record[name] for name in _KEPT if name in record}
    return write_nowcaster(
        directory.parent,
        (stored.city, zones, stored.network_version, stored.trained_on),
        {**measures, **kept},
        is_champion=False,
    )


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    quieten_tensorflow()
    settings = settings_of(CITY, options)
    models = options.models or settings.data_dir / "models"
    directory, map_days = models / NOWCAST.folder / options.version, DayMap(settings.dask_scheduler)
    written = recalibrate(CITY, settings.data_dir, directory, say, map_days)
    say(lead_table(written.measures["test"]))
    say(f"written: {written.directory}")
    say(_CHAMPION_STAYS)
    return 0


def _trained_by(directory: Path, record: dict[str, Any]) -> tuple[int, DaySplit]:
    """Of how many weeks a version was trained, and which days were for what."""
    weeks = record["training"].get("weeks")
    try:
        parts = msgspec.convert(record["split"], DaySplit)
    except msgspec.ValidationError as error:
        raise ModelMismatch(f"{directory} does not tell how it was trained: {error}") from error
    if not isinstance(weeks, int) or not all((parts.train, parts.validation, parts.test)):
        raise ModelMismatch(f"{directory} does not tell how it was trained")
    return weeks, parts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.nowcast.recalibrate",
        description="Learn the bands of a stored nowcaster anew from the history that it was "
        "trained on, and measure it again; its network stays as it is.",
    )
    parser.add_argument("version", help="such as 2026-11-22-9b9575")
    parser.add_argument(
        "--data-dir", type=Path, help="holds history/ and networks/; default: TRAFFIC_DATA_DIR"
    )
    parser.add_argument("--models", type=Path, help="directory of models; default: DATA_DIR/models")
    return parser


if __name__ == "__main__":
    run_command(main)
