"""Learns the bands of a stored nowcaster anew on the days kept for that; its network stays.

python -m models.nowcast.recalibrate VERSION --data-dir DIR --models MODELS
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from models.day_split import DaySplit
from models.errors import ModelMismatch
from models.nowcast.city_table import CityTable, load_city_table
from models.nowcast.evaluation import lead_table
from models.nowcast.train import NOWCAST_DIRECTORY, calibrate_and_measure, write_nowcaster
from models.records import read_measures
from models.training_command import Report, Trained, quieten_tensorflow, say
from services.base.command_line import run_command, tells_errors
from services.base.settings import load_settings
from services.city.chosen import CITY
from services.city.city import City

_CHAMPION_STAYS: Final = "the version was written anew; which one is the champion did not change"
_KEPT: Final = ("trained_on", "training", "decision")


def recalibrate(city: City, data_dir: Path, directory: Path, report: Report) -> Trained:
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
    learned, training = record["trained_on"], record["training"]
    table = load_city_table(
        city,
        data_dir,
        learned["source"],
        training["weeks"],
        report,
        until=date.fromisoformat(max(max(days, default="") for days in record["split"].values())),
    )
    parts = _parts_of(record["split"], table)
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
    data_dir = options.data_dir or load_settings().data_dir
    models = options.models or data_dir / "models"
    written = recalibrate(CITY, data_dir, models / NOWCAST_DIRECTORY / options.version, say)
    say(lead_table(written.measures["test"]))
    say(f"written: {written.directory}")
    say(_CHAMPION_STAYS)
    return 0


def _parts_of(split: dict[str, list[str]], table: CityTable) -> DaySplit:
    parts = {name: list(map(date.fromisoformat, days)) for name, days in split.items()}
    missing = sorted({day for days in parts.values() for day in days} - set(table.dates()))
    if missing:
        raise ModelMismatch(f"the history has no {missing[0]}, which the version learned from")
    return DaySplit(**parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.nowcast.recalibrate",
        description="Learn the bands of a stored nowcaster anew from the history that it was "
        "trained on, and measure it again; its network stays as it is.",
    )
    parser.add_argument("version", help="such as 2026-11-22-8637d9")
    parser.add_argument(
        "--data-dir", type=Path, help="holds history/ and networks/; default: TRAFFIC_DATA_DIR"
    )
    parser.add_argument("--models", type=Path, help="directory of models; default: DATA_DIR/models")
    return parser


if __name__ == "__main__":
    run_command(main)
