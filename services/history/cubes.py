"""Counts by hour of the week and by segment (or zone), which days are added to and taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.history.hour_of_week import HOURS_PER_WEEK

Sums = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Measure:
    """A sum that a cube keeps: the names of its numbers for an hour and key, and their type."""

    labels: Sequence[str]
    dtype: type[np.signedinteger[Any]] = np.int32


@dataclass(frozen=True)
class Counts:
    """What some rows add to a cube.

    Attributes
    ----------
    hours : array of int, shape (hours,)
        The different hours of the week that the rows are of.
    keys : sequence of str
        Segment ids or zone names, all different.
    sums : dict of array of int, shape (hours, keys, width)
    """

    hours: NDArray[np.int64]
    keys: Sequence[str]
    sums: Sums

    def small(self) -> Counts:
        """The same in the smallest types that hold it: an eighth, for its way between processes."""
        sums = {
            name: values.astype(np.min_scalar_type(values.max(initial=0)))
            for name, values in self.sums.items()
        }
        return Counts(self.hours, self.keys, sums)


def together(parts: Sequence[Counts]) -> Counts:
    """What several counts, at least one and all of the same measures, amount to."""
    hours = np.unique(np.concatenate([part.hours for part in parts]))
    keys = list(dict.fromkeys(key for part in parts for key in part.keys))
    place = {key: index for index, key in enumerate(keys)}
    shape = (len(hours), len(keys))
    sums = {name: np.zeros((*shape, s.shape[2]), np.int64) for name, s in parts[0].sums.items()}
    for part in parts:
        rows = np.searchsorted(hours, part.hours)
        cells = np.ix_(rows, np.array([place[key] for key in part.keys], np.int64))
        for name, values in part.sums.items():
            sums[name][cells] += values
    return Counts(hours, keys, sums)


@dataclass
class Cube:
    """Sums of every hour of the week and key, and the days they were made of.

    Attributes
    ----------
    keys : list of str
        Segment ids or zone names; only ever appended to.
    days : dict
        The days added, as ISO dates, each with the digest of its file: a day
        whose file has another one by now has to be taken out first.
    sums : dict of array, shape (HOURS_PER_WEEK, keys, width)
    """

    measures: Mapping[str, Measure]
    keys: list[str] = field(default_factory=list)
    days: dict[str, str] = field(default_factory=dict)
    sums: Sums = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, measure in self.measures.items():
            shape = (HOURS_PER_WEEK, len(self.keys), len(measure.labels))
            self.sums.setdefault(name, np.zeros(shape, measure.dtype))

    def add(self, counts: Counts) -> None:
        """Add what some rows amount to."""
        for name, cells in self._cells(counts):
            self.sums[name][cells] += counts.sums[name].astype(self.sums[name].dtype)

    def subtract(self, counts: Counts) -> None:
        """Take out again what was added."""
        for name, cells in self._cells(counts):
            self.sums[name][cells] -= counts.sums[name].astype(self.sums[name].dtype)

    def _cells(self, counts: Counts) -> list[tuple[str, tuple[NDArray[Any], ...]]]:
        self._make_room_for(counts.keys)
        place = {key: index for index, key in enumerate(self.keys)}
        columns = np.array([place[key] for key in counts.keys], np.int64)
        return [(name, np.ix_(counts.hours, columns)) for name in counts.sums]

    def _make_room_for(self, keys: Sequence[str]) -> None:
        known = set(self.keys)
        new = [key for key in keys if key not in known]
        if new:
            self.keys.extend(new)
            for name, values in self.sums.items():
                self.sums[name] = np.pad(values, ((0, 0), (0, len(new)), (0, 0)))
