"""The speed ratio of every zone at every time of a history, by DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pandas as pd

from services.history import layout, reading
from services.traffic.network import Network
from services.traffic.snapshot import Source

# The definitions of services.traffic.indicators: no speed where unknown (0) or closed (4).
_ZONE_QUERY: Final = """
    SELECT o.observed_at, s.zone, sum(s.free_flow_s) AS free_flow_s,
           sum(s.length_m * 3.6 / greatest(least(o.speed_kmh, s.speed_limit_kmh), 1)) AS actual_s
    FROM read_parquet(?, union_by_name = true) AS o
    JOIN segments AS s ON s.network_version = o.network_version AND s.segment = o.segment
    WHERE o.status NOT IN (0, 4) AND o.speed_kmh IS NOT NULL
    GROUP BY o.observed_at, s.zone
    ORDER BY o.observed_at, s.zone
"""


def zone_speed_ratios(
    data_dir: Path, source: Source, networks: Iterable[Network]
) -> Iterator[pd.DataFrame]:
    """Speed ratio of every zone at every time, one frame per UTC day of history.

    Parameters
    ----------
    data_dir, source
        Which history.
    networks : iterable of Network
        The networks its files refer to. Rows of others are left out.

    Yields
    ------
    DataFrame
        observed_at (aware, UTC), zone (code), free_flow_s, actual_s: sums over
        the zone's known segments, with speeds capped at the limit.

    Raises
    ------
    StorageError
        When files cannot be read though nothing is known to be wrong with them.
    """
    with duckdb.connect() as connection:
        connection.register("segments", _segment_table(networks))

        def ratios(found: reading.DayFiles) -> pd.DataFrame | None:
            paths = [str(path) for path in found.to_read()]
            if not paths:
                return None
            rows = connection.sql(_ZONE_QUERY, params=[paths])
            frame: pd.DataFrame = rows.to_arrow_table().to_pandas()
            return frame

        for day in layout.days(data_dir, source):
            frame = reading.with_retries(data_dir, source, day, ratios)
            if frame is not None:
                yield frame


def _segment_table(networks: Iterable[Network]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "network_version": network.version,
                "segment": np.arange(len(network), dtype=np.uint32),
                "zone": network.zone_codes,
                "length_m": network.length_m,
                "speed_limit_kmh": network.speed_limit_kmh,
                "free_flow_s": network.free_flow_time_s,
            }
        )
        for network in networks
    )
