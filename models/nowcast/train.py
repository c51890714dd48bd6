"""Trains the nowcaster of a city on a history and writes a new version beside its measures.

python -m models.nowcast.train --data-dir DIR --source live
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from models.catalogue import CHAMPION_NAME
from models.day_split import DaySplit
from models.nowcast.calibration import BandCalibration, CalibrationOptions, learn_calibration
from models.nowcast.card import nowcast_card
from models.nowcast.city_table import CityTable, load_city_table
from models.nowcast.day_parts import split_by_day_type
from models.nowcast.evaluation import (
    AVERAGE,
    NOWCASTER,
    PERSISTENCE,
    HourOfWeek,
    compared_by_day,
    from_quantiles,
    lead_table,
    measures_by_lead,
    objection,
    on_common_cases,
    persistence,
)
from models.nowcast.features import speeds_ahead
from models.nowcast.kind import NOWCAST
from models.nowcast.leads import LEAD_STEPS, quantiles_at_leads
from models.nowcast.speed_table import RowTimes
from models.nowcast.zone_bands import ZoneCalibration, learn_zone_calibration
from models.training import Decide, decide_by, run_training
from models.training_command import (
    DEFAULT_SEED,
    Report,
    Trained,
    at_least,
    made_with,
    training_parser,
)
from models.versions import NOWCASTER_FILE, as_recorded, promote, write_recorded_version
from services.base.command_line import run_command, tells_errors
from services.city.chosen import CITY
from services.city.city import City
from services.forecast.zone_forecasts import TrainedOn
from services.history.by_day import IN_PROCESS, DayMap
from services.traffic.snapshot import Source

if TYPE_CHECKING:
    from models.nowcast.city_nowcaster import CityNowcaster, CityOptions

Array = NDArray[np.float32]

DEFAULT_WEEKS: Final = 4
# At every full quarter of an hour: in between, the same traffic would be evaluated again. Of the
# clock and not of a part of the days: a feed of every 3 minutes has one observation in some steps
# of 5 and two in others, and bands calibrated where one is would be too wide where two are.
_EVALUATED_EVERY_SECONDS: Final = 900
# A day of evaluated rows: of 2,859 segments some 100 MB while they are forecast.
_ROWS_AT_ONCE: Final = 96
# Closest around the thresholds of the statuses, which the probabilities hang on.
_CLASS_EDGES: Final = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_TAIL: Final = 0.10


def train(
    city: City,
    data_dir: Path,
    source: Source,
    root: Path,
    *,
    weeks: int = DEFAULT_WEEKS,
    seed: int = DEFAULT_SEED,
    options: CityOptions | None = None,
    report: Report,
    map_days: DayMap = IN_PROCESS,
) -> Trained:
    """See :class:`models.training.Train`; the newest weeks of the history.

    Parameters
    ----------
    weeks : int
        At most.

    Raises
    ------
    HistoryTooShort
        With fewer than three working days or three days off.
    """
    report(f"reading the history of source {source!r} in {data_dir}")
    table = load_city_table(city, data_dir, source, weeks, report, map_days=map_days)
    parts = split_by_day_type(table, seed)
    trained = train_on(
        table,
        parts,
        root / NOWCAST.folder,
        trained_on=describe(table, table.dates()),
        weeks=weeks,
        seed=seed,
        options=options,
        report=report,
        decide=decide_by(objection),
    )
    if trained.is_champion:
        promote(root / NOWCAST.folder, trained.directory.name)
    return trained


def train_on(
    table: CityTable,
    parts: DaySplit,
    root: Path,
    *,
    trained_on: TrainedOn,
    weeks: int,
    seed: int,
    options: CityOptions | None = None,
    report: Report,
    decide: Decide,
    rival: Callable[[NDArray[np.int64]], Array] | None = None,
) -> Trained:
    """Train on some days, calibrate and measure on others, write the version with the decision.

    Parameters
    ----------
    root : Path
        Directory of the nowcasters, where the version is written; its champion stays.
    trained_on : TrainedOn
        How the version describes what it learned from.
    weeks, seed, options, report
        As for :func:`train`.
    decide : callable
        Says what becomes of the version, from its comparison with the others.
    rival : callable, optional
        Quantiles by the champion for some rows, shape (3, rows, leads, segments); NaN for
        segments it does not know, on which nobody is evaluated then.

    Raises
    ------
    StorageError
        When the version cannot be written.
    """
    report(
        f"days to learn from {len(parts.train)}, to calibrate by {len(parts.validation)}, "
        f"to evaluate by {len(parts.test)}; starting TensorFlow"
    )
    # It takes seconds to import: --help and a short history need not wait for it.
    from models.nowcast.city_nowcaster import CityOptions, learn_city  # noqa: PLC0415

    started = time.monotonic()
    chosen = options or CityOptions()
    is_training = table.is_on(parts.train)
    city = learn_city(table, is_training, seed=seed, options=chosen, report=report)
    zones, measures = calibrate_and_measure(table, parts, city, report=report, rival=rival)
    seconds = time.monotonic() - started
    ruling = decide(measures["test"])
    measures["decision"] = asdict(ruling)
    measures["trained_on"] = asdict(trained_on)
    measures["training"] = {
        "seed": seed,
        "weeks": weeks,
        "seconds": round(seconds),
        **asdict(chosen),
        "weights": city.trained.weights,
        **made_with(),
    }
    stored_parts = (city, zones, table.network.version, trained_on)
    return write_nowcaster(root, stored_parts, measures, is_champion=ruling.action == "promoted")


def calibrate_and_measure(
    table: CityTable,
    parts: DaySplit,
    city: CityNowcaster,
    *,
    report: Report,
    rival: Callable[[NDArray[np.int64]], Array] | None = None,
) -> tuple[ZoneCalibration, dict[str, Any]]:
    """Learn the bands on the validation days, for good, and measure all of it on the test days.

    Parameters
    ----------
    table, parts, report, rival
        As for :func:`train_on`.
    city : CityNowcaster
        Uses the bands from then on.
    """
    from models.nowcast.city_nowcaster import whole_windows  # noqa: PLC0415

    report("calibrating")
    in_part = {name: table.is_on(days) for name, days in asdict(parts).items()}
    rows = _evaluated_rows(table, whole_windows(in_part["validation"]))
    city.trained.calibration = _band_calibration(city, table, rows)
    zones = _zone_calibration(city, table, rows)
    report("evaluating")
    test_rows = _evaluated_rows(table, whole_windows(in_part["test"]))
    is_seen = in_part["train"] | in_part["validation"]
    measures = _measures(table, parts, city, zones, rows=test_rows, is_seen=is_seen, rival=rival)
    return zones, measures


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = training_parser(
        "models.nowcast.train",
        "Train the forecast of the next hour on a history and write it as a new "
        "version, which becomes the champion unless persistence or the hour-of-week average is "
        "better.",
    )
    parser.add_argument(
        "--weeks",
        type=at_least(1),
        default=DEFAULT_WEEKS,
        help="the newest weeks, at most; default: 4",
    )
    options = parser.parse_args(arguments)
    return run_training(
        CITY,
        NOWCAST,
        partial(train, weeks=options.weeks),
        options,
        table=lead_table,
        who_is_better="a baseline has the better RPS or MAE",
    )


def _evaluated_rows(table: CityTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    chosen: NDArray[np.int64] = rows[table.end_s[rows] % _EVALUATED_EVERY_SECONDS == 0]
    return chosen


def _band_calibration(
    city: CityNowcaster, table: CityTable, rows: NDArray[np.int64]
) -> BandCalibration:
    forecast = city.forecast(table.ratio, table.times, rows, calibrated=False)
    tails = (_TAIL,) * (len(_CLASS_EDGES) + 1)
    options = CalibrationOptions(_CLASS_EDGES, tails, by_step=True)
    return learn_calibration(forecast, speeds_ahead(table.ratio, rows), options)


def _zone_calibration(
    city: CityNowcaster, table: CityTable, rows: NDArray[np.int64]
) -> ZoneCalibration:
    segments = quantiles_at_leads(city.forecast(table.ratio, table.times, rows))
    return learn_zone_calibration(table.network, segments, _zones_ahead(table, rows))


def _zones_ahead(table: CityTable, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """What was observed of the zones at the lead times, shape (rows, leads, zones)."""
    found: NDArray[np.float64] = table.zone_ratio[rows[:, np.newaxis] + np.array(LEAD_STEPS)]
    return found


def _measures(
    table: CityTable,
    parts: DaySplit,
    city: CityNowcaster,
    zones: ZoneCalibration,
    *,
    rows: NDArray[np.int64],
    is_seen: NDArray[np.bool_],
    rival: Callable[[NDArray[np.int64]], Array] | None,
) -> dict[str, Any]:
    thresholds = table.network.city.thresholds
    quantiles = quantiles_in_parts(city, table.ratio, table.times, rows)
    average = HourOfWeek(table, is_seen, thresholds)
    evaluated = {
        NOWCASTER: from_quantiles(quantiles, thresholds),
        PERSISTENCE: persistence(table, average, rows, thresholds),
        AVERAGE: average.at(rows),
    }
    if rival is not None:
        evaluated[CHAMPION_NAME] = from_quantiles(rival(rows), thresholds)
        evaluated = on_common_cases(evaluated)
    test = measures_by_lead(evaluated, table, rows, thresholds)
    test["against"] = compared_by_day(evaluated, table, rows, thresholds)
    test["days"] = [day.isoformat() for day in parts.test]
    test["zones"] = _zone_measures(table, zones, quantiles, rows)
    return {
        "city": table.network.city.name,
        "network_version": table.network.version,
        "segments": {"all": len(table.network), "known": int(city.is_known.sum())},
        "unknown_share": float(np.isnan(table.ratio).mean()),
        "split": asdict(parts),
        "thresholds": asdict(thresholds),
        "test": test,
    }


def _zone_measures(
    table: CityTable,
    zones: ZoneCalibration,
    quantiles: NDArray[np.float32],
    rows: NDArray[np.int64],
) -> dict[str, Any]:
    """MAE of each zone's ratio and coverage of its band, by lead time, beside persistence."""
    low, middle, high = zones.quantiles(table.network, quantiles)
    observed = _zones_ahead(table, rows)
    last = table.zone_ratio[rows][:, None]
    inside = np.where(np.isnan(observed), np.nan, (low <= observed) & (observed <= high))
    by_zone = {
        "mae": np.nanmean(np.abs(middle - observed), axis=0),
        "mae_persistence": np.nanmean(np.abs(last - observed), axis=0),
        "coverage": np.nanmean(inside, axis=0),
    }
    return {
        zone: {name: values[:, place].tolist() for name, values in by_zone.items()}
        for place, zone in enumerate(table.network.city.zone_choices)
    }


def quantiles_in_parts(
    city: CityNowcaster, ratio: Array, times: RowTimes, rows: NDArray[np.int64]
) -> Array:
    """P10, P50 and P90 at the lead times, shape (3, rows, leads, segments).

    Some rows after the other: all steps of a week at once would take gigabytes.
    """
    parts = np.array_split(rows, max(1, len(rows) // _ROWS_AT_ONCE))
    found = [quantiles_at_leads(city.forecast(ratio, times, part)) for part in parts]
    return np.concatenate(found, axis=1)


def describe(table: CityTable, days: Sequence[date]) -> TrainedOn:
    """Some days of a table as what a version learned from."""
    chosen = set(days)
    counts = zip(table.dates(), table.day_snapshots, strict=True)
    snapshots = sum(count for day, count in counts if day in chosen)
    return TrainedOn(table.source, days[0], days[-1], len(days), snapshots)


def write_nowcaster(
    root: Path,
    stored_parts: tuple[CityNowcaster, ZoneCalibration, str, TrainedOn],
    measures: dict[str, Any],
    *,
    is_champion: bool,
) -> Trained:
    """Write a version; its champion stays.

    Parameters
    ----------
    stored_parts : tuple
        What a ``StoredNowcaster`` is made of.
    measures : dict
        Its record, less name and size.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    from models.nowcast.stored_nowcaster import StoredNowcaster, encode_nowcaster  # noqa: PLC0415

    stored = StoredNowcaster(*stored_parts)
    document = encode_nowcaster(stored)
    content = as_recorded({"model_version": stored.version, "bytes": len(document), **measures})

    def write_files(directory: Path) -> None:
        (directory / NOWCASTER_FILE).write_bytes(document)

    written = write_recorded_version(root, content, nowcast_card, write_files)
    return Trained(written, content, is_champion)


if __name__ == "__main__":
    run_command(main)
