"""The check of the moving columns: pydantic by column, pandera, and pydantic row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from benchmarks.demo_traffic import demo_feed
from benchmarks.rows import Options, Row, Spread, spread, times_less
from benchmarks.timing import time_runs
from services.observe.feeds.reply import ReplyColumns, decode_records
from services.plain.statuses import DATEX_NAMES


class ReplyRow(BaseModel):
    """The rules of ``ReplyColumns``, one row at a time."""

    model_config = ConfigDict(strict=True)

    averagevehiclespeed: Annotated[int | float, Field(ge=0, le=250)]
    traveltime: Annotated[int | float, Field(ge=0, le=36_000)]
    traveltimereliability: Annotated[int | float, Field(ge=0, le=100)]
    trafficstatus: Literal["freeFlow", "heavy", "congested", "impossible", "unknown"]
    vehicleprobemeasurement: Annotated[int, Field(ge=0)]


PANDERA_RULES: Final = pa.DataFrameSchema(
    {
        "averagevehiclespeed": pa.Column("int64", pa.Check.in_range(0, 250)),
        "traveltime": pa.Column("int64", pa.Check.in_range(0, 36_000)),
        "traveltimereliability": pa.Column("int64", pa.Check.in_range(0, 100)),
        "trafficstatus": pa.Column(str, pa.Check.isin(DATEX_NAMES)),
        "vehicleprobemeasurement": pa.Column("int64", pa.Check.ge(0)),
    }
)


def measure(options: Options) -> Iterator[Row]:
    """Yield one row per rival of the check that is in use."""
    columns = _columns()
    frame = pd.DataFrame(columns)
    rows = frame.to_dict("records")
    by_row = TypeAdapter(list[ReplyRow])
    runs = options.repeat(31, 7)
    here = _time(lambda: ReplyColumns.model_validate(columns), runs)
    rivals = {
        "pandera, its DataFrame already made": _time(lambda: PANDERA_RULES.validate(frame), runs),
        "pandera, from the same lists": _time(
            lambda: PANDERA_RULES.validate(pd.DataFrame(columns)), runs
        ),
        "pydantic row by row": _time(lambda: by_row.validate_python(rows), runs),
    }
    for name, rival in rivals.items():
        yield Row(
            f"check of the columns, {len(frame):,} rows, pydantic by column",
            here,
            rival,
            name,
            times_less(here, rival),
        )


def _time(action: Callable[[], object], runs: int) -> Spread:
    return spread(time_runs(action, runs, warm_up=3), "ms", 1e3)


def _columns() -> dict[str, list[Any]]:
    records = decode_records(demo_feed().reply(datetime.now(UTC)))
    return {
        name: [getattr(record, name) for record in records] for name in ReplyColumns.model_fields
    }
