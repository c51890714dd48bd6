"""Judges a model beside its baselines: a saved one on new days, or the nowcaster on any table.

python -m models.evaluate --model models/artifacts/VERSION --data-dir DIR
python -m models.evaluate --speeds FILE --protocol tgcn
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from models.errors import HistoryTooShort, ModelMismatch
from models.nowcast.benchmark import Protocol, benchmark_table, paired_table, run_benchmark
from models.nowcast.speed_table import MINUTES_PER_DAY, read_adjacency, read_speed_table
from models.records import read_measures
from models.training_command import quieten_tensorflow
from models.zones.comparison import calibration_table, compare, comparison_table, status_table
from models.zones.dataset import ZoneHistory, load_zone_history
from models.zones.features import every_cell
from models.zones.forecaster import KERAS_MODEL_NAME, Forecaster
from services.base.command_line import run_command
from services.base.errors import StorageError, TrafficError
from services.base.files import read_if_present, write_atomically
from services.base.formats import plural
from services.base.settings import load_settings
from services.forecast.zone_forecasts import FORECASTS_FILE, TABLE_SHAPE, decode_table

# The table is written from the same model; processors may round the last digits differently.
_TABLE_TOLERANCE = 1e-4


def evaluate(directory: Path, data_dir: Path) -> dict[str, Any]:
    """Load a version, check it whole, and measure it.

    Parameters
    ----------
    directory : Path
        ``<models>/<version>``.
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
    forecaster = load_forecaster(directory)
    check_table(directory, forecaster)
    observed = load_zone_history(data_dir, measures["trained_on"]["source"])
    seen, unseen = seen_and_unseen(observed, measures["split"])
    return compare(forecaster, seen, unseen)


def check_table(directory: Path, forecaster: Forecaster) -> None:
    """Refuse a version whose table of forecasts is not what its model says.

    Raises
    ------
    ModelMismatch
    ForecastUnavailable
        When the table itself cannot be read.
    """
    path = directory / FORECASTS_FILE
    try:
        table = decode_table(read_if_present(path) or b"")
    except StorageError as error:
        raise ModelMismatch(str(error)) from error
    shown = np.array([row.shares for day in table.forecasts.values() for row in day])
    said = forecaster.predict(every_cell())
    if not np.allclose(
        shown.reshape(TABLE_SHAPE), said.reshape(TABLE_SHAPE), atol=_TABLE_TOLERANCE
    ):
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.model is None) == (options.speeds is None):
        parser.error("give either --model, or --speeds with --protocol")
    if options.speeds is not None and options.protocol is None:
        parser.error("--speeds needs --protocol")
    quieten_tensorflow()
    try:
        printed = _saved_model(options) if options.speeds is None else _benchmark(options)
    except TrafficError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(printed)
    return 0


def _saved_model(options: argparse.Namespace) -> str:
    comparison = evaluate(options.model, options.data_dir or load_settings().data_dir)
    return _printed(options.model.name, comparison)


def _benchmark(options: argparse.Namespace) -> str:
    """Run the benchmark of the nowcaster; its record as JSON, then its tables."""
    table = read_speed_table(options.speeds)
    adjacency = None
    if options.adjacency is not None:
        adjacency = read_adjacency(options.adjacency, len(table.detectors))
    protocol = Protocol(
        first_day=options.first_day,
        step_minutes=options.step_minutes,
        slow_below=options.slow_below,
        seeds=tuple(options.seeds),
    )
    record = run_benchmark(table, adjacency, protocol, _progress).record
    written = orjson.dumps(record, option=orjson.OPT_INDENT_2).decode() + "\n"
    if options.out is not None:
        write_atomically(options.out, written.encode())
        written = f"written: {options.out}\n"
    return f"{written}\n{benchmark_table(record)}\n\n{paired_table(record)}\n"


def _progress(line: str) -> None:
    # Apart from the figures, so that these can be piped.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _printed(version: str, comparison: dict[str, Any]) -> str:
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluate",
        description="Measure a saved model beside both baselines, on days it has not seen; or "
        "train and measure the nowcaster by a published protocol, on any table of speeds.",
    )
    saved = parser.add_argument_group("a saved model")
    saved.add_argument("--model", type=Path, help="directory of the version")
    saved.add_argument(
        "--data-dir", type=Path, help="holds history/ and networks/; default: TRAFFIC_DATA_DIR"
    )
    table = parser.add_argument_group("the nowcaster on a table of speeds")
    table.add_argument(
        "--speeds", type=Path, help="CSV: a column a detector, their names above, a row a time"
    )
    table.add_argument("--protocol", choices=("tgcn",), help="how it is split and scored")
    table.add_argument(
        "--adjacency", type=Path, help="CSV without header: weights, detectors by detectors"
    )
    defaults = Protocol()
    table.add_argument(
        "--first-day",
        type=date.fromisoformat,
        default=defaults.first_day,
        help=f"of the first row, which is at midnight; default: {defaults.first_day} (Los-loop)",
    )
    table.add_argument(
        "--step-minutes",
        type=_step_minutes,
        default=defaults.step_minutes,
        help=f"from row to row; default: {defaults.step_minutes}",
    )
    table.add_argument(
        "--slow-below",
        type=float,
        default=defaults.slow_below,
        help=f"coverage is also given below this speed; default: {defaults.slow_below:g}",
    )
    table.add_argument(
        "--seeds", type=int, nargs="+", default=defaults.seeds, help="default: 1 2 3"
    )
    table.add_argument("--out", type=Path, help="write the JSON there instead of printing it")
    return parser


def _step_minutes(text: str) -> int:
    if not text.isdecimal() or int(text) < 1 or MINUTES_PER_DAY % int(text) != 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes that divides a day")
    return int(text)


if __name__ == "__main__":
    run_command(main)
