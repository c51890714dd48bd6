"""The quality gate: what a reply must be to be believed, with the reason for each limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.base.errors import FeedRefused
from services.city.city import Box
from services.traffic.network import geometry_parts
from services.traffic.road_lines import Part
from services.traffic.snapshot import Snapshot
from services.traffic.status import Status


class PlacedRecord(Protocol):
    """The fixed fields of a record of a reply, not yet checked."""

    denomination: Any
    hierarchie: Any
    vitesse_maxi: Any
    geo_shape: msgspec.Raw | msgspec.UnsetType


# Two clocks may disagree a little; the feed itself is 3 to 5 minutes behind.
FUTURE_TOLERANCE: Final = timedelta(minutes=5)
# The dataset began in 2021: what is older is a clock that was never set.
EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
# Single bad rows become unknown; beyond this the reply as a whole is not to be trusted.
MAX_BAD_ROW_SHARE: Final = 0.10
# At night most small roads have no probe; no probe anywhere is a fault upstream.
MAX_UNKNOWN_SHARE: Final = 0.98
# A reply cut by the server shows as missing segments.
MIN_SEGMENT_SHARE: Final = 0.50
SPEED_LIMITS_KMH: Final = (5, 130)
# Twice the largest network that was ever measured.
MAX_SEGMENTS: Final = 200_000
# What 100 MB may hold before they are decoded, of which nothing can be said afterwards: empty
# objects alone took 4 GB. A segment of the real reply has 5 objects, 8 lists and 33 values.
MAX_PER_SEGMENT: Final = {"objects": (b"{", 8), "lists": (b"[", 20), "values": (b",", 80)}
# The longest real ones: name 41, class 33, id 9 characters, geometry 7,592 bytes of 192 points.
# Names are kept at a fixed width: one of 100,000 characters among 2,859 took 1.3 GB.
MAX_CHARACTERS: Final = {"denomination": 200, "hierarchie": 100}
MAX_ID_CHARACTERS: Final = 64
MAX_GEOMETRY_BYTES: Final = 50_000


def check_fields_present(records: Sequence[object], fields: Sequence[str]) -> None:
    """Refuse a reply in which a field exists in no row: it was renamed or removed.

    Raises
    ------
    FeedRefused
    """
    for field in fields:
        if all(getattr(record, field) is msgspec.UNSET for record in records):
            raise FeedRefused(field, "missing from every record")


def check_identities(distinct: int, total: int, field: str) -> None:
    """Refuse a reply with too many missing or repeated ids.

    Raises
    ------
    FeedRefused
    """
    if distinct < total * (1 - MAX_BAD_ROW_SHARE):
        wrong = f"{total - distinct} of {total} records"
        raise FeedRefused(
            field, f"missing, repeated or over {MAX_ID_CHARACTERS} characters in {wrong}"
        )


def check_time(observed_at: datetime, received_at: datetime, previous: Snapshot | None) -> None:
    """Refuse a time in the future or before the last accepted one. An old time is only late.

    What was accepted at a time that is yet to come says that a clock was wrong then: nothing is
    held against it, or a clock put right would stop the feed until that time.

    Raises
    ------
    FeedRefused
    """
    latest = received_at + FUTURE_TOLERANCE
    if observed_at > latest:
        raise FeedRefused("datetime", f"{observed_at.isoformat()} is in the future")
    if observed_at < EARLIEST:
        raise FeedRefused("datetime", f"{observed_at.isoformat()} is before there was this feed")
    if previous is not None and observed_at < previous.observed_at <= latest:
        raise FeedRefused(
            "datetime",
            f"{observed_at.isoformat()} goes back before {previous.observed_at.isoformat()}",
        )


def check_bad_rows(
    problems: Counter[str], total: int, failed: str = "records failed a check"
) -> None:
    """Refuse a reply in which too many rows are at fault; names the commonest field.

    Parameters
    ----------
    problems : Counter
        How many rows failed, by the first field that did.
    total : int
        Rows of the reply.
    failed : str
        What the rows are, and what became of them.

    Raises
    ------
    FeedRefused
    """
    if problems.total() > total * MAX_BAD_ROW_SHARE:
        [(field, _)] = problems.most_common(1)
        raise FeedRefused(field, f"{problems.total()} of {total} {failed}")


def check_unknown_share(codes: NDArray[np.uint8]) -> None:
    """Refuse a reply that knows next to nothing.

    Raises
    ------
    FeedRefused
    """
    share = float((codes == Status.UNKNOWN).mean())
    if share > MAX_UNKNOWN_SHARE:
        raise FeedRefused("trafficstatus", f"unknown in {share:.0%} of segments")


def check_missing_segments(present: int, new: int, expected: int) -> None:
    """Refuse a reply that lacks most of the known network, unless others have taken its place.

    Parameters
    ----------
    present, new : int
        Segments of the reply that are known, and that are not.
    expected : int
        Segments of the known network. All of them may get other ids at once: then there are
        about as many new ones.

    Raises
    ------
    FeedRefused
    """
    if present < expected * MIN_SEGMENT_SHARE and are_few(new, expected - present):
        reason = f"only {present} of {expected} known segments, and {new} new ones"
        raise FeedRefused("records", reason)


def are_few(new: int, missing: int) -> bool:
    """Whether new segments are too few to have taken the place of those that are missing."""
    return new < missing * MIN_SEGMENT_SHARE


def check_size(body: bytes, most_records: int, per_record: Mapping[str, tuple[bytes, int]]) -> None:
    """Refuse a reply that would take gigabytes once it is decoded.

    Parameters
    ----------
    body : bytes
    most_records : int
        A reply holds as many at most: of the traffic, a segment each.
    per_record : mapping
        By name: a sign of JSON, and how many of it each record has at most on average.

    Raises
    ------
    FeedRefused
    """
    for name, (sign, most) in per_record.items():
        count = body.count(sign)
        if count > most * most_records:
            raise FeedRefused("body", f"{count} {name}, too many for {most_records} records")


def check_number(records: int, most_records: int) -> None:
    """Refuse a reply of more records than there ever are.

    Raises
    ------
    FeedRefused
    """
    if records > most_records:
        raise FeedRefused("records", f"{records}, more than {most_records}")


def drawable_parts(record: PlacedRecord, believed: Box) -> list[Part] | str:
    """The geometry of a record, or the name of the field that makes it impossible to draw."""
    limit = record.vitesse_maxi
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        return "vitesse_maxi"
    if not SPEED_LIMITS_KMH[0] <= limit <= SPEED_LIMITS_KMH[1]:
        return "vitesse_maxi"
    for field, most in MAX_CHARACTERS.items():
        text = getattr(record, field)
        if text is not None and not (isinstance(text, str) and len(text) <= most):
            return field
    return _parts_within(record.geo_shape, believed) or "geo_shape"


def _parts_within(geo_shape: msgspec.Raw | msgspec.UnsetType, believed: Box) -> list[Part] | None:
    if not geo_shape or len(bytes(geo_shape)) > MAX_GEOMETRY_BYTES:
        return None
    try:
        shape = msgspec.json.decode(geo_shape)
        parts = geometry_parts(shape["geometry"])
        inside = all(believed.holds(*point[:2]) for part in parts for point in part)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return parts if inside else None
