"""T-GCN's protocol on any table of speeds: the nowcaster beside its baselines and the paper.

The first 80 % of the rows train, the last 20 % test; 12 steps in, 12 out; errors over
all steps up to 15, 30, 45 and 60 minutes and all detectors (Zhao et al. 2019,
"T-GCN: A Temporal Graph Convolutional Network for Traffic Prediction"). The last fifth
of the training rows validates: it sets the calibration of the band, and was the only
part looked at when the model was chosen.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.nowcast.boosted_trees import BoostedTrees, TreeOptions, lightgbm_is_installed
from models.nowcast.calibration import learn_calibration, slow_apart
from models.nowcast.features import HORIZONS, LAGS, last_known, speeds_ahead
from models.nowcast.forecast import SpeedForecast
from models.nowcast.options import NowcastOptions
from models.nowcast.profile import DailyProfile, ProfileOptions
from models.nowcast.scores import (
    SHOWN_STEPS,
    all_scores,
    errors_by_time,
    mean_of_runs,
    paired_bootstrap,
)
from models.nowcast.speed_table import (
    MINUTES_PER_DAY,
    RowTimes,
    SpeedTable,
    SpeedTableRefused,
    fingerprint,
    row_times,
)
from models.tables import markdown_table
from models.training_command import Report

if TYPE_CHECKING:
    from models.nowcast.nowcaster import Nowcaster

Array = NDArray[np.float32]

TRAIN_SHARE: Final = 0.8
NOWCASTER: Final = "nowcaster"
PERSISTENCE: Final = "persistence"
DAILY_AVERAGE: Final = "daily average"
LIGHTGBM: Final = "LightGBM"
# Zhao et al. 2019, on Los-loop, as this project's issue quotes it; miles an hour.
PUBLISHED: Final[dict[str, dict[str, list[float]]]] = {
    "persistence, published": {"rmse": [5.54, 6.70, 7.63, 8.46], "mae": [3.16, 3.63, 4.04, 4.43]},
    "T-GCN, published": {"rmse": [5.13, 6.06, 6.71, 7.27], "mae": [3.18, 3.75, 4.12, 4.60]},
}
# By what it holds (``speed_table.fingerprint``), whatever the file is called or how it is written.
LOS_LOOP: Final = "3bfde9f150a87ecf25e1a7f0e208c20a"
_PUBLISHED_STEP_MINUTES: Final = 5
_BLOCK_MINUTES: Final = 60


@dataclass(frozen=True)
class Protocol:
    """What the benchmark is run with, beside the table.

    Attributes
    ----------
    first_day : date
        Day of the first row, which is at midnight.
    step_minutes : int
        Divides a day.
    slow_below : float
        Speed, in the table's unit, below which the coverage is also given.
    """

    first_day: date = date(2012, 3, 1)
    step_minutes: int = 5
    slow_below: float = 40.0
    seeds: tuple[int, ...] = (1, 2, 3)


@dataclass(frozen=True)
class Result:
    """What a run of the benchmark found.

    Attributes
    ----------
    forecasts : dict of SpeedForecast
        Of the test rows, by forecaster; the nowcaster's of each seed.
    observed : array, shape (times, detectors, HORIZONS)
    """

    record: dict[str, Any]
    forecasts: dict[str, SpeedForecast]
    observed: Array


@dataclass(frozen=True)
class _Task:
    """A table, padded by the hour beyond its end, and where its parts end."""

    speed: Array
    times: RowTimes
    fit: int
    train: int
    rows: int
    adjacency: NDArray[np.float64] | None
    protocol: Protocol
    options: NowcastOptions


def run_benchmark(
    table: SpeedTable,
    adjacency: NDArray[np.float64] | None,
    protocol: Protocol,
    report: Report,
    options: NowcastOptions | None = None,
) -> Result:
    """Train on the first rows with every seed, and evaluate on the last rows.

    Parameters
    ----------
    adjacency : array, shape (detectors, detectors), or None

    Raises
    ------
    HistoryTooShort
        When a part of the rows holds no window, or the first part no whole day.
    SpeedTableRefused
        When a detector has no known speed among the rows learned from.
    """
    task = _task(table, adjacency, protocol, options or NowcastOptions())
    test = _windows(task.train, task.rows)
    observed = speeds_ahead(task.speed, test)
    forecasts = baselines(task.speed, task.times, task.train, test)
    trees, forecast_of_trees = _boosted_trees(task, report)
    if forecast_of_trees is not None:
        forecasts[LIGHTGBM] = forecast_of_trees
    compared_with = tuple(forecasts)
    runs = []
    for seed in protocol.seeds:
        run, forecasts[_of_seed(seed)] = _run(task, seed, report)
        runs.append(run)
    scores = {
        name: all_scores(forecast, observed, protocol.slow_below)
        for name, forecast in forecasts.items()
    }
    own = [scores[_of_seed(seed)] for seed in protocol.seeds]
    record = {
        "protocol": "tgcn",
        "rows": {
            "fit": task.fit,
            "validation": task.train - task.fit,
            "test": task.rows - task.train,
        },
        "detectors": len(table.detectors),
        "unknown_share": float(np.isnan(table.speed).mean()),
        "has_adjacency": adjacency is not None,
        "settings": {**asdict(protocol), "first_day": protocol.first_day.isoformat()},
        "options": asdict(task.options),
        "steps": list(SHOWN_STEPS),
        "lightgbm": trees,
        "runs": runs,
        "test": {f"{NOWCASTER}, mean of seeds": mean_of_runs(own), **scores},
        "published": published_for(table, protocol),
        "paired": _paired(forecasts, compared_with, observed, protocol),
    }
    return Result(record, forecasts, observed)


def baselines(
    speed: Array, times: RowTimes, train: int, rows: NDArray[np.int64]
) -> dict[str, SpeedForecast]:
    """Persistence, and the average of the training days by time of day and type of day."""
    profile = DailyProfile(speed[:train], times.part(slice(train)), ProfileOptions(0.0, 0.0))
    every = profile.rows(times).speed
    usual = speeds_ahead(every, rows)
    same = np.repeat(last_known(speed, rows, every[rows])[..., None], HORIZONS, axis=-1)
    return {PERSISTENCE: SpeedForecast(same, same), DAILY_AVERAGE: SpeedForecast(usual, usual)}


def published_for(table: SpeedTable, protocol: Protocol) -> dict[str, dict[str, list[float]]]:
    """The published errors on a table: none but on Los-loop, in its own steps."""
    is_los_loop = fingerprint(table) == LOS_LOOP
    return PUBLISHED if is_los_loop and protocol.step_minutes == _PUBLISHED_STEP_MINUTES else {}


def benchmark_table(record: dict[str, Any]) -> str:
    """Errors, beside those published on the same table, and the coverage, as Markdown."""
    minutes = [step * record["settings"]["step_minutes"] for step in record["steps"]]
    header = [
        "",
        *(f"RMSE {minute} min" for minute in minutes),
        *(f"MAE {minute} min" for minute in minutes),
        "P10–P90",
        f"below {record['settings']['slow_below']:g}",
    ]
    shown = {**record["published"], **record["test"]}
    rows = [
        [
            name,
            *(f"{value:.2f}" for value in (*scores["rmse"], *scores["mae"])),
            _percent(scores.get("coverage")),
            _percent(scores.get("coverage_slow")),
        ]
        for name, scores in shown.items()
    ]
    return markdown_table(header, rows)


def paired_table(record: dict[str, Any]) -> str:
    """The nowcaster's errors over the hour less those of each baseline, as Markdown."""
    header = ["nowcaster less …", "squared error", "95 %", "absolute error", "95 %"]
    rows = [
        [
            name,
            *(
                cell
                for error in ("squared_error", "absolute_error")
                for cell in _difference(pair[error])
            ),
        ]
        for name, pair in record["paired"].items()
    ]
    return markdown_table(header, rows)


def _difference(paired: dict[str, float]) -> tuple[str, str]:
    return f"{paired['difference']:.2f}", f"{paired['low']:.2f} to {paired['high']:.2f}"


def _boosted_trees(task: _Task, report: Report) -> tuple[dict[str, Any], SpeedForecast | None]:
    """What the record says of LightGBM, and its forecast of the test rows if it is installed."""
    if not lightgbm_is_installed():
        report("LightGBM is not installed: it is left out")
        return {"left_out": "not installed"}, None
    started = time.monotonic()
    options = TreeOptions()
    trees = BoostedTrees(
        task.speed[: task.train],
        task.times.part(slice(task.train)),
        task.adjacency,
        profile=task.options.profile,
        options=options,
        report=report,
    )
    forecast = trees.forecast(task.speed, task.times, _windows(task.train, task.rows))
    return {
        "options": asdict(options),
        "version": version("lightgbm"),
        "seconds": round(time.monotonic() - started, 1),
    }, forecast


def _run(task: _Task, seed: int, report: Report) -> tuple[dict[str, Any], SpeedForecast]:
    """One seed: calibrate on the validation rows, learn again from all training rows, forecast."""
    started = time.monotonic()
    report(f"seed {seed}: learning from {task.fit} rows, to calibrate on the next")
    first = _learned(task, task.fit, seed, report)
    # Nothing after the training rows is there to be looked at.
    known = np.where(np.arange(len(task.speed))[:, None] < task.train, task.speed, np.nan)
    validation = _windows(task.fit, task.train)
    observed = speeds_ahead(known, validation)
    slow_below = task.protocol.slow_below
    before = first.forecast(known, task.times, validation)
    calibration = learn_calibration(before, observed, slow_apart(slow_below))
    report(f"seed {seed}: learning from {task.train} rows")
    final = _learned(task, task.train, seed, report)
    final.calibration = calibration
    test = final.forecast(task.speed, task.times, _windows(task.train, task.rows))
    record = {
        "seed": seed,
        "weights": final.weights,
        "seconds": round(time.monotonic() - started, 1),
        "calibration": asdict(calibration),
        "validation": all_scores(before, observed, slow_below),
        "validation_calibrated": all_scores(calibration.apply(before), observed, slow_below),
    }
    return record, test


def _learned(task: _Task, rows: int, seed: int, report: Report) -> Nowcaster:
    # It takes seconds to import: a table that is refused need not wait for it.
    from models.nowcast.nowcaster import Nowcaster  # noqa: PLC0415

    return Nowcaster(
        task.speed[:rows],
        task.times.part(slice(rows)),
        task.adjacency,
        seed=seed,
        options=task.options,
        report=report,
    )


def _windows(start: int, end: int) -> NDArray[np.int64]:
    """Rows at which a forecast is made: the hour before and the shortest horizon lie within.

    The last row is left out, as T-GCN's protocol does.
    """
    return np.arange(start + LAGS - 1, end - 1 - SHOWN_STEPS[0])


def _task(
    table: SpeedTable,
    adjacency: NDArray[np.float64] | None,
    protocol: Protocol,
    options: NowcastOptions,
) -> _Task:
    rows = len(table.speed)
    train = int(rows * TRAIN_SHARE)
    fit = int(train * TRAIN_SHARE)
    _check(table, train, fit, protocol.step_minutes)
    # Nothing is known beyond the end, but the hour ahead of the last windows reaches there.
    unknown = np.full((HORIZONS, table.speed.shape[1]), np.nan, dtype=np.float32)
    speed = np.concatenate([table.speed, unknown])
    times = row_times(len(speed), protocol.first_day, protocol.step_minutes)
    return _Task(speed, times, fit, train, rows, adjacency, protocol, options)


def _check(table: SpeedTable, train: int, fit: int, step_minutes: int) -> None:
    rows = len(table.speed)
    window = LAGS + HORIZONS + 1
    day = MINUTES_PER_DAY // step_minutes
    if min(rows - train, train - fit) < window or fit < day + window:
        raise HistoryTooShort(
            f"{rows} rows are too few: the first 64 % have to hold a day ({day} rows) and "
            f"{window} rows more, the last 20 % {window}"
        )
    known = (~np.isnan(table.speed[:fit])).any(axis=0)
    if not known.all():
        name = table.detectors[int(known.argmin())]
        raise SpeedTableRefused(f"detector {name!r} has no known speed in the first {fit} rows")


def _of_seed(seed: int) -> str:
    return f"{NOWCASTER}, seed {seed}"


def _paired(
    forecasts: dict[str, SpeedForecast],
    compared_with: tuple[str, ...],
    observed: Array,
    protocol: Protocol,
) -> dict[str, Any]:
    """The nowcaster less each baseline over the hour: squared and absolute error."""
    own = [forecasts[_of_seed(seed)] for seed in protocol.seeds]
    block = _BLOCK_MINUTES // protocol.step_minutes
    return {name: compare_paired(own, forecasts[name], observed, block) for name in compared_with}


def compare_paired(
    own: list[SpeedForecast], other: SpeedForecast, observed: Array, block_times: int
) -> dict[str, dict[str, float]]:
    """Mean errors of several seeds less those of another forecaster, with their certainty."""
    squared = np.mean([errors_by_time(run.mean, observed)[0] for run in own], axis=0)
    absolute = np.mean([errors_by_time(run.median, observed)[1] for run in own], axis=0)
    return {
        "squared_error": paired_bootstrap(
            squared, errors_by_time(other.mean, observed)[0], block_times
        ),
        "absolute_error": paired_bootstrap(
            absolute, errors_by_time(other.median, observed)[1], block_times
        ),
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
