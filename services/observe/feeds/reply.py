"""From the bytes of a reply to a checked snapshot: decode, check by column, assemble.

The live feed and the demo feed speak the same JSON and pass through here.
Field names and value ranges are those of the dataset
``etat-du-trafic-en-temps-reel`` of Rennes Métropole (docs/data-sources.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.base.errors import FeedRefused
from services.city.city import City
from services.observe import gate
from services.traffic.network import Network, places_of
from services.traffic.road_lines import Part
from services.traffic.snapshot import Snapshot, Source, make_snapshot
from services.traffic.status import STATUS_OF_DATEX_NAME, Status

ID_FIELD: Final = "predefinedlocationreference"
TIME_FIELD: Final = "datetime"
# What a network is made of; anything else may change from one reply to the next.
GEOMETRY_FIELD: Final = "geo_shape"
STATIC_FIELDS: Final = (ID_FIELD, GEOMETRY_FIELD, "denomination", "hierarchie", "vitesse_maxi")
_FINGERPRINT_BYTES: Final = 6


class Record(msgspec.Struct, gc=False):
    """One segment of a reply; values are checked later, by column.

    The geometry stays as bytes until a new network has to be built: that halves
    the time a reply takes, and its bytes are its fingerprint.
    """

    datetime: Any = msgspec.UNSET
    predefinedlocationreference: Any = msgspec.UNSET
    averagevehiclespeed: Any = msgspec.UNSET
    traveltime: Any = msgspec.UNSET
    traveltimereliability: Any = msgspec.UNSET
    trafficstatus: Any = msgspec.UNSET
    vehicleprobemeasurement: Any = msgspec.UNSET
    geo_shape: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    denomination: Any = msgspec.UNSET
    hierarchie: Any = msgspec.UNSET
    vitesse_maxi: Any = msgspec.UNSET


class ReplyColumns(BaseModel):
    """The moving fields of a reply, column by column.

    By column because that is five times faster than row by row or by pandera
    (``make bench``), and an error still names its field and row.
    """

    model_config = ConfigDict(strict=True)

    averagevehiclespeed: list[Annotated[float, Field(ge=0, le=250)]]
    traveltime: list[Annotated[float, Field(ge=0, le=36_000)]]
    traveltimereliability: list[Annotated[float, Field(ge=0, le=100)]]
    trafficstatus: list[Literal["freeFlow", "heavy", "congested", "impossible", "unknown"]]
    vehicleprobemeasurement: list[Annotated[int, Field(ge=0)]]


Drawable = tuple[Record, list[Part]]

# What a row that failed a check reads instead: unknown, as the feed itself says it.
_UNKNOWN_ROW: Final[dict[str, Any]] = {
    "averagevehiclespeed": 0,
    "traveltime": 0,
    "traveltimereliability": 0,
    "trafficstatus": "unknown",
    "vehicleprobemeasurement": 0,
}
_MAX_PROBES: Final = 255
# What decoders raise on bytes that are no JSON, no UTF-8 or nested without end.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOLD_CHARACTERS: Final = 200
_HEAD_BYTES: Final = 4_096
_NEEDED: Final = "what is needed is the address of the dataset's exports/json"


@dataclass(frozen=True)
class CheckedReply:
    """A reply that passed every check; the network may be one already known."""

    network: Network
    snapshot: Snapshot
    problems: Counter[str]
    """How many rows failed a check, by the first field that did."""


def check_reply(
    body: bytes,
    *,
    city: City,
    source: Source,
    received_at: datetime,
    known_network: Network | None = None,
    previous: Snapshot | None = None,
    may_change: bool = True,
) -> CheckedReply:
    """Turn the bytes of a reply into a checked snapshot.

    Parameters
    ----------
    body : bytes
        JSON: a list of records, one a segment.
    city : City
        Whose segments are believed.
    received_at : datetime
        Aware.
    known_network : Network, optional
        The network of the last snapshot. It is kept when the reply describes
        the same segments, or some of them: those that are missing show as
        unknown, and browsers need not fetch their geometry again. New segments
        join it while far more are missing; else the reply's network takes its place.
    previous : Snapshot, optional
        The last accepted snapshot of this source, which the reply's time must
        not precede.
    may_change : bool
        Whether the reply may bring another network than the known one. If not,
        its segments are placed on that, and those that it lacks count as failed.

    Raises
    ------
    FeedRefused
        Names the field that failed.
    """
    decoded = decode_records(body)
    records = _placed_records(decoded)
    observed_at = _observed_at(records)
    gate.check_time(observed_at, received_at, previous)
    columns, bad_rows = _checked_columns(records)
    network, unmapped = _network_of(city, records, known_network, may_change=may_change)
    problems = Counter({ID_FIELD: len(decoded) - len(records)})
    problems.update(bad_rows.values())
    problems.update(unmapped)
    gate.check_bad_rows(problems, len(decoded))
    observed = _in_network_order(columns, records, network)
    gate.check_unknown_share(observed["status"])
    return CheckedReply(
        network,
        make_snapshot(
            network_version=network.version,
            observed_at=observed_at,
            received_at=received_at,
            source=source,
            columns=observed,
            rejected_rows=problems.total(),
        ),
        +problems,
    )


def decode_records(body: bytes) -> list[Record]:
    """Decode a reply into records, at least one.

    Raises
    ------
    FeedRefused
        For anything but a non-empty JSON list of objects with at least one field of the feed.
    """
    gate.check_size(body, gate.MAX_SEGMENTS, gate.MAX_PER_SEGMENT)
    try:
        records = msgspec.json.decode(body, type=list[Record])
    except _UNREADABLE as error:
        raise FeedRefused("body", f"{_why_not_records(body, error)}; {_NEEDED}") from None
    if not records:
        raise FeedRefused("body", "an empty list of records")
    gate.check_number(len(records), gate.MAX_SEGMENTS)
    if all(value is msgspec.UNSET for record in records for value in astuple(record)):
        # The API's first shape has the fields one level below.
        raise FeedRefused("body", f"records without any field of the feed; {_NEEDED}")
    return records


def fingerprint(records: Sequence[Record]) -> str:
    """Version of the network that some records, in order, describe."""
    digest = hashlib.blake2b(digest_size=_FINGERPRINT_BYTES)
    shapes = (record.geo_shape for record in records)
    digest.update(b"".join(bytes(shape) for shape in shapes if shape is not msgspec.UNSET))
    for field in STATIC_FIELDS:
        if field != GEOMETRY_FIELD:
            digest.update(repr([getattr(record, field) for record in records]).encode())
    return digest.hexdigest()


def _why_not_records(body: bytes, error: Exception) -> str:
    """A few words on a body that is no list of records; an error object tells its message."""
    head = body[:_HEAD_BYTES].lower()
    if TIME_FIELD.encode() in head and not head.lstrip().startswith((b"[", b"{")):
        return "CSV, not JSON"
    try:
        content = msgspec.json.decode(body)
    except _UNREADABLE:
        return f"not JSON ({error})"
    if isinstance(content, dict):
        said = content.get("message") or content.get("error_code") or ", ".join(content)
        return f"an object instead of a list of records ({str(said)[:_TOLD_CHARACTERS]})"
    return f"not a list of records ({error})"


def _placed_records(records: list[Record]) -> list[Record]:
    """Records with an id of their own, sorted by it."""
    gate.check_fields_present(records, Record.__struct_fields__)
    by_id: dict[str, Record] = {}
    for record in records:
        segment_id = record.predefinedlocationreference
        if isinstance(segment_id, str) and 0 < len(segment_id) <= gate.MAX_ID_CHARACTERS:
            by_id.setdefault(segment_id, record)
    gate.check_identities(len(by_id), len(records), ID_FIELD)
    return [by_id[segment_id] for segment_id in sorted(by_id)]


def _observed_at(records: list[Record]) -> datetime:
    """The time most rows carry; rows of one reply share it."""
    texts = [record.datetime for record in records if isinstance(record.datetime, str)]
    text = Counter(texts).most_common(1)[0][0] if texts else ""
    try:
        observed_at = datetime.fromisoformat(text)
        if observed_at.tzinfo is None:
            raise FeedRefused(TIME_FIELD, f"a time without its zone: {text[:40]!r}")
        return observed_at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FeedRefused(TIME_FIELD, f"not an ISO 8601 time: {text[:40]!r}") from None


def _checked_columns(records: list[Record]) -> tuple[ReplyColumns, dict[int, str]]:
    """The columns, and the rows that were made unknown with the first field that failed."""
    columns = {
        field: [getattr(record, field) for record in records] for field in ReplyColumns.model_fields
    }
    fill_unknown(columns)
    try:
        return ReplyColumns.model_validate(columns), {}
    except ValidationError as error:
        bad_rows = _bad_rows(error)
    for field, values in columns.items():
        for row in bad_rows:
            values[row] = _UNKNOWN_ROW[field]
    return ReplyColumns.model_validate(columns), bad_rows


def fill_unknown(columns: dict[str, list[Any]]) -> None:
    """Give rows whose status is unknown the values of such rows: null there is no fault.

    Parameters
    ----------
    columns : dict
        The fields of :class:`ReplyColumns`; changed in place.
    """
    unknown = [row for row, name in enumerate(columns["trafficstatus"]) if name == "unknown"]
    for field, value in _UNKNOWN_ROW.items():
        for row in unknown:
            columns[field][row] = value


def _bad_rows(error: ValidationError) -> dict[int, str]:
    bad_rows: dict[int, str] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        bad_rows.setdefault(int(item["loc"][1]), str(item["loc"][0]))
    return bad_rows


def _network_of(
    city: City, records: list[Record], known: Network | None, *, may_change: bool
) -> tuple[Network, list[str]]:
    """The network of some records; for each that it has no place for, the field that is why."""
    if known is None:
        return _drawn(city, records)
    if fingerprint(records) == known.version:
        return known, []
    new = [r for r in records if r.predefinedlocationreference not in known.index_of_id]
    missing = len(known) - (len(records) - len(new))
    gate.check_missing_segments(len(records) - len(new), len(new), len(known))
    if not may_change:
        return known, [ID_FIELD] * len(new)
    if not gate.are_few(len(new), missing):
        return _drawn(city, records)
    # A gap in the reply, not another network: the new ones join what is known.
    drawable, unmapped = _drawable(city, new, len(records))
    return _joined(known, drawable), unmapped


def _drawn(city: City, records: list[Record]) -> tuple[Network, list[str]]:
    """The network of those records that can be drawn, and for each other one the field why not."""
    drawable, unmapped = _drawable(city, records, len(records))
    return build_network(city, drawable), unmapped


def _drawable(city: City, records: list[Record], total: int) -> tuple[list[Drawable], list[str]]:
    placed = [(record, gate.drawable_parts(record, city.believed)) for record in records]
    unmapped = [parts for _, parts in placed if isinstance(parts, str)]
    gate.check_bad_rows(Counter(unmapped), total, "segments cannot be drawn")
    return [(record, parts) for record, parts in placed if isinstance(parts, list)], unmapped


def _joined(known: Network, drawable: list[Drawable]) -> Network:
    """A network with some segments more, in order of all ids; the same one where there are none."""
    if not drawable:
        return known
    more = build_network(known.city, drawable)
    version = f"{known.version} {more.version}".encode()
    segment_ids = (*known.segment_ids, *more.segment_ids)
    geometry = (*known.geometry, *more.geometry)
    order = sorted(range(len(segment_ids)), key=segment_ids.__getitem__)
    return Network(
        city=known.city,
        version=hashlib.blake2b(version, digest_size=_FINGERPRINT_BYTES).hexdigest(),
        segment_ids=tuple(segment_ids[place] for place in order),
        geometry=tuple(geometry[place] for place in order),
        names=np.concatenate([known.names, more.names])[order],
        road_classes=np.concatenate([known.road_classes, more.road_classes])[order],
        speed_limit_kmh=np.concatenate([known.speed_limit_kmh, more.speed_limit_kmh])[order],
    )


def build_network(city: City, drawable: Sequence[Drawable]) -> Network:
    """The network of some records, in their order, and the lines of each."""
    records = [record for record, _ in drawable]
    return Network(
        city=city,
        version=fingerprint(records),
        segment_ids=tuple(record.predefinedlocationreference for record in records),
        geometry=tuple(parts for _, parts in drawable),
        names=np.array([record.denomination or "" for record in records], dtype=np.str_),
        road_classes=np.array([record.hierarchie or "" for record in records], dtype=np.str_),
        speed_limit_kmh=np.array([record.vitesse_maxi for record in records], dtype=float),
    )


def _in_network_order(
    columns: ReplyColumns, records: list[Record], network: Network
) -> dict[str, NDArray[Any]]:
    probes = np.minimum(np.array(columns.vehicleprobemeasurement), _MAX_PROBES)
    observed = {
        "status": np.array(
            [STATUS_OF_DATEX_NAME[name] for name in columns.trafficstatus], np.uint8
        ),
        "speed_kmh": np.array(columns.averagevehiclespeed, np.float32),
        "travel_time_s": np.array(columns.traveltime, np.float32),
        "reliability_pct": np.array(columns.traveltimereliability, np.uint8),
        "probes": probes.astype(np.uint8),
    }
    segment_ids = tuple(record.predefinedlocationreference for record in records)
    if segment_ids == network.segment_ids:
        return observed
    places = places_of(network.segment_ids, segment_ids)
    # A segment that the reply leaves out reads as unknown, with no probe.
    return {
        name: np.where(places < 0, values.dtype.type(Status.UNKNOWN), values[places])
        for name, values in observed.items()
    }
