"""The demo feed itself: simulated traffic in the words of the live API, or as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.city.rennes import RENNES
from services.observe.demo.demand import PERIOD_SECONDS
from services.observe.demo.incidents import InjectedEvent, injected_events
from services.observe.demo.network import MAX_SEGMENTS, DemoNetwork, demo_network
from services.observe.demo.noise import MAX_SEED
from services.observe.demo.traffic import DemoObservations, Simulation, simulate
from services.plain.statuses import DATEX_NAMES
from services.traffic.snapshot import Source

DEFAULT_SEED: Final = 35


@dataclass(frozen=True)
class DemoFeed:
    """A simulated Rennes that answers like the live feed.

    Every value depends on `seed`, `segments` and the instant alone, the network on `segments`
    alone. An instance prepares what does not change at first use.

    Parameters
    ----------
    seed : int
        Below 2⁶⁴.
    segments : int, optional
        How many, 1 to `MAX_SEGMENTS`: the first of the real network, or copies of it as well.
        The real network by default.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """

    seed: int = DEFAULT_SEED
    segments: int | None = None
    source: Source = field(default="demo", init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed={self.seed}: expected 0 to {MAX_SEED}")
        if self.segments is not None and not 0 < self.segments <= MAX_SEGMENTS:
            raise ValueError(f"segments={self.segments}: expected 1 to {MAX_SEGMENTS}")

    @cached_property
    def network(self) -> DemoNetwork:
        """What does not change with time, in the order of the reply."""
        return demo_network(RENNES, self.segments)

    def observations(self, times: Sequence[datetime] | NDArray[np.datetime64]) -> DemoObservations:
        """Simulate several instants without writing any JSON.

        Parameters
        ----------
        times : sequence of aware datetimes, or array of datetime64 in UTC
            In any order; each is floored to the feed's period of 3 minutes.

        Returns
        -------
        DemoObservations
            Arrays of shape (times, segments), 6 bytes a cell: ask for a day at a time.

        Raises
        ------
        ValueError
            If a datetime has no time zone.
        """
        return self._simulation.observations(_period_starts_s(times))

    def injected_events(self, start: datetime, end: datetime) -> list[InjectedEvent]:
        """Return the incidents and closures felt between two aware instants, in order of start."""
        first_s, last_s = _period_starts_s([start, end]).tolist()
        times_s = np.arange(first_s, last_s, PERIOD_SECONDS)
        free_flow_kmh = self.network.limit_kmh * self._simulation.character.free_ratio
        time_s = self.network.length_m / free_flow_kmh * np.float32(3.6)
        return injected_events(self.network, self.seed, time_s, times_s)

    def reply(self, at: datetime) -> bytes:
        """Return the whole reply of the feed at an instant: the JSON of `exports/json`.

        Parameters
        ----------
        at : datetime
            Aware; floored to the feed's period of 3 minutes.

        Raises
        ------
        ValueError
            If `at` has no time zone.
        """
        period_starts_s = _period_starts_s([at])
        observed = self._simulation.observations(period_starts_s)
        observed_at = datetime.fromtimestamp(int(period_starts_s[0]), UTC).astimezone(
            RENNES.time_zone
        )
        moving = zip(
            observed.speed_kmh[0].tolist(),
            observed.travel_time_s[0].tolist(),
            observed.reliability_pct[0].tolist(),
            [DATEX_NAMES[code] for code in observed.status[0].tolist()],
            observed.probes[0].tolist(),
            self.network.records,
            strict=True,
        )
        stamp = observed_at.isoformat(timespec="seconds")
        return msgspec.json.encode(
            [
                {
                    "datetime": stamp,
                    "predefinedlocationreference": fixed["predefinedlocationreference"],
                    "averagevehiclespeed": speed_kmh,
                    "traveltime": time_s,
                    "traveltimereliability": reliability_pct,
                    "trafficstatus": status,
                    "vehicleprobemeasurement": probes,
                    **fixed,
                }
                for speed_kmh, time_s, reliability_pct, status, probes, fixed in moving
            ]
        )

    @cached_property
    def _simulation(self) -> Simulation:
        return simulate(self.network, self.seed)


def _period_starts_s(times: Sequence[datetime] | NDArray[np.datetime64]) -> NDArray[np.int64]:
    seconds = _seconds(times)
    return seconds // PERIOD_SECONDS * PERIOD_SECONDS


def _seconds(times: Sequence[datetime] | NDArray[np.datetime64]) -> NDArray[np.int64]:
    if isinstance(times, np.ndarray):
        return times.astype("datetime64[s]").astype(np.int64)
    if any(time.tzinfo is None for time in times):
        raise ValueError("times need a time zone")
    return np.array([int(time.timestamp() // 1) for time in times], np.int64)
