"""What a view shows as one table, and that table as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

import orjson
import pyarrow as pa

from services.base.csv_text import BYTE_ORDER_MARK, csv_text
from services.base.parquet_file import write_parquet
from services.plain.trends.export import Form
from services.traffic.network import Network, rounded

Kind = Literal["number", "whole", "text", "moment", "day", "flag"]
"""What a column's values are, besides None: float, int, str, datetime (aware), date, bool."""
Unit = Literal["", "km/h", "s", "min", "m", "km", "h", "km·h", "veh·h", "1", "%"]
"""As the definitions name it: 1 is a ratio or a share, empty for what has none."""

_ARROW: Final[Mapping[Kind, pa.DataType]] = {
    "number": pa.float64(),
    "whole": pa.int64(),
    "text": pa.string(),
    "moment": pa.timestamp("s", tz="UTC"),
    "day": pa.date32(),
    "flag": pa.bool_(),
}
# Of numbers that people read; programs take what was computed.
_DECIMALS: Final = 4
DEFINITIONS_KEY: Final = b"definitions"
"""Of what the columns mean, in a Parquet file's metadata, as JSON."""


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
        In English, the same in all languages, its unit behind: ``speed_kmh``.
    kind : Kind
    values : sequence
    unit : Unit
    meaning : str
        Key of the texts ``trends_columns``; by default the name.
    """

    name: str
    kind: Kind
    values: Sequence[Any]
    unit: Unit = ""
    meaning: str = ""

    @property
    def meaning_key(self) -> str:
        """Key of the text that says what it is."""
        return self.meaning or self.name


@dataclass(frozen=True)
class Table:
    """Columns of the same length.

    Attributes
    ----------
    columns : sequence of Column
    segments : sequence of sequence of int, optional
        Where each row is: places in the network's order. None where rows are no places.
    facts : mapping
        What holds for all rows, by names like those of columns; told with the definitions.
    """

    columns: Sequence[Column]
    segments: Sequence[Sequence[int]] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = {len(column.values) for column in self.columns}
        if len(sizes) != 1 or (self.segments is not None and sizes != {len(self.segments)}):
            raise ValueError(f"columns of {sorted(sizes)} rows")

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.columns[0].values)


def encode(table: Table, form: Form, definitions: Mapping[str, Any], network: Network) -> bytes:
    """A table as a file.

    Parameters
    ----------
    table : Table
        For GeoJSON one whose rows are places.
    form : Form
    definitions : mapping
        What it is and what its columns mean, as JSON takes it.
    network : Network
        Whose segments they are.
    """
    if form == "csv":
        return _csv(table)
    if form == "parquet":
        return _parquet(table, definitions)
    if form == "geojson":
        return _geojson(table, definitions, network)
    return orjson.dumps(definitions, option=orjson.OPT_INDENT_2)


def _csv(table: Table) -> bytes:
    head = [column.name for column in table.columns]
    rows = zip(
        *([_cell(value) for value in column.values] for column in table.columns), strict=True
    )
    return (BYTE_ORDER_MARK + csv_text([head, *rows])).encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return round(value, _DECIMALS)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _parquet(table: Table, definitions: Mapping[str, Any]) -> bytes:
    columns = {one.name: pa.array(list(one.values), _ARROW[one.kind]) for one in table.columns}
    return write_parquet(pa.table(columns), {DEFINITIONS_KEY: orjson.dumps(definitions)})


def _geojson(table: Table, definitions: Mapping[str, Any], network: Network) -> bytes:
    names = [column.name for column in table.columns]
    rows = zip(*(column.values for column in table.columns), strict=True)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "MultiLineString", "coordinates": _lines(network, segments)},
            "properties": dict(zip(names, row, strict=True)),
        }
        for segments, row in zip(table.segments or (), rows, strict=True)
    ]
    content = {"type": "FeatureCollection", "definitions": definitions, "features": features}
    return orjson.dumps(content)


def _lines(network: Network, segments: Sequence[int]) -> list[list[list[float]]]:
    return [part for place in segments for part in rounded(network.geometry[place])]
