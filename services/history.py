"""The history: every snapshot kept as Parquet, Hive-partitioned by source and date.

history/source=live/date=2026-11-23/064300.parquet    one file a snapshot (UTC)

Live and simulated observations never share a partition, so that nothing is
learned from both by mistake. A file's name is its observation time: writing the
same snapshot twice gives one file.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from services.files import write_atomically
from services.network import Network
from services.snapshot import Snapshot, Source

log = logging.getLogger(__name__)

COLUMNS: Final = pa.schema(
    [
        ("observed_at", pa.timestamp("s", tz="UTC")),
        ("segment", pa.uint32()),
        ("status", pa.uint8()),
        ("speed_kmh", pa.uint8()),
        ("travel_time_s", pa.uint16()),
        ("reliability_pct", pa.uint8()),
        ("probes", pa.uint8()),
        ("network_version", pa.string()),
    ]
)


@dataclass(frozen=True)
class Observations:
    """Rows of history: one per segment and time, in any number of times.

    ``segment`` is an index into the network of ``network_version``; speed and
    travel time are null where the status is unknown.
    """

    network_version: str
    frame: pd.DataFrame
    """observed_at (aware, UTC), segment, status, speed_kmh, travel_time_s,
    reliability_pct, probes."""


def append_snapshot(data_dir: Path, snapshot: Snapshot) -> Path:
    """Keep one snapshot. Idempotent: the same observation time is the same file.

    Raises
    ------
    StorageError
    """
    frame = snapshot.table.assign(
        observed_at=snapshot.observed_at, segment=np.arange(len(snapshot.table))
    )
    moment = snapshot.observed_at
    path = _partition(data_dir, snapshot.source, moment.date()) / f"{moment:%H%M%S}.parquet"
    _write(path, Observations(snapshot.network_version, frame))
    return path


def write_day(data_dir: Path, source: Source, day: date, observations: Observations) -> Path:
    """Write a whole day at once, for imports and simulated histories.

    Raises
    ------
    StorageError
    """
    path = _partition(data_dir, source, day) / "day.parquet"
    _write(path, observations)
    return path


def files(data_dir: Path, source: Source) -> list[Path]:
    """The readable files of a source, in order of time.

    A file that is no Parquet file (cut, foreign) is set aside under another
    name and journalled, so that one bad file does not hide the others.
    """
    root = _root(data_dir) / f"source={source}"
    return [path for path in sorted(root.glob("date=*/*.parquet")) if _is_readable(path)]


def zone_speed_ratios(
    data_dir: Path, source: Source, networks: dict[str, Network]
) -> Iterator[pd.DataFrame]:
    """Speed ratio of every zone at every time, one frame per day of history.

    Parameters
    ----------
    data_dir, source
        Which history.
    networks : dict
        The networks its files refer to, by version. Rows of others are left out.

    Yields
    ------
    DataFrame
        observed_at (aware, UTC), zone (code), free_flow_s, actual_s: sums over
        the zone's known segments, with speeds capped at the limit.
    """
    segments = _segment_table(networks)
    by_day: dict[str, list[str]] = {}
    for path in files(data_dir, source):
        by_day.setdefault(path.parent.name, []).append(str(path))
    with duckdb.connect() as connection:
        connection.register("segments", segments)
        for paths in by_day.values():
            rows = connection.sql(_ZONE_QUERY, params=[paths])
            yield rows.to_arrow_table().to_pandas()


# The definitions of services.indicators: no speed where unknown (0) or closed (4).
_ZONE_QUERY: Final = """
    SELECT o.observed_at, s.zone, sum(s.free_flow_s) AS free_flow_s,
           sum(s.length_m * 3.6 / greatest(least(o.speed_kmh, s.speed_limit_kmh), 1)) AS actual_s
    FROM read_parquet(?) AS o
    JOIN segments AS s ON s.network_version = o.network_version AND s.segment = o.segment
    WHERE o.status NOT IN (0, 4) AND o.speed_kmh IS NOT NULL
    GROUP BY o.observed_at, s.zone
    ORDER BY o.observed_at, s.zone
"""


def _segment_table(networks: dict[str, Network]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "network_version": version,
                "segment": np.arange(len(network), dtype=np.uint32),
                "zone": network.zone_codes,
                "length_m": network.length_m,
                "speed_limit_kmh": network.speed_limit_kmh,
                "free_flow_s": network.free_flow_time_s,
            }
        )
        for version, network in networks.items()
    )


def _root(data_dir: Path) -> Path:
    return data_dir / "history"


def _partition(data_dir: Path, source: Source, day: date | datetime) -> Path:
    return _root(data_dir) / f"source={source}" / f"date={day:%Y-%m-%d}"


def _write(path: Path, observations: Observations) -> None:
    frame = observations.frame.assign(network_version=observations.network_version)
    table = pa.Table.from_pandas(frame[COLUMNS.names], schema=COLUMNS, preserve_index=False)
    sink = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(),
        sink,
        compression="zstd",
        use_dictionary=["observed_at", "network_version"],
        # Segments come in order: their differences are all ones.
        column_encoding={"segment": "DELTA_BINARY_PACKED"},
    )
    write_atomically(path, sink.getvalue())


def _is_readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        aside = path.with_suffix(".parquet.unreadable")
        log.error("history file %s is unreadable and set aside as %s: %s", path, aside.name, error)
        path.rename(aside)
        return False
    return True
