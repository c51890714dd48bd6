"""What is usual at one hour of the week, and how a snapshot compares with it.

The worker writes it once an hour (``services.history.typical``) as one small
file, so that no page waits for a history to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.parquet_file import ParquetForm, numbers
from services.city.city import City
from services.traffic.indicators import travel_time_s
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot, Source
from services.traffic.status import has_speed
from services.traffic.usual import USUAL_QUANTILES, UsualRatios, compare
from services.traffic.zone_ratios import zone_times

_HOUR: Final = timedelta(hours=1)
_FORM: Final = ParquetForm(b"traffic_usual_hour", "a file of usual traffic", StorageError)
_COLUMNS: Final = (*USUAL_QUANTILES, "observations")


@dataclass(frozen=True, eq=False)
class UsualHour:
    """Speed ratios usual at the hour of the week that begins at a time.

    Attributes
    ----------
    source : {"live", "demo", "archive"}
        Whose history: simulated traffic says nothing of the real one.
    network_version : str
        The network whose order ``segments`` follows.
    start : datetime
        Aware, UTC. What is usual is what was known then: the hour's own traffic is not in it.
    segments : UsualRatios
        Arrays of shape (segments,).
    zones : UsualRatios
        Arrays of shape (zones,), in the order of ``City.zones``.
    """

    source: Source
    network_version: str
    start: datetime
    segments: UsualRatios
    zones: UsualRatios

    def tells_of(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot is of this hour, source and network.

        An archive never is: what is usual "at this hour" is said of now only.
        """
        return (
            snapshot.source == self.source
            and snapshot.network_version == self.network_version
            and len(snapshot) == np.size(self.segments.p50)
            and hour_start(snapshot.observed_at) == self.start
        )


@dataclass(frozen=True, eq=False)
class ComparedTraffic:
    """A snapshot beside the usual.

    Attributes
    ----------
    segments : array of uint8, shape (segments,)
        Codes of :class:`services.traffic.usual.Comparison`.
    zones : array of uint8, shape (zones,)
        The same for each zone of ``City.zones``.
    usual_kmh : dict of array of float, shape (segments,)
        ``p2`` to ``p98``: speeds usual at this hour, NaN where too few were seen.
    """

    segments: NDArray[np.uint8]
    zones: NDArray[np.uint8]
    usual_kmh: dict[str, NDArray[np.float64]]


def hour_start(moment: datetime) -> datetime:
    """The start of the hour of an aware time, in UTC: offsets of a city are whole hours.

    Examples
    --------
    >>> hour_start(datetime(2026, 11, 23, 7, 40, tzinfo=UTC)).isoformat()
    '2026-11-23T07:00:00+00:00'
    """
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def compare_traffic(network: Network, snapshot: Snapshot, usual: UsualHour) -> ComparedTraffic:
    """Compare every segment and zone with what is usual.

    Parameters
    ----------
    network, snapshot
        Of the same version.
    usual : UsualHour
        One that tells of the snapshot.
    """
    is_known = usual.segments.is_known()
    usual_kmh = {
        name: np.where(is_known, getattr(usual.segments, name) * network.speed_limit_kmh, np.nan)
        for name in USUAL_QUANTILES
    }
    # Without the whole network, which is the last.
    ratios = zone_times(network, travel_time_s(network, snapshot)).speed_ratios()[:-1]
    segments = compare_segments(network, snapshot, usual)
    return ComparedTraffic(segments, compare(ratios, usual.zones), usual_kmh)


def compare_segments(network: Network, snapshot: Snapshot, usual: UsualHour) -> NDArray[np.uint8]:
    """Compare every segment with what is usual, as :func:`compare_traffic` does.

    Returns
    -------
    array of uint8, shape (segments,)
        Codes of :class:`services.traffic.usual.Comparison`.
    """
    # Unlike travel times, a speed ratio may be above 1, as in the history.
    ratio = snapshot.columns["speed_kmh"] / network.speed_limit_kmh
    is_known = has_speed(snapshot.status_codes())
    return compare(np.where(is_known, ratio, np.nan), usual.segments, single=True)


def encode_usual_hour(usual: UsualHour) -> bytes:
    """The usual of an hour as one Parquet file: segments, then zones."""
    header = {
        "source": usual.source,
        "network_version": usual.network_version,
        "start": usual.start,
        "segments": len(np.asarray(usual.segments.p50)),
    }
    parts = (usual.segments, usual.zones)
    columns = {
        name: np.concatenate([np.asarray(getattr(part, name)) for part in parts])
        for name in _COLUMNS
    }
    return _FORM.encode(pa.table(columns), header)


def decode_usual_hour(city: City, document: bytes) -> UsualHour:
    """Read back :func:`encode_usual_hour`.

    Raises
    ------
    StorageError
        When the document is not such a file.
    """
    with _FORM.decoded(document) as (table, header):
        segments = header["segments"]
        if len(table) != segments + len(city.zones):
            raise ValueError("another number of zones")
        columns = [numbers(table.column(name)) for name in _COLUMNS]
        return UsualHour(
            source=header["source"],
            network_version=header["network_version"],
            start=datetime.fromisoformat(header["start"]),
            segments=_usual([column[:segments] for column in columns]),
            zones=_usual([column[segments:] for column in columns]),
        )


def _usual(columns: Sequence[NDArray[Any]]) -> UsualRatios:
    return UsualRatios(**dict(zip(_COLUMNS, columns, strict=True)))
