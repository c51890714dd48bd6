"""Evaluates a model beside its baselines: a saved one on new days, or the nowcaster on any table.

python -m models.evaluate --model models/artifacts/VERSION --data-dir DIR
python -m models.evaluate --speeds FILE --protocol tgcn
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import orjson

from models.nowcast.benchmark import Protocol, benchmark_table, paired_table, run_benchmark
from models.nowcast.speed_table import MINUTES_PER_DAY, read_adjacency, read_speed_table
from models.training_command import quieten_tensorflow, settings_of
from models.zones.evaluate import evaluate, evaluation_text
from services.base.command_line import run_command, tells_errors
from services.base.files import write_atomically
from services.city.chosen import CITY
from services.history.by_day import DayMap


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.model is None) == (options.speeds is None):
        parser.error("give either --model, or --speeds with --protocol")
    if options.speeds is not None and options.protocol is None:
        parser.error("--speeds needs --protocol")
    quieten_tensorflow()
    printed = _saved_model(options) if options.speeds is None else _benchmark(options)
    sys.stdout.write(printed)
    return 0


def _saved_model(options: argparse.Namespace) -> str:
    settings = settings_of(CITY, options)
    map_days = DayMap(settings.dask_scheduler)
    comparison = evaluate(CITY, options.model, settings.data_dir, map_days)
    return evaluation_text(options.model.name, comparison)


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
