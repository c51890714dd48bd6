"""The traffic simulation of the demo feed: what every segment shows at given instants.

Travel time grows with load as in the Bureau of Public Roads' function (1964),
``t = t0 (1 + a load^b)``, with b = 4 in town and 8 on fast roads, where flow breaks down more
suddenly. Load is weekly demand times what the day, the weather and noise that drifts in time and
along each road make of it.
Every value is a function of (seed, network, instant) alone, made from integers, the rounded arrays
of the network and single IEEE operations: it is the same in any process and on any platform.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.observe.demo import noise
from services.observe.demo.character import SECTORS, Character, character_of
from services.observe.demo.demand import PERIOD_SECONDS, Profile, local_time
from services.observe.demo.incidents import added_delay, closures_at, incidents_at
from services.observe.demo.network import DemoNetwork
from services.observe.demo.noise import Purpose
from services.observe.demo.sites import delay_at_site, sites_at
from services.traffic.status import Status

Floats = NDArray[np.float32]

# The real feed has not shown a closed road yet: a crawl, which no one will take for free flow.
CLOSED_SPEED_KMH: Final = 5
MAX_SPEED_KMH: Final = 130
MAX_PROBES: Final = 16

# Bounds the memory of a call: about 30 temporary arrays of this many cells.
_CELLS_PER_BLOCK: Final = 120_000

# With one, two, more probes: how often the reliability is the usual one, which that is, and the
# least it can be. Noon and rush (services.observe.demo.calibration).
_RELIABILITY: Final = ((0.45, 60, 20), (0.62, 75, 42), (0.86, 100, 75))
_LOTS: Final = 256

# What segments of a road have in common, as shares of variance: of the luck of the probes that
# measure them, and of how many these are, which their road, cell and lasting difference decide but
# for a last share. Noon and rush: correlation with the next segment of the ratio (0.7), of the
# unknown (0.8) and of the probes (0.7).
_SHARED_LUCK: Final = 0.68
_LASTING_ACTIVITY, _ROAD_ACTIVITY, _CELL_ACTIVITY = 0.5, 0.4, 0.1
_OWN_COUNT: Final = 0.12

# How much noise that drifts along roads changes the load.
_DRIFT: Final = np.float32(0.13)
# No capture says how fast anything changes.
_DRIFT_KNOT_S, _SECTOR_KNOT_S, _TOWN_KNOT_S = 2_700, 7_200, 4_500
_LUCK_KNOT_S, _ACTIVITY_KNOT_S = 900, 1_800
_WEATHER_KNOT_S, _SHOWER_KNOT_S = 43_200, 9_000


@dataclass(frozen=True, eq=False)
class DemoObservations:
    """What the feed shows at several instants; every array has shape (times, segments).

    Parameters
    ----------
    status : array of uint8
        Codes of :class:`services.traffic.status.Status`.
    speed_kmh : array of uint8
        Filler (the limit) where the status is unknown.
    travel_time_s : array of uint16
    reliability_pct : array of uint8
        0 to 100; 0 where and only where the status is unknown.
    probes : array of uint8
        Vehicles counted, 0 to 16; 0 where and only where the status is unknown.
    """

    status: NDArray[np.uint8]
    speed_kmh: NDArray[np.uint8]
    travel_time_s: NDArray[np.uint16]
    reliability_pct: NDArray[np.uint8]
    probes: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Simulation:
    """A network and the behaviour of its segments for one seed."""

    network: DemoNetwork
    seed: int
    character: Character

    def observations(self, times_s: NDArray[np.int64]) -> DemoObservations:
        """Simulate instants given in seconds since 1970 (UTC), each a whole period."""
        shape = (len(times_s), len(self.network))
        result = DemoObservations(
            status=np.empty(shape, np.uint8),
            speed_kmh=np.empty(shape, np.uint8),
            travel_time_s=np.empty(shape, np.uint16),
            reliability_pct=np.empty(shape, np.uint8),
            probes=np.empty(shape, np.uint8),
        )
        rows_per_block = max(1, _CELLS_PER_BLOCK // len(self.network))
        for start in range(0, len(times_s), rows_per_block):
            rows = slice(start, start + rows_per_block)
            self._fill(result, rows, times_s[rows])
        return result

    def _fill(self, result: DemoObservations, rows: slice, times_s: NDArray[np.int64]) -> None:
        load = self._load(times_s)
        probes, reliability = self._measured(times_s, load)
        delay = self._delay(times_s, load)
        ratio = self.character.free_ratio * self._wet_slowness(times_s) / delay
        ratio *= self._sample(times_s, load, probes)
        limit = self.network.limit_kmh
        speed = np.clip(np.floor(limit * ratio + 0.5), 1, MAX_SPEED_KMH).astype(np.uint8)
        status = status_of_speed(speed, limit)
        unknown = probes == 0
        speed = np.where(unknown, limit, speed)
        status[unknown] = Status.UNKNOWN
        self._close(times_s, status, speed, probes, reliability)
        result.status[rows], result.speed_kmh[rows] = status, speed
        result.probes[rows], result.reliability_pct[rows] = probes, reliability
        result.travel_time_s[rows] = travel_time_s(self.network.length_m, speed)

    def _load(self, times_s: NDArray[np.int64]) -> Floats:
        """Return demand ÷ what the road takes easily, shape (times, segments)."""
        local, character = local_time(times_s), self.character
        load: Floats = local.demand[:, :1] * character.demand_share[0]
        for profile in (Profile.OUTBOUND, Profile.TOWN):
            load += local.demand[:, profile, None] * character.demand_share[profile]
        level = self._level(times_s, local.day)
        drift = character.along.spread(self._smooth(Purpose.DRIFT, times_s, _DRIFT_KNOT_S))
        load *= level[:, character.sector] + _DRIFT * drift
        return load

    def _level(self, times_s: NDArray[np.int64], day: NDArray[np.int64]) -> Floats:
        """Return what the day, the hour and the weather make of demand, shape (times, sectors)."""
        days, inverse = np.unique(day, return_inverse=True)
        by_day = np.stack(
            [noise.normals(self.seed, Purpose.DAY, int(d), 1 + SECTORS) for d in days]
        )[inverse]
        town = noise.smooth_noise(self.seed, Purpose.TOWN, times_s, _TOWN_KNOT_S, 1)
        sector = noise.smooth_noise(self.seed, Purpose.SECTOR, times_s, _SECTOR_KNOT_S, SECTORS)
        whole = 1.0 + 0.055 * by_day[:, :1] + 0.03 * town + 0.06 * self._rain(times_s)
        level: Floats = whole + 0.03 * by_day[:, 1:] + 0.03 * sector
        return level

    def _rain(self, times_s: NDArray[np.int64]) -> Floats:
        """Return how hard it rains, 0 to 1.5, shape (times, 1)."""
        spell = noise.smooth_noise(self.seed, Purpose.WEATHER_SPELL, times_s, _WEATHER_KNOT_S, 1)
        shower = noise.smooth_noise(self.seed, Purpose.SHOWER, times_s, _SHOWER_KNOT_S, 1)
        rain: Floats = np.clip(spell + 0.6 * shower - 0.4, 0.0, 1.5)
        return rain

    def _wet_slowness(self, times_s: NDArray[np.int64]) -> Floats:
        slowness: Floats = 1.0 - 0.04 * self._rain(times_s)
        return slowness

    def _delay(self, times_s: NDArray[np.int64], load: Floats) -> Floats:
        """Return travel time ÷ free-flow travel time."""
        fourth = load * load
        fourth *= fourth
        delay: Floats = fourth * self.character.fast_delay
        delay += self.character.town_delay
        delay *= fourth
        delay += 1.0
        for incident in incidents_at(self.network, self.seed, times_s):
            rows, columns, added = added_delay(incident, self.network, times_s)
            delay[np.ix_(rows, columns)] += added
        for site, rows in sites_at(self.network, self.seed, local_time(times_s)):
            columns, added = delay_at_site(site, self.network)
            delay[np.ix_(rows, columns)] += added
        return delay

    def _sample(
        self, times_s: NDArray[np.int64], load: Floats, probes: NDArray[np.uint8]
    ) -> Floats:
        """Return the speed that the probes show ÷ that of the whole traffic.

        One probe passes several segments of a road. It may have met a red light, hence the long
        tail of low speeds, longer the more traffic there is; that of high ones, of single probes
        that are no cars in the traffic, averages out with their number.
        """
        conduct = self.character.conduct
        shared = self._smooth(Purpose.LUCK, times_s, _LUCK_KNOT_S)
        luck = self.character.along.spread(shared) * np.float32(np.sqrt(_SHARED_LUCK))
        own = noise.normals_from_bits(self._bits(Purpose.MEASUREMENT, times_s))
        luck += own * np.float32(np.sqrt(1.0 - _SHARED_LUCK))
        held_up = np.maximum(-luck, 0.0) * (0.4 + 0.6 * load)
        hasty = np.maximum(luck, 0.0) / np.sqrt(np.maximum(probes, 1).astype(np.float32))
        faster: Floats = 1.0 + hasty * (conduct.haste + conduct.long_haste * hasty * hasty)
        faster /= 1.0 + held_up * (conduct.hold_up + conduct.long_hold_up * held_up)
        return faster

    def _measured(
        self, times_s: NDArray[np.int64], load: Floats
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return probes and reliability; both are 0 where nothing was measured."""
        conduct = self.character.conduct
        low, high, lot, _ = noise.parts(self._bits(Purpose.PROBES, times_s))
        activity = self._activity(times_s)
        # Fewer cars, fewer probes: at night a small street is more often unknown than not.
        seen = activity >= conduct.unknown_below - conduct.seen_per_load * load
        # The sum of two dice has a deviation of 65536 · sqrt(2 / 12).
        around = low.astype(np.float32)
        around += high
        around -= 65_535.0
        around *= np.float32(np.sqrt(_OWN_COUNT) / 26_755.0)
        activity *= np.float32(np.sqrt(1.0 - _OWN_COUNT))
        activity += around
        # Nearly e^(0.7 activity), by single operations.
        activity *= 0.175
        growth = np.maximum(activity + 1.0, 0.0)
        growth *= growth
        growth *= growth
        growth *= conduct.probes * np.minimum(0.55 + 0.75 * load, 1.1)
        # Cut off, so that half and more counts as one more.
        counted = np.clip(growth + 0.5, 1, MAX_PROBES).astype(np.uint8)
        counted *= seen
        return counted, reliability_pct(counted, lot)

    def _activity(self, times_s: NDArray[np.int64]) -> Floats:
        """Return how much of the traffic is measured: mean 0, deviation 1, alike along a road."""
        along = self.character.along
        of_cells = self._smooth(Purpose.CELL_ACTIVITY, times_s, _ACTIVITY_KNOT_S)
        of_roads = noise.smooth_noise(
            self.seed, Purpose.ROAD_ACTIVITY, times_s, _ACTIVITY_KNOT_S, along.roads
        )
        activity: Floats = along.spread(of_cells) * np.float32(np.sqrt(_CELL_ACTIVITY))
        activity += of_roads[:, along.road] * np.float32(np.sqrt(_ROAD_ACTIVITY))
        activity += self.character.activity * np.float32(np.sqrt(_LASTING_ACTIVITY))
        return activity

    def _smooth(self, purpose: Purpose, times_s: NDArray[np.int64], knot_s: int) -> Floats:
        return noise.smooth_noise(self.seed, purpose, times_s, knot_s, self.character.along.cells)

    def _bits(self, purpose: Purpose, times_s: NDArray[np.int64]) -> NDArray[np.uint64]:
        periods = (times_s // PERIOD_SECONDS).tolist()
        count = len(self.network)
        return np.stack([noise.raw(self.seed, purpose, period, count) for period in periods])

    def _close(
        self,
        times_s: NDArray[np.int64],
        status: NDArray[np.uint8],
        speed: NDArray[np.uint8],
        probes: NDArray[np.uint8],
        reliability: NDArray[np.uint8],
    ) -> None:
        for rows, segments in self._closed(times_s):
            cells = np.ix_(rows, np.array(segments))
            status[cells], speed[cells] = Status.IMPOSSIBLE, CLOSED_SPEED_KMH
            probes[cells], reliability[cells] = 1, 60

    def _closed(
        self, times_s: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], tuple[int, ...]]]:
        """Return which segments are closed and at which instants, as indices."""
        for closure in closures_at(self.network, self.seed, times_s):
            is_on = (times_s >= closure.start_s) & (times_s < closure.end_s)
            yield np.flatnonzero(is_on), closure.segments
        for site, rows in sites_at(self.network, self.seed, local_time(times_s)):
            if site.plan.is_closed:
                yield rows, site.segments


def simulate(network: DemoNetwork, seed: int) -> Simulation:
    """Prepare the simulation of a network."""
    return Simulation(network, seed, character_of(network, seed))


def status_of_speed(
    speed_kmh: NDArray[np.uint8], limit_kmh: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Apply the feed's rule: congested up to 30 % of the limit, free flow from 70 %.

    In integers: a speed on a boundary must not depend on rounding.
    """
    tenths = speed_kmh.astype(np.uint16) * np.uint16(10)
    limit = limit_kmh.astype(np.uint16)
    status = np.full(speed_kmh.shape, Status.HEAVY, np.uint8)
    status[tenths <= 3 * limit] = Status.CONGESTED
    status[tenths >= 7 * limit] = Status.FREE_FLOW
    return status


def travel_time_s(length_m: Floats, speed_kmh: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return length ÷ speed, to the nearest second."""
    seconds = length_m * np.float32(3.6) / speed_kmh.astype(np.float32)
    return np.floor(seconds + np.float32(0.5)).astype(np.uint16)


def reliability_pct(probes: NDArray[np.uint8], lot: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Say how far a speed can be trusted, from the probes behind it and a 16-bit lot.

    60 for nearly half of single probes, 75 for most pairs, and nearly always 100 from three on.
    """
    place = np.minimum(probes, len(_RELIABILITY)) * np.uint16(_LOTS)
    place += lot // np.uint16(65_536 // _LOTS)
    return np.take(_reliability_of_lot(), place)


@cache
def _reliability_of_lot() -> NDArray[np.uint8]:
    """Reliabilities of no, one, two, more probes for each lot, one after another."""
    lots = np.arange(_LOTS)
    rows = [np.zeros(_LOTS)]
    for usual_share, usual, least in _RELIABILITY:
        usual_lots = int(_LOTS * usual_share)
        others = least + (lots - usual_lots) * (usual - least) // (_LOTS - usual_lots)
        rows.append(np.where(lots < usual_lots, usual, others))
    return np.concatenate(rows).astype(np.uint8)
