"""A stored day as one small document that the browser plays on the map.

A document is ``MAGIC``, the length of its header (4 bytes, lowest first), the header (JSON, ASCII,
:class:`Header`) and the frames one behind the other, as long as the header says. The first byte
of a frame is its kind:

- ``GAP``: nothing was observed; no further byte, and every segment reads unknown;
- ``KEY``: the status of every segment, 3 bits each as in a refresh (``services.traffic.status``);
- ``DELTA``: what changed since the last frame that is no gap, as LEB128 numbers: how many segments
  lie between one that changed and the one before it, times four, plus how far its code moved on
  (modulo five, less one).

A key frame comes every :data:`KEY_EVERY` frames, so that no time is further away than that, and
wherever it is shorter than what changed. ``assets/trends_replay_codec.js`` reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.base.errors import InvalidRequest, TrafficError
from services.history.window import Window, replay
from services.plain.statuses import DATEX_NAMES
from services.plain.trends.replay import ReplayAnswer, ReplayQuery
from services.traffic.indicators import congestion_level
from services.traffic.network import Network
from services.traffic.snapshot import Source
from services.traffic.status import has_speed, packed_statuses
from services.traffic.zone_ratios import travel_times_s, zone_times
from services.trends.archive import Archive, Report

MAGIC: Final = b"TRR\x01"
"""The last byte is the version: a reader refuses one that it does not know."""
GAP: Final = 0
KEY: Final = 1
DELTA: Final = 2
KEY_EVERY: Final = 40
"""Frames: two hours at the feed's own pace."""
_LENGTH_BYTES: Final = 4
_STATUSES: Final = len(DATEX_NAMES)
_SEVEN_BITS: Final = 7
# More than 10**10 segments.
_LONGEST_NUMBER: Final = 5
# As pages call data late: ten minutes, or three periods of a feed that is asked less often.
_GAP_AFTER_S: Final = 600
_GAP_AFTER_PERIODS: Final = 3


class NothingStored(TrafficError):
    """Nothing was kept of a day."""

    reason = "nothing_stored"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says before its frames.

    Attributes
    ----------
    day : date
        In the city.
    source : {"live", "archive", "demo"}
    network : str
        The version of the network in whose order segments are.
    segments : int
    start, end : int
        Its midnight and the next one, seconds since 1970 UTC.
    until : int
        The end, or of a day that is not over the last observation, likewise.
    steps : list of int
        Seconds of each frame behind the one before; of the first behind ``start``.
    levels : list of int or None
        The network's congestion at each frame in whole percent; None where too little is known.
    sizes : list of int
        Bytes of each frame.
    """

    day: date
    source: Source
    network: str
    segments: int
    start: int
    end: int
    until: int
    steps: list[int]
    levels: list[int | None]
    sizes: list[int]


class Frame(NamedTuple):
    """What is shown from a time on: status codes by segment, or None in a gap; congestion level."""

    epoch_s: int
    codes: NDArray[np.uint8] | None
    level: float | None


@dataclass(frozen=True)
class ReplayDay:
    """A day to be played.

    Attributes
    ----------
    start_s, end_s, until_s : int
        As of :class:`Header`.
    frames : sequence of Frame
        In order of time; none where nothing was observed.
    """

    day: date
    source: Source
    network_version: str
    segments: int
    start_s: int
    end_s: int
    until_s: int
    frames: tuple[Frame, ...]


def answer_replay(archive: Archive, query: ReplayQuery, report: Report) -> ReplayAnswer:
    """Answer.

    Raises
    ------
    NothingStored, InvalidRequest, StorageError
    """
    if query.day > archive.today:
        raise InvalidRequest("jour", query.day.isoformat(), "a day that has come")
    report(0, 1)
    day = replay_day(archive, query.day)
    if not day.frames:
        raise NothingStored(f"nothing is kept of {query.day}")
    report(1, 1)
    return ReplayAnswer(encode_replay(day), is_over=query.day < archive.today)


def replay_day(archive: Archive, day: date) -> ReplayDay:
    """A stored day of the archive's city, as seen on the network of today.

    Parameters
    ----------
    day : date
        Local to the city. The one of today ends with its last observation.

    Raises
    ------
    StorageError
    """
    network, city = archive.network, archive.city
    window = replay(archive.data_dir, archive.source, day, network, values=("status", "speed_kmh"))
    start, end = (int(city.midnight(each).timestamp()) for each in (day, day + timedelta(days=1)))
    last = int(window.epoch_s[-1]) if len(window.epoch_s) else start
    until = end if day < archive.today else last
    frames = tuple(_frames(window, _levels(network, window), start, until))
    return ReplayDay(day, archive.source, network.version, len(network), start, end, until, frames)


def encode_replay(replayed: ReplayDay) -> bytes:
    """A day as the document that this module describes."""
    frames = list(_encoded(replayed.frames))
    times = [frame.epoch_s for frame in replayed.frames]
    header = msgspec.json.encode(
        Header(
            day=replayed.day,
            source=replayed.source,
            network=replayed.network_version,
            segments=replayed.segments,
            start=replayed.start_s,
            end=replayed.end_s,
            until=replayed.until_s,
            steps=np.diff(times, prepend=replayed.start_s).tolist(),
            levels=[_percent(frame.level) for frame in replayed.frames],
            sizes=[len(frame) for frame in frames],
        )
    )
    return b"".join([MAGIC, len(header).to_bytes(_LENGTH_BYTES, "little"), header, *frames])


def read_header(document: bytes) -> Header:
    """What a document says before its frames."""
    begins = len(MAGIC) + _LENGTH_BYTES
    size = int.from_bytes(document[len(MAGIC) : begins], "little")
    return msgspec.json.decode(document[begins : begins + size], type=Header)


def _frames(
    window: Window, levels: list[float | None], start_s: int, until_s: int
) -> Iterator[Frame]:
    """The observations, and a gap wherever the next one is too long in coming."""
    times = window.epoch_s.tolist()
    if not times:
        return
    patience_s = _gap_after_s(window.epoch_s)
    if times[0] - start_s > patience_s:
        yield Frame(start_s, None, None)
    for place, (at, following) in enumerate(zip(times, [*times[1:], until_s], strict=True)):
        yield Frame(at, window.values["status"][place], levels[place])
        if following - at > patience_s:
            yield Frame(at + patience_s, None, None)


def _gap_after_s(epoch_s: NDArray[np.int64]) -> int:
    period_s = float(np.median(np.diff(epoch_s))) if len(epoch_s) > 1 else 0.0
    return max(_GAP_AFTER_S, round(_GAP_AFTER_PERIODS * period_s))


def _levels(network: Network, window: Window) -> list[float | None]:
    """The whole network's congestion level at each time; None where too little is known."""
    status, speed_kmh = window.values["status"], window.values["speed_kmh"]
    driven_kmh = np.where(has_speed(status), speed_kmh, np.float32(np.nan))
    whole = zone_times(network, travel_times_s(network, driven_kmh)).speed_ratios()[..., -1]
    return [None if np.isnan(ratio) else congestion_level(ratio) for ratio in whole.tolist()]


def _encoded(frames: tuple[Frame, ...]) -> Iterator[bytes]:
    shown: NDArray[np.uint8] | None = None
    since_key = 0
    for frame in frames:
        if frame.codes is None:
            yield bytes([GAP])
            continue
        key = bytes([KEY]) + packed_statuses(frame.codes)
        if shown is None or since_key + 1 >= KEY_EVERY:
            written = key
        else:
            written = min(_delta(shown, frame.codes), key, key=len)
        since_key = 0 if written is key else since_key + 1
        shown = frame.codes
        yield written


def _delta(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bytes:
    changed = np.flatnonzero(before != after)
    between = np.diff(changed, prepend=-1) - 1
    # Unsigned bytes would wrap at 256.
    moved = (after[changed].astype(np.int64) - before[changed]) % _STATUSES - 1
    return bytes([DELTA]) + _numbers(between * (_STATUSES - 1) + moved)


def _numbers(values: NDArray[np.int64]) -> bytes:
    """Whole numbers in as few bytes as each needs: seven bits a byte, lowest first (LEB128)."""
    groups = values[:, np.newaxis] >> (_SEVEN_BITS * np.arange(_LONGEST_NUMBER))
    goes_on = groups >> _SEVEN_BITS > 0
    is_written = groups > 0
    is_written[:, 0] = True
    written = (groups & ((1 << _SEVEN_BITS) - 1)) | (goes_on.astype(np.int64) << _SEVEN_BITS)
    return written[is_written].astype(np.uint8).tobytes()


def _percent(level: float | None) -> int | None:
    return None if level is None else round(100 * level)
