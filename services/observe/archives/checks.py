"""Records of an archive, checked by column as those of a live reply are, as arrays.

The rules are those of ``services.observe.feeds``. What differs is what follows from a
failure: a live segment becomes unknown, since the map has to show something;
a row of an archive is left out and counted.

What says "not measured" depends on the schema:

today's (``vehicleprobemeasurement``)
    The status ``unknown``; no probe and reliability 0 go with it, always.
of 2021–22 (``func_class``), and the provider's own table: no count of probes
    Reliability 0 as well. No status there is ``unknown``: what was not measured
    reads ``freeFlow`` at a speed that stays the same for months
    (docs/data-sources.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from services.base.errors import FeedRefused
from services.observe import gate
from services.observe.archives.places import SegmentPlacer
from services.observe.archives.shapes import MOVING_FIELDS, OLD_CLASS_FIELD, FlatRecord
from services.observe.feeds.reply import ID_FIELD, TIME_FIELD, Record, ReplyColumns, fill_unknown
from services.plain.statuses import DATEX_NAMES
from services.traffic.status import STATUS_OF_DATEX_NAME, Status

PROBES_FIELD: Final = "vehicleprobemeasurement"
# The feed has had all of these since it began; the probes came in 2023.
NEEDED_FIELDS: Final = (TIME_FIELD, ID_FIELD, *(f for f in MOVING_FIELDS if f != PROBES_FIELD))
NOT_STATED: Final = -1
_MAX_BYTE: Final = 255
_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CheckedRows:
    """Rows that passed, arrays of shape (rows,), and why the others did not.

    Attributes
    ----------
    time_s : array of int
        Seconds since 1970, UTC.
    segment : array of int
        The placer's numbers.
    status, reliability_pct : arrays of uint8
    speed_kmh, probes : arrays of int16
        NOT_STATED where unknown, or not in the archive.
    skipped : Counter
        Rows left out, by reason.
    """

    time_s: NDArray[np.int64]
    segment: NDArray[np.int32]
    status: NDArray[np.uint8]
    speed_kmh: NDArray[np.int16]
    reliability_pct: NDArray[np.uint8]
    probes: NDArray[np.int16]
    skipped: Counter[str]


class RowChecker:
    """Checks the records of one archive, some at a time.

    Parameters
    ----------
    now : datetime
        Aware; later observations are in the future.
    """

    def __init__(self, placer: SegmentPlacer, now: datetime) -> None:
        self._placer = placer
        self._now = now
        self._seconds: dict[Any, int | str] = {}
        self._begun = False

    def check(self, records: Sequence[FlatRecord]) -> CheckedRows:
        """Check some records.

        Raises
        ------
        FeedRefused
            When a field that is needed exists in none of the first ones.
        """
        if not self._begun:
            gate.check_fields_present([_needed(record) for record in records], NEEDED_FIELDS)
            self._begun = True
        columns, has_probes = _columns(records)
        fill_unknown(columns)
        reasons = _reasons_of_values(columns)
        _read_unknown(columns, records, reasons)
        time_s = [self._second(record.get(TIME_FIELD)) for record in records]
        segment: list[int | str] = []
        for place, record in enumerate(records):
            if place not in reasons and isinstance(time_s[place], str):
                reasons[place] = str(time_s[place])
            # A row that names no segment is none of the feed, whatever else it says.
            reason = _reason_of_id(record) or reasons.get(place)
            segment.append(reason or self._placer.number(record))
        return _rows(columns, time_s, segment, has_probes=has_probes)

    def _second(self, text: Any) -> int | str:
        """An observation time, or what is wrong with it. An archive repeats its times."""
        if text is None or text == "":
            return f"{TIME_FIELD}: missing"
        if not isinstance(text, str) or text.replace(".", "", 1).isdecimal():
            return f"{TIME_FIELD}: a number, not an ISO 8601 time with its zone"
        if text not in self._seconds:
            self._seconds[text] = self._checked_second(text)
        return self._seconds[text]

    def _checked_second(self, text: str) -> int | str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return f"{TIME_FIELD}: not an ISO 8601 time"
        if moment.tzinfo is None:
            # Twice a year an hour is missing or comes twice: guessing would misplace it.
            return f"{TIME_FIELD}: a time without its zone"
        try:
            gate.check_time(moment, self._now, previous=None)
        except FeedRefused:
            return f"{TIME_FIELD}: in the future, or before there was this feed"
        return int((moment - _UNIX_EPOCH).total_seconds() // 1)


def _needed(record: FlatRecord) -> Record:
    return Record(**{name: record[name] for name in NEEDED_FIELDS if name in record})


def _columns(records: Sequence[FlatRecord]) -> tuple[dict[str, list[Any]], bool]:
    """The moving fields by column, and whether the probes are among them."""
    columns = {
        name: [record.get(name, msgspec.UNSET) for record in records] for name in MOVING_FIELDS
    }
    has_probes = any(value is not msgspec.UNSET for value in columns[PROBES_FIELD])
    if not has_probes:
        columns[PROBES_FIELD] = [0] * len(records)
    return columns, has_probes


def _reasons_of_values(columns: dict[str, list[Any]]) -> dict[int, str]:
    """The rows with a value that the feed cannot have, each with the first such field."""
    try:
        ReplyColumns.model_validate(columns)
    except ValidationError as error:
        reasons: dict[int, str] = {}
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            name, row = str(item["loc"][0]), int(item["loc"][1])
            reasons.setdefault(row, f"{name}: not a value of the feed")
        return reasons
    return {}


def _read_unknown(
    columns: dict[str, list[Any]], records: Sequence[FlatRecord], reasons: dict[int, str]
) -> None:
    """Say ``unknown`` where a schema without probes says it by a reliability of 0."""
    statuses, reliability = columns["trafficstatus"], columns["traveltimereliability"]
    for place, record in enumerate(records):
        counts_probes = PROBES_FIELD in record and OLD_CLASS_FIELD not in record
        if not counts_probes and place not in reasons and reliability[place] == 0:
            statuses[place] = DATEX_NAMES[Status.UNKNOWN]


def _reason_of_id(record: FlatRecord) -> str | None:
    segment_id = record.get(ID_FIELD)
    if isinstance(segment_id, str) and segment_id:
        most = gate.MAX_ID_CHARACTERS
        return None if len(segment_id) <= most else f"{ID_FIELD}: over {most} characters"
    return f"{ID_FIELD}: {'not a text' if segment_id else 'missing'}"


def _rows(
    columns: dict[str, list[Any]],
    time_s: list[int | str],
    segment: list[int | str],
    *,
    has_probes: bool,
) -> CheckedRows:
    passed = [place for place, number in enumerate(segment) if not isinstance(number, str)]
    kept = {name: [values[place] for place in passed] for name, values in columns.items()}
    status = np.array([STATUS_OF_DATEX_NAME[name] for name in kept["trafficstatus"]], np.uint8)
    speed_kmh = np.rint(np.array(kept["averagevehiclespeed"], np.float64)).astype(np.int16)
    # The speed of an unknown segment is filler.
    speed_kmh[status == Status.UNKNOWN] = NOT_STATED
    probes = np.minimum(np.array(kept[PROBES_FIELD], np.int64), _MAX_BYTE).astype(np.int16)
    if not has_probes:
        probes[:] = NOT_STATED
    reliability = np.rint(np.array(kept["traveltimereliability"], np.float64))
    return CheckedRows(
        time_s=np.array([time_s[place] for place in passed], np.int64),
        segment=np.array([segment[place] for place in passed], np.int32),
        status=status,
        speed_kmh=speed_kmh,
        reliability_pct=reliability.astype(np.uint8),
        probes=probes,
        skipped=Counter(reason for reason in segment if isinstance(reason, str)),
    )
