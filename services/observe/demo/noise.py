"""Repeatable randomness for the demo feed: any draw can be asked for again, in any order.

A draw is addressed by (seed, purpose, index), not taken from a sequence, so the traffic of one
instant needs nothing from the instants before it. Philox is a counter-based generator (Salmon et
al., "Parallel random numbers: as easy as 1, 2, 3", 2011) whose raw stream NumPy keeps stable
across versions and platforms; what is built on it here uses integers and single IEEE operations
only, so results are the same bit for bit everywhere.
"""

from __future__ import annotations

from enum import IntEnum, unique

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**64 - 1

_UINT16_SUM_MEAN = np.float32(4 * 65_535 / 2)
_UINT16_SUM_DEVIATION = np.float32(37_836.7)  # 65536 · sqrt(4 / 12)


@unique
class Purpose(IntEnum):
    """What a draw is for; two purposes never share their numbers."""

    CHARACTER = 1
    MEASUREMENT = 2
    LUCK = 3
    PROBES = 4
    CELL_ACTIVITY = 5
    ROAD_ACTIVITY = 6
    DRIFT = 7
    SECTOR = 8
    TOWN = 9
    DAY = 10
    WEATHER_SPELL = 11
    SHOWER = 12
    INCIDENT = 13
    CLOSURE = 14
    ROADWORK = 15


def raw(seed: int, purpose: Purpose, index: int, count: int) -> NDArray[np.uint64]:
    """Draw `count` integers of 64 random bits, the same ones at every call."""
    counter = [0, 0, index % 2**64, 0]
    # The first key is the seed's, the second the purpose's: no two addresses meet.
    return np.random.Philox(key=[seed, int(purpose)], counter=counter).random_raw(count)


def uniforms(seed: int, purpose: Purpose, index: int, count: int) -> NDArray[np.float64]:
    """Draw `count` numbers in [0, 1)."""
    top_bits = (raw(seed, purpose, index, count) >> np.uint64(11)).astype(np.float64)
    return top_bits * 2.0**-53


def parts(bits: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Split 64-bit integers in their four 16-bit parts, the lowest first: shape (4, ...)."""
    split: NDArray[np.uint16] = bits.astype("<u8", copy=False).view("<u2")
    return np.moveaxis(split.reshape(*bits.shape, 4), -1, 0)


def normals_from_bits(bits: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Turn each 64-bit integer into a nearly normal number (mean 0, deviation 1, within ±3.5).

    The sum of its four 16-bit parts (Irwin-Hall, n = 4): no logarithm or cosine, whose last bit
    differs between platforms.
    """
    total = np.zeros(bits.shape, np.float32)
    for part in parts(bits):
        total += part
    return (total - _UINT16_SUM_MEAN) / _UINT16_SUM_DEVIATION


def normals(seed: int, purpose: Purpose, index: int, count: int) -> NDArray[np.float32]:
    """Draw `count` nearly normal numbers."""
    return normals_from_bits(raw(seed, purpose, index, count))


def smooth_noise(
    seed: int, purpose: Purpose, times_s: NDArray[np.int64], knot_s: int, count: int
) -> NDArray[np.float32]:
    """Noise that drifts in time: normal numbers at regular knots, joined smoothly.

    Parameters
    ----------
    times_s : array of int64, shape (times,)
        Instants, in seconds since 1970 (UTC).
    knot_s : int
        Time between knots; values further apart than two knots are independent.
    count : int
        How many independent noises.

    Returns
    -------
    array of float32, shape (times, count)
        Mean 0 and deviation 1 at every instant.
    """
    knots, inverse = np.unique(times_s // knot_s, return_inverse=True)
    table = {
        knot: normals(seed, purpose, knot, count)
        for knot in sorted({int(k) + step for k in knots for step in (0, 1)})
    }
    before = np.stack([table[int(knot)] for knot in knots])[inverse]
    after = np.stack([table[int(knot) + 1] for knot in knots])[inverse]
    weight = ((times_s % knot_s) / knot_s).astype(np.float32)[:, None]
    return blend(before, after, weight * weight * (3.0 - 2.0 * weight))


def blend(
    before: NDArray[np.float32], after: NDArray[np.float32], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mix two independent noises without losing variance half-way."""
    rest = 1.0 - weight
    scale = 1.0 / np.sqrt(weight * weight + rest * rest)
    mixed: NDArray[np.float32] = before * (rest * scale)
    mixed += after * (weight * scale)
    return mixed
