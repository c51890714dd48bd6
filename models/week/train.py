"""Trains the week of every segment on a history and writes it as a new version with its measures.

python -m models.week.train --data-dir DIR --source live
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from models.day_split import split_days
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
from models.week.card import week_card
from models.week.kind import WEEK
from models.week.observations import SegmentHistory, load_segment_history
from models.week.prior import Prior, Strengths, class_codes_of, hierarchical_prior
from models.week.quantiles import quantiles_pct, status_shares
from models.week.scores import (
    CLIMATOLOGY,
    MODEL,
    PRIOR,
    RAW_FREQUENCIES,
    SEGMENT_CLIMATOLOGY,
    compare,
    coverage,
    scores_table,
)
from services.base.command_line import run_command, tells_errors
from services.city.calendar import Calendar, calendar_of
from services.city.chosen import CITY
from services.city.city import City, StatusThresholds
from services.forecast.speed_distribution import status_probabilities
from services.forecast.week_forecasts import (
    WEEK_DIRECTORY,
    WEEK_FILE,
    WeekTable,
    encode_table,
)
from services.forecast.zone_forecasts import DAYS, TrainedOn
from services.history.averages import smoothed_shares
from services.history.by_day import IN_PROCESS, DayMap
from services.operations.tables import Reason
from services.plain.forecast import FIRM_PROBABILITY
from services.traffic.snapshot import Source

if TYPE_CHECKING:
    from models.week.correction import Lesson, WeekNetwork

# As many parts are the learned days shared into: each is forecast from the prior of the others.
_FOLDS: Final = 3


@dataclass(frozen=True)
class WeekSplit:
    """Whole days, each in one part only."""

    learn: list[date]
    test: list[date]
    left_out: list[date]


def train(
    city: City,
    data_dir: Path,
    source: Source,
    root: Path,
    *,
    seed: int = DEFAULT_SEED,
    learn_weeks: int | None = None,
    report: Report,
    map_days: DayMap = IN_PROCESS,
) -> Trained:
    """See :class:`models.training.Train`.

    Parameters
    ----------
    learn_weeks : int, optional
        Learn from this many latest ones of each weekday only.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday, or two to learn from.
    """
    report(f"reading the history of source {source!r} in {data_dir}")
    observed = load_segment_history(city, data_dir, source, report, map_days=map_days)
    parts = share_days(observed.dates(), calendar_of(city), seed, learn_weeks)
    trained = train_on(
        observed,
        parts,
        root / WEEK_DIRECTORY,
        trained_on=observed.description(),
        seed=seed,
        report=report,
        decide=decide_by(objection),
    )
    if trained.is_champion:
        promote(root / WEEK_DIRECTORY, trained.directory.name)
    return trained


def train_on(
    observed: SegmentHistory,
    parts: WeekSplit,
    root: Path,
    *,
    trained_on: TrainedOn,
    seed: int,
    report: Report,
    decide: Decide,
    rivals: Mapping[str, NDArray[np.float64]] = MappingProxyType({}),
) -> Trained:
    """Train on some days, measure on others, and write the version with what was decided.

    Parameters
    ----------
    root : Path
        Directory of the week models, where the version is written; its champion stays.
    trained_on : TrainedOn
        How the version describes what it learned from.
    seed, report
        As for :func:`train`.
    decide : callable
        Says what becomes of the version, from its comparison with the others.
    rivals : mapping of array, shape (HOURS_PER_WEEK, segments, statuses)
        Probabilities of the statuses by others, to be measured beside the baselines; NaN
        where they say nothing.

    Raises
    ------
    StorageError
        When the version cannot be written.
    """
    seen, unseen = observed.on(parts.learn), observed.on(parts.test)
    report(
        f"{observed.description().snapshots:,} snapshots of {len(observed.network):,} segments; "
        f"days to learn from {len(parts.learn)}, to evaluate by {len(parts.test)}"
    )
    report("counting, and starting TensorFlow")
    # It takes seconds to import: --help and an empty history need not wait for it.
    from models.week.correction import FitOptions, fit_network  # noqa: PLC0415

    started = time.monotonic()
    city = observed.network.city
    class_codes, _ = class_codes_of(observed.network.road_classes)
    strengths, options = Strengths(), FitOptions(seed=seed)
    lessons = _lessons(seen, parts.learn, class_codes, strengths, calendar_of(city))
    network = fit_network(lessons, class_codes, options, report)
    counts = seen.counts()
    prior = hierarchical_prior(counts, class_codes, strengths)
    quantiles = quantiles_pct(network.shares(prior))
    report(f"trained in {time.monotonic() - started:.0f} s; measuring")
    forecasts = _forecasts(city.thresholds, quantiles, prior, counts)
    forecasts |= {name: _completed(said, forecasts) for name, said in rivals.items()}
    by_day = {day: status_shares(city.thresholds, unseen.on([day]).counts()) for day in parts.test}
    told = forecasts[MODEL].max(axis=-1) >= FIRM_PROBABILITY
    test = compare(forecasts, by_day, told) | {"coverage": coverage(quantiles, unseen)}
    ruling = decide(test)
    measures = as_recorded(
        {
            "model_version": f"{trained_on.last_day}-{network.weights_hash()}",
            "trained_on": asdict(trained_on),
            "training": {
                **asdict(options),
                "strengths": asdict(strengths),
                "folds": _FOLDS,
                "weights": network.weight_count(),
                **made_with(),
            },
            "test": test,
            "decision": asdict(ruling),
            "segments": len(observed.network),
            "city": city.name,
            "network_version": observed.network.version,
            "thresholds": asdict(city.thresholds),
            "split": asdict(parts),
        }
    )
    directory = _write(root, seen, quantiles, network, measures)
    return Trained(directory, measures, ruling.action == "promoted")


def share_days(
    days: Sequence[date], calendar: Calendar, seed: int, learn_weeks: int | None
) -> WeekSplit:
    """Share whole days out: one in six of each weekday to evaluate by, the others to learn from.

    Public holidays are in neither part: they drive like no weekday of an ordinary week.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday.
    """
    ordinary = [day for day in days if not calendar.is_public_holiday(day)]
    split = split_days(ordinary, seed)
    candidates = sorted([*split.train, *split.validation])
    learn = [
        day
        for weekday in range(DAYS)
        for day in [item for item in candidates if item.weekday() == weekday][
            -(learn_weeks or len(candidates)) :
        ]
    ]
    left_out = sorted(set(days) - {*learn, *split.test})
    return WeekSplit(sorted(learn), split.test, left_out)


def objection(comparison: dict[str, Any]) -> Reason | None:
    """Whether the raw frequencies have the better ranked probability score."""
    value = comparison["against"][RAW_FREQUENCIES]["rps_skill"]
    return None if value is not None and value >= 0.0 else "worse_than_average"


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = training_parser(
        "models.week.train",
        "Train the week of every segment on a history and write it as a new version, "
        "which becomes the champion unless the raw frequencies are better.",
    )
    parser.add_argument(
        "--learn-weeks",
        type=at_least(2),
        metavar="N",
        help="learn from the latest N of each weekday only; default: from all",
    )
    options = parser.parse_args(arguments)
    return run_training(
        CITY,
        WEEK,
        partial(train, learn_weeks=options.learn_weeks),
        options,
        table=_told,
        who_is_better="the raw frequencies have the better RPS",
    )


def _told(test: dict[str, Any]) -> str:
    return f"{scores_table(test)}\nP10–P90 holds {test['coverage']:.1%} of the observed ratios"


def _lessons(
    seen: SegmentHistory,
    days: Sequence[date],
    class_codes: NDArray[np.intp],
    strengths: Strengths,
    calendar: Calendar,
) -> list[Lesson]:
    """Each part of the days beside the prior of the others, school holidays apart."""
    from models.week.correction import Lesson  # noqa: PLC0415

    folds = _folds(days)
    lessons = []
    for part in folds:
        others = [day for day in days if day not in part]
        prior = hierarchical_prior(seen.on(others).counts(), class_codes, strengths)
        for is_holiday in (False, True):
            chosen = [day for day in part if calendar.is_school_holiday(day) == is_holiday]
            if chosen:
                lessons.append(Lesson(prior, seen.on(chosen).counts(), is_holiday))
    return lessons


def _folds(days: Sequence[date]) -> list[list[date]]:
    """Share days out, the days of each weekday in turn, so that each part has all weekdays."""
    by_weekday = [[day for day in days if day.weekday() == weekday] for weekday in range(DAYS)]
    count = min(_FOLDS, *(len(same) for same in by_weekday))
    return [[day for same in by_weekday for day in same[place::count]] for place in range(count)]


def _forecasts(
    thresholds: StatusThresholds,
    quantiles: NDArray[np.uint8],
    prior: Prior,
    by_bin: NDArray[np.uint16],
) -> dict[str, NDArray[np.float64]]:
    """Probabilities of the statuses by every forecaster, the model's as they are served."""
    p10, p50, p90 = quantiles / 100.0
    chance = status_probabilities(p10, p50, p90, thresholds)
    counts = status_shares(thresholds, by_bin)
    everywhere = counts.sum(axis=(0, 1))
    return {
        MODEL: np.stack([chance.congested, chance.heavy, chance.free], axis=-1),
        RAW_FREQUENCIES: smoothed_shares(counts),
        PRIOR: status_shares(thresholds, prior.week),
        SEGMENT_CLIMATOLOGY: np.broadcast_to(smoothed_shares(counts.sum(axis=0)), counts.shape),
        CLIMATOLOGY: np.broadcast_to(everywhere / everywhere.sum(), counts.shape),
    }


def _completed(
    said: NDArray[np.float64], forecasts: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """What a rival said; where it said nothing, how often each status is seen anywhere."""
    return np.where(np.isnan(said), forecasts[CLIMATOLOGY], said)


def _write(
    root: Path,
    seen: SegmentHistory,
    quantiles: NDArray[np.uint8],
    network: WeekNetwork,
    measures: dict[str, Any],
) -> Path:
    table = WeekTable(
        model_version=measures["model_version"],
        trained_on=seen.description(),
        thresholds=seen.network.city.thresholds,
        segment_ids=seen.network.segment_ids,
        quantiles_pct=quantiles,
        days_observed=seen.days_observed(),
    )

    def write_files(directory: Path) -> None:
        network.save(directory / MODEL_FILE)
        (directory / WEEK_FILE).write_bytes(encode_table(table))

    return write_recorded_version(root, measures, week_card, write_files)


if __name__ == "__main__":
    run_command(main)
