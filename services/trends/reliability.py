"""The reliability of a place and of all corridors, by part of the week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.trends.reliability import (
    Indices,
    PartReliability,
    PlaceReliability,
    ReliabilityAnswer,
    ReliabilityQuery,
)
from services.trends.archive import Archive, Report
from services.trends.indices import WEEK, Observed, PartOfWeek, Reliability, reliability
from services.trends.periods import days_of
from services.trends.places import Place, keys_of
from services.trends.several_places import days_of_places

_YESTERDAY: Final = timedelta(days=1)
_Times = dict[PartOfWeek, list[NDArray[np.float64]]]


def answer_reliability(
    archive: Archive, query: ReliabilityQuery, report: Report
) -> ReliabilityAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    keys = dict.fromkeys([query.place, *keys_of(archive.network)["corridor"]])
    return reliability_of(archive, query, list(keys), report)


def reliability_of(
    archive: Archive, query: ReliabilityQuery, keys: Sequence[str], report: Report
) -> ReliabilityAnswer:
    """Answer of these places instead.

    Parameters
    ----------
    keys : sequence of str

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    places = [archive.place(key) for key in keys]
    # Of today the rest is still to come.
    days = days_of(archive.city, query.period, archive.today - _YESTERDAY)
    times: list[_Times] = [defaultdict(list) for _ in places]
    observed: list[date] = []
    for together, grids in days_of_places(archive, places, days, report):
        if together.is_observed:
            observed.append(together.day)
        inside = {part: part.holds(together.day, together.local_hours) for part in WEEK}
        for grid, of_place in zip(grids, times, strict=True):
            travel_s = grid.travel_s
            for part, where in inside.items():
                if where.any():
                    of_place[part].append(travel_s[where])
    return ReliabilityAnswer(
        first=query.first,
        last=min(query.last, archive.today - _YESTERDAY),
        observed_days=len(observed),
        lacking_days=len(days) - len(observed),
        places=[_place(*one) for one in zip(places, times, strict=True)],
    )


def _place(place: Place, times: _Times) -> PlaceReliability:
    free_s = float(np.nansum(place.free_s))
    parts = [_part(part, times[part], free_s) for part in WEEK]
    told = [part.indices.is_reliable for part in parts if part.indices is not None]
    return PlaceReliability(
        place=place.key,
        is_route=place.is_route,
        free_s=free_s,
        parts=parts,
        is_reliable=all(told) if len(told) == len(parts) else None,
    )


def _part(part: PartOfWeek, by_day: list[NDArray[np.float64]], free_s: float) -> PartReliability:
    times_s = np.concatenate([np.empty(0), *by_day])
    observed = Observed(
        quarters=int((~np.isnan(times_s)).sum()),
        of_quarters=len(times_s),
        days=sum(bool((~np.isnan(day)).any()) for day in by_day),
    )
    found = reliability(times_s, free_s) if observed.untold is None else None
    indices = None if found is None else _indices(found)
    return PartReliability(part.key, observed.share, observed.days, observed.untold, indices)


def _indices(found: Reliability) -> Indices:
    return Indices(
        mean_s=found.mean_s,
        p95_s=found.p95_s,
        travel_time_index=found.travel_time_index,
        planning_time_index=found.planning_time_index,
        buffer_index=found.buffer_index,
        lottr=found.lottr,
        is_reliable=found.is_reliable,
    )
