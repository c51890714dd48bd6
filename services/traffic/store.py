"""The data directory: the one thing that the web and worker roles share.

layout-version, city        of what this directory is, see services.base.data_directory
snapshots/current.parquet   what the page shows
snapshots/live.parquet      the last live snapshot, kept for when the feed is down; while that is
                            what the page shows, the same file under two names
networks/<version>.geojson  each network that was seen
reference/<source>.parquet  what each segment's traffic drives in free flow, as measured
usual/current.parquet       what is usual at the hour of the last snapshot observed
roadworks/<source>.json     the last good list of roadworks
day/<source>.json           today's curve of congestion
worker.json                 how the worker's last attempts went
history/                    see services.history

Every file is replaced by atomic rename; only the worker writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import orjson

from services.base.data_directory import prepare_data_directory
from services.base.errors import StorageError
from services.base.files import (
    FileStamp,
    read_if_present,
    set_aside,
    stamp_of,
    write_atomically,
    write_under_both,
)
from services.base.watched import Watched
from services.city.city import City
from services.traffic.day_curve import DayCurve, decode_day, encode_day
from services.traffic.network import Network, decode_network, encode_network
from services.traffic.reference_speed import (
    ReferenceSpeeds,
    decode_reference,
    encode_reference,
)
from services.traffic.roadworks import RoadworksList, decode_roadworks, encode_roadworks
from services.traffic.snapshot import (
    SOURCES,
    Snapshot,
    Source,
    check_fits,
    decode_snapshot,
    encode_snapshot,
    feed_of,
)
from services.traffic.usual_hour import UsualHour, decode_usual_hour, encode_usual_hour

Content = TypeVar("Content")

# What readers of JSON take for an exact number at most.
_MAX_FAILURES: Final = 2**53


@dataclass(frozen=True)
class WorkerState:
    """How the worker's last attempts went, for ``/readyz``, the pages and the journal."""

    last_attempt_at: str
    last_success_at: str | None
    consecutive_failures: int
    last_error: str | None
    feed_fails: bool = False
    """Whether it was the live feed that failed last."""


class Store:
    """Typed access to one data directory.

    Parameters
    ----------
    city : City
        Whose traffic lies in it.
    data_dir : Path
        Made by :meth:`prepare` if missing.
    heals : bool
        Whether this is the worker's: a damaged snapshot, usual hour, list of roadworks or curve is
        set aside with a line and counts as none, for the worker makes it anew. Who only reads
        renames nothing.
    """

    def __init__(self, city: City, data_dir: Path, *, heals: bool = False) -> None:
        self._city = city
        self.data_dir = data_dir
        self._heals = heals
        self._current = data_dir / "snapshots" / "current.parquet"
        self._live = data_dir / "snapshots" / "live.parquet"
        self._networks = data_dir / "networks"
        self._references = data_dir / "reference"
        self._usual = data_dir / "usual" / "current.parquet"
        self._roadworks = data_dir / "roadworks"
        self._days = data_dir / "day"
        self._worker_state = data_dir / "worker.json"
        # The network that was found sound last, so that a round reads it once.
        self._sound: tuple[str, FileStamp | None] = "", None

    def prepare(self) -> None:
        """Make the directory and check that this version can use it.

        Raises
        ------
        ConfigurationError
            When it cannot be written, was laid out by another version, or is of another city.
        """
        prepare_data_directory(self.data_dir, self._city.name)

    def publish(self, network: Network, snapshot: Snapshot) -> None:
        """Make a snapshot the current one; the network goes first, so that it is there to read.

        Raises
        ------
        StorageError
        """
        self.keep_network(network)
        document = encode_snapshot(snapshot)
        if snapshot.source == "live":
            write_under_both(self._live, self._current, document)
        else:
            write_atomically(self._current, document)

    def current_stamp(self) -> FileStamp | None:
        """A mark that changes when another snapshot is published; None before the first."""
        return stamp_of(self._current)

    def current_snapshot(self) -> Snapshot | None:
        """What is published now, or None before the first.

        Raises
        ------
        StorageError
            When it cannot be read, or is damaged and this store does not heal.
        """
        return self._read(self._current, decode_snapshot)

    def last_live_snapshot(self) -> Snapshot | None:
        """The last snapshot that came from the live feed, however old.

        Raises
        ------
        StorageError
            When it cannot be read, or is damaged and this store does not heal.
        """
        return self._read(self._live, decode_snapshot)

    def keep_network(self, network: Network) -> None:
        """Keep a network; one that is here and sound stays as it is, a damaged one is made anew.

        Raises
        ------
        StorageError
        """
        path = self._network_path(network.version)
        mark = network.version, stamp_of(path)
        if mark[1] is not None and mark == self._sound:
            return
        if mark[1] is None or not self._is_sound(network.version):
            write_atomically(path, encode_network(network))
        self._sound = network.version, stamp_of(path)

    def network_files(self) -> list[Path]:
        """Every file of a network, those set aside included."""
        return sorted(self._networks.glob("*.geojson*"))

    def network_versions(self) -> list[str]:
        """The version of every network that is kept here, the last one written first."""
        paths = self._networks.glob("*.geojson")
        written = {path: stamp for path in paths if (stamp := stamp_of(path)) is not None}
        newest_first = sorted(written, key=lambda path: (-written[path][2], path.name))
        return [path.stem for path in newest_first]

    def network_document(self, version: str) -> bytes:
        """A network as GeoJSON, sound.

        Raises
        ------
        StorageError
            When it is not here, or damaged: then it is set aside, and made anew when the worker
            or an import next meets that network.
        """
        return self._read_network(version)[0]

    def network(self, version: str) -> Network:
        """A network by its version.

        Raises
        ------
        StorageError
            As :meth:`network_document`.
        """
        return self._read_network(version)[1]

    def network_of(self, snapshot: Snapshot) -> Network:
        """The network whose order a snapshot follows.

        Raises
        ------
        StorageError
            Also where the snapshot has another number of segments.
        """
        network = self.network(snapshot.network_version)
        check_fits(snapshot, network)
        return network

    def _is_sound(self, version: str) -> bool:
        try:
            self._read_network(version)
        except StorageError:
            return False
        return True

    def _read_network(self, version: str) -> tuple[bytes, Network]:
        path = self._network_path(version)
        stamp = stamp_of(path)
        document = read_if_present(path)
        if document is None:
            raise StorageError(f"network {version} is not kept here")
        try:
            return document, decode_network(self._city, document, version)
        except StorageError as error:
            _set_aside(path, stamp, error)
            raise StorageError(f"network {version} was damaged: {error}") from error

    def write_reference(self, source: Source, reference: ReferenceSpeeds) -> None:
        """Make reference speeds those of a source.

        Raises
        ------
        StorageError
        """
        write_atomically(self._reference_path(source), encode_reference(self._city, reference))

    def reference_stamp(self, source: Source) -> FileStamp | None:
        """A mark that changes when other reference speeds are written; None before the first."""
        return stamp_of(self._reference_path(source))

    def reference(self, source: Source) -> ReferenceSpeeds | None:
        """What was measured of a source, or None before the first; an archive is of the live feed.

        Raises
        ------
        StorageError
            When it cannot be read, or is damaged and this store does not heal.
        """
        return self._read(self._reference_path(source), partial(decode_reference, self._city))

    def write_usual_hour(self, usual: UsualHour) -> None:
        """Make the usual of an hour the one that pages compare with.

        Raises
        ------
        StorageError
        """
        write_atomically(self._usual, encode_usual_hour(usual))

    def usual_stamp(self) -> FileStamp | None:
        """A mark that changes when another usual hour is written; None before the first."""
        return stamp_of(self._usual)

    def usual_hour(self) -> UsualHour | None:
        """The usual of the hour of the last snapshot observed, or None before the first.

        Raises
        ------
        StorageError
            When it cannot be read, or is damaged and this store does not heal.
        """
        return self._read(self._usual, partial(decode_usual_hour, self._city))

    def write_roadworks(self, told: RoadworksList) -> None:
        """Keep a list of roadworks as the last good one of its source.

        Raises
        ------
        StorageError
        """
        write_atomically(self._roadworks_path(told.source), encode_roadworks(told))

    def roadworks_stamp(self, source: Source) -> FileStamp | None:
        """A mark that changes when another list of a source is kept; None before the first."""
        return stamp_of(self._roadworks_path(source))

    def roadworks(self, source: Source) -> RoadworksList | None:
        """The last good list of roadworks of a source, or None before the first.

        Raises
        ------
        StorageError
            When it cannot be read, or is damaged and this store does not heal.
        """
        return self._read(self._roadworks_path(source), decode_roadworks)

    def write_day(self, curve: DayCurve) -> None:
        """Make a curve that of its source.

        Raises
        ------
        StorageError
        """
        write_atomically(self._day_path(curve.source), encode_day(curve))

    def day_stamp(self, source: Source) -> FileStamp | None:
        """A mark that changes when another curve is written; None before the first."""
        return stamp_of(self._day_path(source))

    def day(self, source: Source) -> DayCurve | None:
        """The curve of the day that was written last, or None before the first.

        Raises
        ------
        StorageError
            When it cannot be read, or is damaged and this store does not heal.
        """
        return self._read(self._day_path(source), partial(decode_day, self._city))

    def write_worker_state(self, state: WorkerState) -> None:
        """Keep how the last attempts went.

        Raises
        ------
        StorageError
        """
        write_atomically(self._worker_state, orjson.dumps(asdict(state)))

    def worker_state_stamp(self) -> FileStamp | None:
        """A mark that changes when the worker has tried again; None before its first attempt."""
        return stamp_of(self._worker_state)

    def worker_state(self) -> WorkerState | None:
        """How the worker's last attempts went; None when it never ran or the file is damaged."""
        try:
            document = read_if_present(self._worker_state)
            return None if document is None else _decoded_state(document)
        # A document nested too deep is a RecursionError.
        except (StorageError, ValueError, RecursionError):
            return None

    def _read(self, path: Path, decode: Callable[[bytes], Content]) -> Content | None:
        stamp = stamp_of(path)
        document = read_if_present(path)
        if document is None:
            return None
        try:
            return decode(document)
        except StorageError as error:
            if not self._heals:
                raise
            _set_aside(path, stamp, error)
            return None

    def _roadworks_path(self, source: Source) -> Path:
        return self._roadworks / f"{source}.json"

    def _day_path(self, source: Source) -> Path:
        return self._days / f"{feed_of(source)}.json"

    def _reference_path(self, source: Source) -> Path:
        return self._references / f"{feed_of(source)}.parquet"

    def _network_path(self, version: str) -> Path:
        if not version.isalnum():
            raise StorageError(f"not a network version: {version[:40]!r}")
        return self._networks / f"{version}.geojson"


def watched_references(store: Store) -> dict[Source, Watched[ReferenceSpeeds]]:
    """What was measured of each source, read again when it changed."""

    def read(source: Source, _last: ReferenceSpeeds | None) -> ReferenceSpeeds | None:
        return store.reference(source)

    return {
        source: Watched(
            f"the reference speeds of source {source}",
            partial(store.reference_stamp, source),
            partial(read, source),
        )
        for source in SOURCES
    }


def _decoded_state(document: bytes) -> WorkerState:
    """Checked beyond its types: what is no time or no count would be told by ``/readyz``."""
    found = msgspec.json.decode(document, type=WorkerState)
    for at in (found.last_attempt_at, found.last_success_at):
        if at is not None and datetime.fromisoformat(at).tzinfo is None:
            raise ValueError("a time without zone")
    if not 0 <= found.consecutive_failures <= _MAX_FAILURES:
        raise ValueError("no number of failures")
    return found


def _set_aside(path: Path, stamp: FileStamp | None, error: StorageError) -> None:
    """Set a damaged file aside, but not one that was made anew since it had this stamp."""
    if stamp_of(path) == stamp:
        set_aside(path, error)
