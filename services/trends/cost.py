"""What lost time amounts to: for who drives through once, and for all where they are counted.

Definitions
-----------
time lost by a driver
    Travel time less that in free flow, of driving the place once.
hours lost by vehicles
    Σ vehicles × time lost ÷ 3 600 over quarters of an hour and the segments whose traffic was
    counted. Nobody is added where nobody was counted, nor in a quarter whose speed is not known:
    the share of vehicles that it speaks of stands beside it.
vehicles in an hour
    Of the daily traffic the share of that hour of the day: :data:`WORKING_DAY_SHARES` and
    :data:`WEEKEND_SHARES`. They are of urban roads in the United States, for want of a French
    table of all hours: U.S. EPA, Population and Activity of On-road Vehicles in MOVES, default
    hourly distribution of traffic, urban roads, to a thousandth. An hour that the clock skips or
    repeats counts as often as it is there.

what an hour is worth
    No rate comes with the code: it is one of a person, by why they travel, and how many sit in a
    vehicle is of a place. French projects are judged by the values of Quinet (2013), L'évaluation
    socioéconomique des investissements publics: 10 €₂₀₁₀ an hour of a person between home and work
    in towns.

Time lost is bounded by zero for a whole day, not segment by segment: of few cars that are measured
some are faster than free flow by chance, as others are slower: :mod:`services.traffic.zone_ratios`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import ConfigurationError
from services.traffic.stretches import Stretch

# Shares of a day in thousandths, from 0 to 23 h.
WORKING_DAY_SHARES: Final = (
    10, 6, 5, 5, 7, 18, 46, 70, 61, 50, 50, 54, 58, 58, 62, 71, 77, 77, 60, 44, 35, 32, 25, 18,
)  # fmt: skip
WEEKEND_SHARES: Final = (
    21, 14, 11, 7, 7, 10, 18, 27, 36, 48, 57, 65, 71, 71, 72, 72, 71, 68, 62, 52, 43, 38, 32, 25,
)  # fmt: skip

# A motorway of ten lanes.
_MOST_VEHICLES: Final = 250_000
# A file of a large city has a tenth.
_MOST_BYTES: Final = 20_000_000
_COLUMNS: Final = 2
_SECONDS_PER_HOUR: Final = 3_600.0


@dataclass(frozen=True)
class Counts:
    """Daily traffic by place, as a file states it.

    Attributes
    ----------
    vehicles : mapping
        Vehicles a day by the id of a segment or the key of a stretch.
    wrong : tuple of str
        What is wrong with each line that was left out, in one line each.
    """

    vehicles: Mapping[str, float] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rates:
    """What an hour of a vehicle is worth, as the settings say it.

    Attributes
    ----------
    euros_per_hour : float or None
    source : str
        Where that is from.
    """

    euros_per_hour: float | None = None
    source: str = ""


@dataclass(frozen=True, eq=False)
class SegmentCounts:
    """Daily traffic by segment of one network.

    Attributes
    ----------
    vehicles : array of float, shape (segments,)
        Vehicles a day; NaN where nobody counted.
    unknown : tuple of str
        Places of the file that are none of this network.
    """

    vehicles: NDArray[np.float64]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class LostHours:
    """What vehicles lost.

    Attributes
    ----------
    hours : float
        Hours of vehicles.
    vehicles_share : float
        Of the vehicles that were counted and drove through, the share whose time is known, each
        weighted by the free-flow time of its segment; 0 to 1.
    """

    hours: float
    vehicles_share: float


def read_counts(path: Path) -> Counts:
    """Read a file of daily traffic: ``place,vehicles a day`` in each line, or with ``;`` between.

    A first line whose second word is no number is a heading. Empty lines, and those that begin
    with #, say nothing. A place is the id of a segment, or the key of a stretch (``id~id``).

    Raises
    ------
    ConfigurationError
        Where the file cannot be read or is no text.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(
                f"{path}: a file of daily traffic has at most {_MOST_BYTES} bytes"
            )
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: no file of daily traffic can be read: {error}") from None
    vehicles: dict[str, float] = {}
    wrong = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place, value, problem = _read_line(line)
        if number == 1 and value is None:
            continue
        if value is not None and place in vehicles:
            problem = f"{place!r} stands above already"
        if problem:
            wrong.append(f"line {number}: {problem}")
        elif value is not None:
            vehicles[place] = value
    return Counts(vehicles, tuple(wrong))


def _read_line(line: str) -> tuple[str, float | None, str]:
    """Place and vehicles a day of a line, None where that is no number; and what is wrong."""
    words = [word.strip().strip('"') for word in line.split(";" if ";" in line else ",")]
    if len(words) != _COLUMNS or not words[0]:
        return "", None, "expected a place, a comma and vehicles a day"
    try:
        value = float(words[1])
    except ValueError:
        return words[0], None, f"{words[1][:40]!r} is no number of vehicles"
    if not 0 <= value <= _MOST_VEHICLES:
        return words[0], value, f"{words[1][:40]} vehicles a day are not from 0 to {_MOST_VEHICLES}"
    return words[0], value, ""


def counts_by_segment(
    counts: Counts, segment_ids: Sequence[str], stretches: Sequence[Stretch]
) -> SegmentCounts:
    """Daily traffic of each segment of a network; what is said of it alone holds before all else.

    Parameters
    ----------
    counts : Counts
    segment_ids : sequence of str
    stretches : sequence of Stretch
        Those of the same network.
    """
    vehicles = np.full(len(segment_ids), np.nan)
    found = set()
    for stretch in stretches:
        if stretch.key in counts.vehicles:
            vehicles[list(stretch.segments)] = counts.vehicles[stretch.key]
            found.add(stretch.key)
    for index, segment_id in enumerate(segment_ids):
        if segment_id in counts.vehicles:
            vehicles[index] = counts.vehicles[segment_id]
            found.add(segment_id)
    return SegmentCounts(vehicles, tuple(sorted(set(counts.vehicles) - found)))


def vehicle_shares(local_hours: NDArray[np.floating], *, is_weekend: bool) -> NDArray[np.float64]:
    """Which share of a day's vehicles drives in each step of it, shape (steps,); together 1.

    Parameters
    ----------
    local_hours : array of float, shape (steps,)
        When each step of a whole day begins, as the clock of the city shows it: 92 quarters of an
        hour, 96 or 100.
    is_weekend : bool
        Saturday, Sunday or a public holiday.
    """
    by_hour = np.array(WEEKEND_SHARES if is_weekend else WORKING_DAY_SHARES, np.float64)
    weights = by_hour[local_hours.astype(np.int64)]
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def lost_hours(
    times_s: NDArray[np.floating],
    free_s: NDArray[np.floating],
    vehicles: NDArray[np.floating],
    shares: NDArray[np.floating],
) -> LostHours | None:
    """What vehicles lose in some steps of a day; None where nobody is counted, or nothing known.

    Parameters
    ----------
    times_s : array of float, shape (steps, segments)
        Seconds that driving each segment takes; NaN where not known.
    free_s : array of float, shape (segments,)
        The same in free flow; NaN where not known.
    vehicles : array of float, shape (segments,)
        Vehicles a day; NaN where nobody counted.
    shares : array of float, shape (steps,)
        Of a day's vehicles, those in each step: :func:`vehicle_shares`.
    """
    counted = ~np.isnan(vehicles) & ~np.isnan(free_s)
    if not counted.any():
        return None
    driving = shares[:, np.newaxis] * vehicles[counted]
    lost_s = times_s[:, counted] - free_s[counted]
    known = ~np.isnan(lost_s)
    of_all = float((driving * free_s[counted]).sum())
    of_known = float((driving * free_s[counted])[known].sum())
    if not of_known:
        return None
    hours = float((driving * lost_s)[known].sum()) / _SECONDS_PER_HOUR
    # Nothing that is told is faster than free flow.
    return LostHours(max(hours, 0.0), of_known / of_all)
