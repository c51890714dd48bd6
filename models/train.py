"""Trains the Keras model on a history and writes a new version beside its measures.

python -m models.train --data-dir DIR --source live
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from models.comparison import compare, comparison_table, is_no_worse_than_average
from models.dataset import DaySplit, ZoneHistory, load_zone_history, split_days
from models.features import FEATURES, every_cell
from models.model_card import model_card
from models.registry import CARD_FILE, MEASURES_FILE, MODEL_FILE, promote, write_version
from services.errors import TrafficError
from services.forecasts import FORECASTS_FILE, TABLE_SHAPE, TrainedOn, encode_table, make_table
from services.settings import load_settings
from services.snapshot import Source

if TYPE_CHECKING:
    from models.fitting import Fitted
    from models.keras_forecaster import KerasForecaster

DEFAULT_EPOCHS: Final = 100
DEFAULT_SEED: Final = 35

Report = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """A version that was written.

    Attributes
    ----------
    directory : Path
    measures : dict
        What its ``measures.json`` holds.
    is_champion : bool
        False when the hour-of-week average did better: the version is kept, not used.
    """

    directory: Path
    measures: dict[str, Any]
    is_champion: bool


def train(
    data_dir: Path,
    source: Source,
    root: Path,
    *,
    epochs: int = DEFAULT_EPOCHS,
    seed: int = DEFAULT_SEED,
    report: Report,
) -> Trained:
    """Train on a history, measure on days held out, and write the version.

    Parameters
    ----------
    data_dir : Path
        Holds the history and its networks.
    source : {"live", "archive", "demo"}
        Which history; simulated and observed traffic are never mixed.
    root : Path
        Directory of the models, where the version is written.
    epochs : int
        At most.
    seed : int
        Of the split and of the weights.
    report : callable
        Gets lines of progress.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday.
    StorageError
        When the history cannot be read or the version not be written.
    """
    report(f"reading the history of source {source!r} in {data_dir}")
    observed = load_zone_history(data_dir, source)
    split = split_days(observed.dates(), seed)
    report(
        f"{observed.description().snapshots:,} snapshots; days to learn from {len(split.train)}, "
        f"to stop by {len(split.validation)}, to judge by {len(split.test)}"
    )
    report("starting TensorFlow")
    # It takes seconds to import: --help and an empty history need not wait for it.
    from models.fitting import FitOptions, fit  # noqa: PLC0415

    started = time.monotonic()
    options = FitOptions(epochs=epochs, seed=seed)
    fitted = fit(
        observed.on(split.train).counts(), observed.on(split.validation).counts(), options, report
    )
    report(f"trained in {time.monotonic() - started:.0f} s")
    seen = observed.on([*split.train, *split.validation])
    comparison = compare(fitted.forecaster, seen, observed.on(split.test))
    measures = _measures(observed, split, asdict(options), fitted, comparison)
    directory = _write(root, observed.description(), fitted.forecaster, measures)
    is_champion = is_no_worse_than_average(comparison)
    if is_champion:
        promote(root, directory.name)
    return Trained(directory, measures, is_champion)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    # TensorFlow's own start-up lines would bury ours; errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        data_dir = options.data_dir or load_settings().data_dir
        trained = train(
            data_dir,
            options.source,
            options.out or data_dir / "models",
            epochs=options.epochs,
            seed=options.seed,
            report=say,
        )
    except TrafficError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say(comparison_table(trained.measures["test"]))
    say(f"written: {trained.directory}")
    if trained.is_champion:
        say("it is now the champion")
    else:
        say(
            "it is NOT the champion: the hour-of-week average has the better RPS. To use it all "
            f"the same, write {trained.directory.name} into {trained.directory.parent}/champion"
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.train",
        description="Train the forecast on a history and write it as a new version, which becomes "
        "the champion unless the hour-of-week average is better.",
    )
    parser.add_argument(
        "--data-dir", type=Path, help="holds history/ and networks/; default: TRAFFIC_DATA_DIR"
    )
    parser.add_argument(
        "--source", choices=("live", "demo"), default="live", help="which history; default: live"
    )
    parser.add_argument("--out", type=Path, help="directory of models; default: DATA_DIR/models")
    parser.add_argument(
        "--epochs", type=at_least(1), default=DEFAULT_EPOCHS, help="at most; default: 100"
    )
    parser.add_argument("--seed", type=at_least(0), default=DEFAULT_SEED, help="default: 35")
    return parser


def at_least(least: int) -> Callable[[str], int]:
    """What an option of a command is parsed by: a whole number from a least one on."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return parse


def _measures(
    observed: ZoneHistory,
    split: DaySplit,
    options: dict[str, Any],
    fitted: Fitted,
    comparison: dict[str, Any],
) -> dict[str, Any]:
    last_day = observed.description().last_day
    content = {
        "model_version": f"{last_day}-{fitted.forecaster.weights_hash()}",
        "features": {"version": FEATURES.version, **FEATURES.as_dict()},
        "trained_on": asdict(observed.description()),
        "split": asdict(split),
        "training": {
            **options,
            "epochs": fitted.epochs,
            "weights": fitted.forecaster.weight_count(),
            "python": platform.python_version(),
            **fitted.versions,
        },
        "test": comparison,
    }
    # Through JSON, so that the card is made from what the file says.
    plain: dict[str, Any] = orjson.loads(orjson.dumps(content))
    return plain


def _write(
    root: Path, trained_on: TrainedOn, forecaster: KerasForecaster, measures: dict[str, Any]
) -> Path:
    version = measures["model_version"]
    probabilities = forecaster.predict(every_cell()).reshape(TABLE_SHAPE)
    table = make_table(version, FEATURES.version, trained_on, probabilities)

    def write_files(directory: Path) -> None:
        forecaster.save(directory / MODEL_FILE)
        (directory / FORECASTS_FILE).write_bytes(encode_table(table))
        record = orjson.dumps(measures, option=orjson.OPT_INDENT_2)
        (directory / MEASURES_FILE).write_bytes(record + b"\n")
        (directory / CARD_FILE).write_text(model_card(measures), encoding="utf-8")

    return write_version(root, version, write_files)


def say(text: str) -> None:
    """Tell who runs the command, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
