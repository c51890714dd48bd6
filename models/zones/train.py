"""Trains the Keras model on a history and writes a new version beside its measures.

python -m models.train --data-dir DIR --source live
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.day_split import DaySplit, split_days
from models.training import Decide, decide_by, run_training
from models.training_command import (
    DEFAULT_SEED,
    Report,
    Trained,
    at_least,
    made_with,
    training_parser,
)
from models.versions import MODEL_FILE, as_recorded, promote, write_recorded_version
from models.zones.card import model_card
from models.zones.comparison import compare, comparison_table, objection
from models.zones.dataset import ZoneHistory, load_zone_history
from models.zones.features import every_cell, features_of
from models.zones.forecaster import Forecaster
from models.zones.kind import ZONES
from services.base.command_line import run_command, tells_errors
from services.city.chosen import CITY
from services.city.city import City
from services.forecast.zone_forecasts import (
    FORECASTS_FILE,
    TrainedOn,
    encode_table,
    make_table,
    table_shape,
)
from services.history.by_day import IN_PROCESS, DayMap
from services.traffic.snapshot import Source

if TYPE_CHECKING:
    from models.zones.keras_forecaster import KerasForecaster

DEFAULT_EPOCHS: Final = 100


def train(
    city: City,
    data_dir: Path,
    source: Source,
    root: Path,
    *,
    epochs: int = DEFAULT_EPOCHS,
    seed: int = DEFAULT_SEED,
    report: Report,
    map_days: DayMap = IN_PROCESS,
) -> Trained:
    """See :class:`models.training.Train`.

    Parameters
    ----------
    epochs : int
        At most.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday.
    """
    report(f"reading the history of source {source!r} in {data_dir}")
    observed = load_zone_history(city, data_dir, source, map_days)
    split = split_days(observed.dates(), seed)
    trained = train_on(
        observed,
        split,
        root,
        trained_on=observed.description(),
        epochs=epochs,
        seed=seed,
        report=report,
        decide=decide_by(objection),
    )
    if trained.is_champion:
        promote(root, trained.directory.name)
    return trained


def train_on(
    observed: ZoneHistory,
    split: DaySplit,
    root: Path,
    *,
    trained_on: TrainedOn,
    epochs: int,
    seed: int,
    report: Report,
    decide: Decide,
    rivals: Sequence[Forecaster] = (),
) -> Trained:
    """Train on some days, measure on others, and write the version with what was decided.

    Parameters
    ----------
    root : Path
        Directory of the models, where the version is written; its champion stays.
    trained_on : TrainedOn
        How the version describes what it learned from.
    epochs, seed, report
        As for :func:`train`.
    decide : callable
        Says what becomes of the version, from its comparison with the others.
    rivals : sequence of Forecaster
        To be measured beside the baselines.

    Raises
    ------
    StorageError
        When the version cannot be written.
    """
    report(
        f"{observed.description().snapshots:,} snapshots; days to learn from {len(split.train)}, "
        f"to stop by {len(split.validation)}, to evaluate by {len(split.test)}"
    )
    report("starting TensorFlow")
    # It takes seconds to import: --help and an empty history need not wait for it.
    from models.zones.fit import FitOptions, fit  # noqa: PLC0415

    started = time.monotonic()
    options = FitOptions(epochs=epochs, seed=seed)
    fitted = fit(
        features_of(observed.city),
        observed.on(split.train).counts(),
        observed.on(split.validation).counts(),
        options,
        report,
    )
    report(f"trained in {time.monotonic() - started:.0f} s")
    seen = observed.on([*split.train, *split.validation])
    comparison = compare(fitted.forecaster, seen, observed.on(split.test), rivals)
    ruling = decide(comparison)
    features = fitted.forecaster.features
    measures = as_recorded(
        {
            "model_version": f"{trained_on.last_day}-{fitted.forecaster.weights_hash()}",
            "features": {"version": features.version, **features.as_dict()},
            "city": observed.city.name,
            "trained_on": asdict(trained_on),
            "split": asdict(split),
            "training": {
                **asdict(options),
                "epochs": fitted.epochs,
                "weights": fitted.forecaster.weight_count(),
                **made_with(),
            },
            "test": comparison,
            "decision": asdict(ruling),
        }
    )
    directory = _write(observed.city, root, trained_on, fitted.forecaster, measures)
    return Trained(directory, measures, ruling.action == "promoted")


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = training_parser(
        "models.train",
        "Train the forecast on a history and write it as a new version, which becomes "
        "the champion unless the hour-of-week average is better.",
    )
    parser.add_argument(
        "--epochs", type=at_least(1), default=DEFAULT_EPOCHS, help="at most; default: 100"
    )
    options = parser.parse_args(arguments)
    return run_training(
        CITY,
        ZONES,
        partial(train, epochs=options.epochs),
        options,
        table=comparison_table,
        who_is_better="the hour-of-week average has the better RPS",
    )


def _write(
    city: City,
    root: Path,
    trained_on: TrainedOn,
    forecaster: KerasForecaster,
    measures: dict[str, Any],
) -> Path:
    features, version = forecaster.features, measures["model_version"]
    probabilities = forecaster.predict(every_cell(features)).reshape(table_shape(city))
    table = make_table(city, version, features.version, trained_on, probabilities)

    def write_files(directory: Path) -> None:
        forecaster.save(directory / MODEL_FILE)
        (directory / FORECASTS_FILE).write_bytes(encode_table(table))

    return write_recorded_version(root, measures, model_card, write_files)


if __name__ == "__main__":
    run_command(main)
