"""The week of every segment as something to be scored: what its champion's table said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from services.city.city import City
from services.city.day_types import day_type, weekday_like
from services.forecast.champions import model_roots
from services.forecast.week_forecasts import (
    WEEK_DIRECTORY,
    WEEK_FILE,
    SegmentForecasts,
    WeekOnNetwork,
    WeekTable,
    decode_table,
)
from services.history.window import newest_network
from services.learn.champion_tables import ChampionTables
from services.learn.observations import ObservedZones
from services.learn.segments import ObservedSegments
from services.learn.tally import Evaluated, Prediction
from services.operations.tables import Decision, Kind
from services.traffic.snapshot import Source

# The table says the same of an hour however long before: persistence is the same hour of the
# day before.
LEADS_MINUTES: Final = (1_440,)
# Observations of a segment three minutes apart are nearly one: four an hour say as much.
EVALUATED_TIMES_PER_HOUR: Final = 4


class WeekTables:
    """What the champions of the week model had forecast; each segment at each time is a case.

    Parameters
    ----------
    data_dir, shipped : Path
        Where local models and those that came with the code are.
    source : {"live", "archive", "demo"}
        Whose history says what was observed.
    champions : sequence of Decision
        Every change of champion on record, the oldest first.
    """

    kind: Kind = "week"
    leads_minutes: tuple[int, ...] = LEADS_MINUTES

    def __init__(
        self,
        city: City,
        data_dir: Path,
        shipped: Path,
        source: Source,
        champions: Sequence[Decision],
    ) -> None:
        self._city = city
        self._source = source
        roots = model_roots(data_dir, shipped, WEEK_DIRECTORY)
        self._tables = ChampionTables(roots, champions, WEEK_FILE, decode_table)
        # Of functions and not of methods: what refers to itself, and to days of traffic, stays in
        # memory until all of it is searched for that.
        self._observed = lru_cache(maxsize=1)(partial(_observed_segments, city, data_dir, source))
        self._on_network = lru_cache(maxsize=1)(WeekOnNetwork)

    def evaluated(
        self,
        observed: ObservedZones,  # noqa: ARG002 - zones are evaluated by others
        hour: datetime,
        lead_minutes: int,
    ) -> Evaluated | None:
        """See :class:`services.learn.protocol.ScoredKind`."""
        table = self._tables.at(hour)
        local = self._city.local(hour)
        if table is None or table.trained_on.has_learned(self._source, local.date()):
            return None
        segments = self._observed()
        if segments is None:
            return None
        # What the page had shown of that date.
        weekday = weekday_like(local.weekday(), day_type(self._city, local.date()))
        said = self._on_network(table, segments.network).at(weekday, local.hour)
        return evaluate_segments(segments, hour, lead_minutes, table, said)


def evaluate_segments(
    segments: ObservedSegments,
    hour: datetime,
    lead_minutes: int,
    table: WeekTable,
    said: SegmentForecasts,
) -> Evaluated:
    """Evaluate forecasts of segments beside both baselines, on cases of which all say something.

    Segments that the model does not know are no cases.

    Raises
    ------
    StorageError
        When the history cannot be read now.
    """
    city = segments.network.city
    times = segments.times_within(hour, EVALUATED_TIMES_PER_HOUR)
    lead = timedelta(minutes=lead_minutes)
    observed = segments.at(times, city.local(hour).date())
    before = segments.at(times - int(lead.total_seconds()), city.local(hour - lead).date())
    usual_shares, usual_ratio = segments.usual_before(hour)
    is_told = said.has_basis & ~np.isnan(usual_ratio)
    is_told &= ~np.isnan(usual_shares).any(axis=1)
    time, place = np.nonzero((observed.status >= 0) & (before.status >= 0) & is_told)
    # From free to blocked, as everywhere here.
    shares = said.probabilities[place, ::-1]
    p10, p50, p90 = (said.quantiles[name][place] for name in ("p10", "p50", "p90"))
    certain = np.eye(shares.shape[1])
    evaluated = Evaluated(
        model_version=table.model_version,
        lead_minutes=lead_minutes,
        zone=segments.network.zone_codes[place].astype(np.int64),
        observed=observed.status[time, place],
        ratio=observed.ratio[time, place],
        predictions={
            "model": Prediction(shares, p50, p10, p90),
            "persistence": Prediction(
                certain[before.status[time, place]], before.ratio[time, place]
            ),
            "average": Prediction(usual_shares[place], usual_ratio[place]),
        },
    )
    return with_whole_network(city, evaluated)


def _observed_segments(city: City, data_dir: Path, source: Source) -> ObservedSegments | None:
    network = newest_network(city, data_dir, source)
    return None if network is None else ObservedSegments(data_dir, source, network)


def with_whole_network(city: City, evaluated: Evaluated) -> Evaluated:
    """The same cases once more as those of the whole network."""
    whole = np.full_like(evaluated.zone, city.zone_choices.index(city.whole_network))
    return replace(
        evaluated,
        zone=np.concatenate([evaluated.zone, whole]),
        observed=np.concatenate([evaluated.observed, evaluated.observed]),
        ratio=np.concatenate([evaluated.ratio, evaluated.ratio]),
        predictions={
            name: item.each(lambda part: np.concatenate([part, part]))
            for name, item in evaluated.predictions.items()
        },
    )
