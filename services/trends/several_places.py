"""Days of several places at once: the archive is read once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.trends.archive import Archive, Report
from services.trends.day_grid import DayGrid
from services.trends.places import Place

_CELLS: Final = ("speed_kmh", "known", "heavy", "congested", "closed")


def days_of_places(
    archive: Archive, places: Sequence[Place], days: list[date], report: Report
) -> Iterator[tuple[DayGrid, list[DayGrid]]]:
    """Each day of all these places together, and of each of them.

    Parameters
    ----------
    places : sequence of Place
        At least one.
    days, report
        As of :meth:`Archive.days`.
    """
    segments = np.unique(np.concatenate([place.segments for place in places]))
    together = Place("", "reseau", archive.network, segments)
    columns = [np.searchsorted(segments, place.segments) for place in places]
    for grid in archive.days(together, days, report):
        yield grid, [_of(grid, *one) for one in zip(places, columns, strict=True)]


def _of(grid: DayGrid, place: Place, columns: NDArray[np.intp]) -> DayGrid:
    cells = {name: getattr(grid, name)[:, columns] for name in _CELLS}
    return replace(grid, place=place, **cells)
