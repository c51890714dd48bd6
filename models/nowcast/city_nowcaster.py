"""The nowcaster of a whole city: learned from a sample of times, windows made batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.nowcast.city_table import CityTable
from models.nowcast.features import (
    HORIZONS,
    LAGS,
    Levels,
    View,
    changes_ahead,
    learn_levels,
    make_series,
    make_windows,
)
from models.nowcast.fit import Inputs, NetworkPlan, WindowBatches, fit_on_batches, learn_scaling
from models.nowcast.forecast import BandForecast
from models.nowcast.graph import Neighbours, telling_neighbours
from models.nowcast.nowcaster import TELLING_STEPS, TrainedNowcaster, network_inputs
from models.nowcast.options import Architecture, FitOptions
from models.nowcast.profile import DailyProfile, ProfileOptions, UsualSpeeds
from models.nowcast.road_graph import road_neighbours
from models.nowcast.speed_table import RowTimes
from models.nowcast.typical_days import TypicalDays, typical_days
from models.training_command import Report
from services.traffic.network import Network

Array = NDArray[np.float32]

STEPS_AROUND: Final = LAGS + HORIZONS
# What the shipped nowcaster was trained with; the smaller network that the public
# benchmark ended with has not been evaluated on a city.
_SIZES: Final = Architecture(members=3, hearing_members=3, layers=2, dropout=0.1)
# Enough for the mean and deviation of a feature over thousands of segments.
_TIMES_TO_SCALE_BY: Final = 48


@dataclass(frozen=True)
class CityOptions:
    """How a city is learned.

    Attributes
    ----------
    times : int
        How many times, each with all segments, are learned from: neighbouring five
        minutes tell nearly the same, so a sample teaches what all of them would.
    """

    times: int = 2_000
    fit: FitOptions = field(
        default_factory=lambda: FitOptions(epochs=2, times_per_step=4, sizes=_SIZES)
    )
    profile: ProfileOptions = field(default_factory=ProfileOptions)


@dataclass(frozen=True)
class CityNowcaster:
    """A trained network with all that is kept of it.

    Attributes
    ----------
    segment_ids : tuple of str
        The segments it forecasts, in its order.
    is_known : array of bool, shape (segments,)
        Which of them were ever observed among the training rows: of the others it says
        nothing.
    """

    segment_ids: tuple[str, ...]
    is_known: NDArray[np.bool_]
    profile: TypicalDays
    plan: NetworkPlan
    trained: TrainedNowcaster

    def forecast(
        self, ratio: Array, times: RowTimes, rows: NDArray[np.int64], *, calibrated: bool = True
    ) -> BandForecast:
        """As ``TrainedNowcaster.forecast``, NaN for segments that were never observed."""
        # Only the steps around each time: the rest of a table of weeks is not looked at.
        around = _around(rows, last_row=len(times.slot) - 1)
        local = np.arange(len(rows)) * STEPS_AROUND + LAGS - 1
        found = self.trained.forecast(
            ratio[np.minimum(around, len(ratio) - 1)],
            times.part(around),
            local,
            calibrated=calibrated,
        )
        silent = ~self.is_known
        for values in (found.mean, found.median, found.p10, found.p90):
            values[:, silent] = np.nan
        return found

    def on_network(
        self, network: Network, ratio: Array, forecast: Callable[[Array], Array]
    ) -> Array:
        """What is forecast for a network, which may be another one than it was trained on.

        Segments are found by their ids.

        Parameters
        ----------
        ratio : array, shape (rows, segments)
            Of the network; NaN where unknown.
        forecast : callable
            From the same ratios of this model's own segments, NaN where the network lacks
            them, to what is forecast of these, shape (..., segments).

        Returns
        -------
        array of float32, shape (..., segments)
            Of the network; NaN for segments that the model does not know.
        """
        index = network.index_of_id
        places = np.array([index.get(name, -1) for name in self.segment_ids], np.int64)
        is_here = places >= 0
        own = np.full((len(ratio), len(places)), np.nan, np.float32)
        own[:, is_here] = ratio[:, places[is_here]]
        said = forecast(own)
        found = np.full((*said.shape[:-1], len(network)), np.nan, np.float32)
        found[..., places[is_here]] = said[..., is_here]
        return found


def learn_city(
    table: CityTable,
    is_training: NDArray[np.bool_],
    *,
    seed: int,
    options: CityOptions,
    report: Report,
) -> CityNowcaster:
    """Train on some rows of a table, whole days of it.

    Parameters
    ----------
    is_training : array of bool, shape (rows,)
        Nothing of the other rows is looked at.
    seed : int
        Of the sample of times and of the weights.

    Raises
    ------
    HistoryTooShort
        When the training rows hold no window, or nothing is known in them.
    """
    rows = whole_windows(is_training)
    ratio = table.ratio[is_training]
    is_known: NDArray[np.bool_] = np.isfinite(ratio).sum(axis=0) > 0
    if not len(rows) or not is_known.any():
        raise HistoryTooShort("the days to learn from hold no two hours of known speeds")
    times = table.times.part(np.flatnonzero(is_training))
    report(f"usual day of {int(is_known.sum()):,} of {len(is_known):,} segments")
    filled = fill_never_known(ratio, is_known)
    profile = DailyProfile(filled, times, options.profile)
    usual = profile.rows(times)
    levels = learn_levels(filled)
    neighbours = road_neighbours(table.network)
    report("who tells of whom")
    telling = telling_neighbours(
        filled - usual.speed, TELLING_STEPS, neighbours, options.fit.sizes.telling_neighbours
    )
    make = _WindowMaker(ratio, usual, times, neighbours, levels)
    generator = np.random.default_rng(seed)
    # Rows of the table as rows of its training part.
    place = np.cumsum(is_training) - 1
    chosen = place[generator.permutation(rows)[: options.times]]
    sample, _ = make(chosen[:_TIMES_TO_SCALE_BY])
    plan = NetworkPlan(telling, *learn_scaling(sample["features"]), options.fit.sizes)
    batches = WindowBatches(make, chosen, times_per_step=options.fit.times_per_step, seed=seed)
    report(f"learning from {len(chosen):,} times of {int(is_training.sum()):,}")
    network = fit_on_batches(plan, batches, seed=seed, options=options.fit, report=report)
    kept = typical_days(profile, table.times.slots_per_day)
    trained = TrainedNowcaster(View(kept, neighbours, levels), network)
    return CityNowcaster(table.network.segment_ids, is_known, kept, plan, trained)


def whole_windows(is_chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows whose hour before and hour ahead lie wholly in the chosen part."""
    inside = np.cumsum(np.concatenate([[0], is_chosen.astype(np.int64)]))
    rows = np.arange(LAGS - 1, len(is_chosen) - HORIZONS)
    whole = inside[rows + HORIZONS + 1] - inside[rows - LAGS + 1] == STEPS_AROUND
    found: NDArray[np.int64] = rows[whole]
    return found


def fill_never_known(ratio: Array, is_known: NDArray[np.bool_]) -> Array:
    """The ratios, with the network's mean for segments that were never observed.

    Only profile and levels are made from it, which have to be finite: never what is
    learned, nor what is looked at.
    """
    if is_known.all():
        return ratio
    known = ~np.isnan(ratio)
    count = known.sum(axis=1)
    total = np.where(known, ratio, 0.0).sum(axis=1)
    overall = total.sum() / max(1, count.sum())
    mean = np.where(count > 0, total / np.maximum(count, 1), overall).astype(np.float32)
    return np.where(is_known, ratio, mean[:, None])


@dataclass(frozen=True)
class _WindowMaker:
    """Makes the inputs and changes of some rows from the steps around them alone."""

    ratio: Array
    usual: UsualSpeeds
    times: RowTimes
    neighbours: Neighbours
    levels: Levels

    def __call__(self, rows: NDArray[np.int64]) -> tuple[Inputs, Array]:
        around = _around(rows, last_row=len(self.ratio) - 1)
        local = np.arange(len(rows)) * STEPS_AROUND + LAGS - 1
        speed = self.ratio[around]
        usual = UsualSpeeds(self.usual.speed[around], self.usual.spread[around])
        windows = make_windows(make_series(speed, usual, self.neighbours), self.levels, local)
        inputs = network_inputs(windows.features, self.times.part(around), local)
        return inputs, changes_ahead(speed, local, windows, self.levels.unit)


def _around(rows: NDArray[np.int64], last_row: int) -> NDArray[np.int64]:
    """The rows of the hour before and the hour ahead of each, one after the other."""
    around = rows[:, None] + np.arange(1 - LAGS, HORIZONS + 1)
    bounded: NDArray[np.int64] = np.minimum(around, last_row).ravel()
    return bounded
