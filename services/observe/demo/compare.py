"""How the simulation differs from a real capture of the feed, by class, zone and limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from services.base.errors import FeedRefused
from services.city.city import City
from services.observe.archives.run import records_of
from services.observe.archives.shapes import FlatRecord, flat
from services.observe.archives.source_file import UNREADABLE, open_archive, refusal
from services.observe.demo.feed import DEFAULT_SEED, DemoFeed
from services.observe.demo.network import DemoNetwork, RoadClass
from services.observe.feeds.reply import ID_FIELD, TIME_FIELD, ReplyColumns, fill_unknown
from services.traffic.status import STATUS_OF_DATEX_NAME, Status, has_speed

# One simulated day may be a bad one: a day of each of so many seeds.
DAYS: Final = 16

_SHARES: Final = {
    "free %": Status.FREE_FLOW,
    "heavy %": Status.HEAVY,
    "congested %": Status.CONGESTED,
    "unknown %": Status.UNKNOWN,
}
_QUANTILES: Final = (10, 50, 90)
_PERCENT: Final = np.arange(1, 100)
_MIN_SEGMENTS: Final = 20


@dataclass(frozen=True, eq=False)
class Traffic:
    """What some snapshots show; every array has shape (snapshots, segments).

    Parameters
    ----------
    status : array of uint8
    ratio : array of float
        Speed ÷ limit; NaN where there is no speed.
    probes, reliability_pct : array of uint8
    """

    status: NDArray[np.uint8]
    ratio: NDArray[np.float64]
    probes: NDArray[np.uint8]
    reliability_pct: NDArray[np.uint8]

    def of(self, segments: NDArray[np.int64]) -> Traffic:
        """The same of some segments."""
        return Traffic(
            self.status[:, segments],
            self.ratio[:, segments],
            self.probes[:, segments],
            self.reliability_pct[:, segments],
        )


@dataclass(frozen=True, eq=False)
class Capture:
    """A real snapshot.

    Parameters
    ----------
    observed_at : datetime
        Aware.
    segments : array of int64
        Places in the network of the segments that it has.
    traffic : Traffic
        Of these segments.
    """

    observed_at: datetime
    segments: NDArray[np.int64]
    traffic: Traffic


@dataclass(frozen=True)
class Comparison:
    """A group of segments: each figure in the capture and in the simulation, and two distances.

    Parameters
    ----------
    group : str
    segments : int
    figures : dict
        By name: in the capture, in the simulation.
    status_distance : float
        Total variation between the shares of statuses: what part would have to change, 0 to 1.
    ratio_distance : float
        Wasserstein's between the distributions of speed ÷ limit: by how much it is off on average.
    """

    group: str
    segments: int
    figures: dict[str, tuple[float, float]]
    status_distance: float
    ratio_distance: float


def read_capture(path: Path, network: DemoNetwork) -> Capture:
    """Read a capture of the feed in any form that the history takes.

    Raises
    ------
    FeedRefused
        When it is none, or has no segment of the network.
    StorageError
        When it cannot be read.
    """
    place_of_id = {segment_id: place for place, segment_id in enumerate(network.ids)}
    records = {
        place_of_id[record[ID_FIELD]]: record
        for record in _flat_records(path)
        if record.get(ID_FIELD) in place_of_id
    }
    if not records:
        raise FeedRefused(ID_FIELD, "no segment of the network")
    columns: dict[str, list[Any]] = {
        field: [record.get(field) for record in records.values()]
        for field in ReplyColumns.model_fields
    }
    fill_unknown(columns)
    try:
        checked = ReplyColumns.model_validate(columns)
        [(text, _)] = Counter(record.get(TIME_FIELD) for record in records.values()).most_common(1)
        observed_at = datetime.fromisoformat(str(text))
    except (ValidationError, ValueError) as error:
        raise FeedRefused("body", str(error).partition("\n")[0]) from None
    segments = np.array(list(records), np.int64)
    status = np.array([STATUS_OF_DATEX_NAME[name] for name in checked.trafficstatus], np.uint8)
    probes = np.array(checked.vehicleprobemeasurement, np.uint8)
    reliability_pct = np.array(checked.traveltimereliability, np.uint8)
    traffic = _traffic(
        network.limit_kmh[segments],
        np.array(checked.averagevehiclespeed),
        (status, probes, reliability_pct),
    )
    return Capture(observed_at, segments, traffic)


def simulated(capture: Capture) -> Traffic:
    """The simulation at the time of a capture, of its segments: a day of each of `DAYS` seeds."""
    days = []
    for seed in range(DEFAULT_SEED, DEFAULT_SEED + DAYS):
        feed = DemoFeed(seed)
        seen = feed.observations([capture.observed_at])
        speed_kmh, *others = (
            values[0, capture.segments]
            for values in (seen.speed_kmh, seen.status, seen.probes, seen.reliability_pct)
        )
        days.append(_traffic(feed.network.limit_kmh[capture.segments], speed_kmh, others))
    return Traffic(
        *(
            np.concatenate([getattr(day, name) for day in days])
            for name in ("status", "ratio", "probes", "reliability_pct")
        )
    )


def comparisons(
    city: City, network: DemoNetwork, capture: Capture, simulation: Traffic
) -> Iterator[Comparison]:
    """Compare all segments, those of each class, zone and limit; small groups are left out."""
    of_class, of_zone, of_limit = (
        values[capture.segments] for values in (network.road_class, network.zone, network.limit_kmh)
    )
    groups = {"all": np.ones(len(capture.segments), bool)}
    groups |= {f"class {c.name.lower()}": of_class == c for c in RoadClass}
    groups |= {f"zone {name}": of_zone == code for code, name in enumerate(city.zones)}
    groups |= {f"limit {limit} km/h": of_limit == limit for limit in np.unique(of_limit).tolist()}
    for name, members in groups.items():
        places = np.flatnonzero(members)
        if len(places) >= _MIN_SEGMENTS:
            pairs = _neighbours(network, capture.segments[places])
            yield _comparison(name, capture.traffic.of(places), simulation.of(places), pairs)


def table(found: list[Comparison]) -> str:
    """Comparisons as a table in Markdown: each figure of the capture / of the simulation."""
    header = ["group", "segments", "status distance", "ratio distance", *found[0].figures]
    lines = [header, ["---"] * len(header)]
    for item in found:
        distances = f"{item.status_distance:.2f}", f"{item.ratio_distance:.2f}"
        figures = (f"{real:.3g} / {made:.3g}" for real, made in item.figures.values())
        lines.append([item.group, f"{item.segments:,}", *distances, *figures])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _flat_records(path: Path) -> list[FlatRecord]:
    try:
        with open_archive(path) as archive:
            records = [fields for record in records_of(archive) if (fields := flat(record))]
            archive.check_end()
    except UNREADABLE as error:
        raise refusal(error) from None
    return records


def _traffic(
    limit_kmh: NDArray[np.uint8], speed_kmh: NDArray[Any], others: Sequence[NDArray[np.uint8]]
) -> Traffic:
    """One snapshot; the others are status, probes and reliability."""
    status, probes, reliability_pct = (values[None, :] for values in others)
    ratio = np.where(has_speed(status), speed_kmh / limit_kmh, np.nan)
    return Traffic(status, ratio, probes, reliability_pct)


def _neighbours(
    network: DemoNetwork, segments: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of segments that follow one another on a road, as places among the given ones."""
    order = np.lexsort((network.position_m[segments], network.corridor[segments]))
    first, second = order[:-1], order[1:]
    corridor, position_m = network.corridor[segments], network.position_m[segments]
    lengths_m = network.length_m[segments]
    gap_m = position_m[second] - position_m[first] - (lengths_m[first] + lengths_m[second]) / 2
    follows = (corridor[first] == corridor[second]) & (np.abs(gap_m) < 1.0)
    return first[follows], second[follows]


def _comparison(
    group: str,
    real: Traffic,
    made: Traffic,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Comparison:
    of_real, of_made = _figures(real, pairs), _figures(made, pairs)
    figures = {name: (of_real[name], of_made[name]) for name in of_real}
    statuses = [abs(a - b) for a, b in (figures[name] for name in _SHARES)]
    ratios = (np.nanpercentile(traffic.ratio, _PERCENT) for traffic in (real, made))
    return Comparison(
        group=group,
        segments=real.status.shape[1],
        figures=figures,
        status_distance=sum(statuses) / 2 / 100,
        ratio_distance=float(np.abs(np.subtract(*ratios)).mean()),
    )


def _figures(
    traffic: Traffic, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> dict[str, float]:
    known = traffic.status != Status.UNKNOWN
    ratio = traffic.ratio[~np.isnan(traffic.ratio)]
    shares = {name: 100.0 * float((traffic.status == s).mean()) for name, s in _SHARES.items()}
    quantiles = {f"ratio P{q}": float(np.percentile(ratio, q)) for q in _QUANTILES}
    return {
        **shares,
        **quantiles,
        "over the limit %": 100.0 * float((ratio > 1.0).mean()),
        "probes": float(traffic.probes[known].mean()),
        "reliability %": float(traffic.reliability_pct[known].mean()),
        "neighbours": _agreement(traffic.ratio, pairs),
    }


def _agreement(
    ratio: NDArray[np.float64], pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> float:
    """Correlation of the ratio with that of the next segment."""
    first, second = (ratio[:, places].ravel() for places in pairs)
    known = ~np.isnan(first) & ~np.isnan(second)
    if known.sum() < _MIN_SEGMENTS:
        return float("nan")
    return float(np.corrcoef(first[known], second[known])[0, 1])
