"""What time is lost at a place: by a driver, and by all vehicles where they are counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.trends.cost import CostAnswer, CostQuery, CountedCost
from services.trends.archive import Archive, Report
from services.trends.cost import counts_by_segment, lost_hours, vehicle_shares
from services.trends.counts import Costs
from services.trends.day_grid import DayGrid
from services.trends.indices import jam_km_hours
from services.trends.measures import told
from services.trends.periods import days_of, is_kept
from services.trends.places import Place

DRIVE_S: Final = 600.0
"""Of an area, what is told is lost on a drive of ten minutes in free flow."""
# The hours of 23 CFR 490.511, in which nearly all drive.
_BY_DAY: Final = slice(6, 20)

_DAY: Final = timedelta(days=1)
_HOURS: Final = 24
_WORKING, _OTHER = 0, 1


def answer_cost(archive: Archive, query: CostQuery, report: Report) -> CostAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    place = archive.place(query.place)
    # Of today the rest is still to come.
    days = days_of(archive.city, query.period, archive.today - _DAY)
    by_driver, by_vehicles = _ByDriver(place), _ByVehicles(archive, place)
    jam: list[float] = []
    quarters = 0
    for grid in archive.days(place, days, report):
        is_working = is_kept(archive.city, grid.day, "ouvres")
        by_driver.add(grid, is_working=is_working)
        quarters += len(grid.snapshots)
        found = jam_km_hours(grid.jam_km, grid.step_s)
        if found is not None:
            jam.append(found)
            by_vehicles.add(grid, is_working=is_working)
    return CostAnswer(
        is_route=place.is_route,
        free_s=by_driver.free_s,
        working_days=told(by_driver.by_hour(_WORKING)),
        other_days=told(by_driver.by_hour(_OTHER)),
        mean_s=by_driver.mean_s(),
        jam_km_hours=sum(jam) / len(jam) if jam else None,
        observed_days=len(jam),
        lacking_days=len(days) - len(jam),
        observed_share=by_driver.quarters / quarters if quarters else 0.0,
        counted=by_vehicles.told(archive.costs),
        has_counts=bool(archive.costs.vehicles),
        unknown_counts=by_vehicles.unknown,
    )


class _ByDriver:
    """Seconds lost on a drive by hour of the clock, of working days and of others."""

    def __init__(self, place: Place) -> None:
        self.free_s = float(np.nansum(place.free_s)) if place.is_route else DRIVE_S
        self._sums, self._counts = np.zeros((2, _HOURS)), np.zeros((2, _HOURS))

    def add(self, grid: DayGrid, *, is_working: bool) -> None:
        lost_s = grid.congestion * self.free_s
        known = ~np.isnan(lost_s)
        hour = grid.local_hours[known].astype(np.int64)
        kind = _WORKING if is_working else _OTHER
        self._sums[kind] += np.bincount(hour, lost_s[known], _HOURS)
        self._counts[kind] += np.bincount(hour, minlength=_HOURS)

    @property
    def quarters(self) -> int:
        """How many were told."""
        return int(self._counts.sum())

    def by_hour(self, kind: int) -> NDArray[np.float64]:
        mean_s = np.full(_HOURS, np.nan)
        counts = self._counts[kind]
        np.divide(self._sums[kind], counts, out=mean_s, where=counts > 0)
        return mean_s

    def mean_s(self) -> float | None:
        """Of the hours in which nearly all drive."""
        count = self._counts[:, _BY_DAY].sum()
        return float(self._sums[:, _BY_DAY].sum() / count) if count else None


class _ByVehicles:
    """Hours of vehicles that are counted."""

    def __init__(self, archive: Archive, place: Place) -> None:
        network = archive.network
        found = counts_by_segment(archive.costs.vehicles, network.segment_ids, network.stretches)
        self.unknown = len(found.unknown)
        self._vehicles = found.vehicles[place.segments]
        counted = ~np.isnan(self._vehicles)
        self._length_share = float(place.length_m[counted].sum() / place.length_m.sum())
        self._free_s = place.free_s
        self._hours: list[float] = []
        self._shares: list[float] = []

    def add(self, grid: DayGrid, *, is_working: bool) -> None:
        shares = vehicle_shares(grid.local_hours, is_weekend=not is_working)
        found = lost_hours(grid.times_s, self._free_s, self._vehicles, shares)
        if found is not None:
            self._hours.append(found.hours)
            self._shares.append(found.vehicles_share)

    def told(self, costs: Costs) -> CountedCost | None:
        if not self._hours:
            return None
        hours = sum(self._hours)
        return CountedCost(
            length_share=self._length_share,
            hours=hours,
            vehicles_share=float(np.mean(self._shares)),
            days=len(self._hours),
            euros=None if costs.euros_per_hour is None else hours * costs.euros_per_hour,
            rate=costs.euros_per_hour,
            rate_source=costs.source,
        )
