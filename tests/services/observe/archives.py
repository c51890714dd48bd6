"""Archives of the feed in every shape it has been published in, written for tests."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

Records = Sequence[dict[str, Any]]


def exports_json(records: Records) -> bytes:
    return orjson.dumps(list(records))


def pretty_json(records: Records) -> bytes:
    return b"\xef\xbb\xbf" + orjson.dumps(list(records), option=orjson.OPT_INDENT_2)


def api_2(records: Records) -> bytes:
    return orjson.dumps({"total_count": len(records), "results": list(records)})


def api_1(records: Records) -> bytes:
    wrapped = [
        {
            "datasetid": "etat-du-trafic-en-temps-reel",
            "recordid": f"{place:08x}",
            "fields": {
                **{name: value for name, value in record.items() if value is not None},
                "geo_shape": record["geo_shape"]["geometry"],
                "geo_point_2d": [48.1, -1.6],
            },
            "geometry": {"type": "Point", "coordinates": [-1.6, 48.1]},
            "record_timestamp": "2022-01-01T00:00:00Z",
        }
        for place, record in enumerate(records)
    ]
    return orjson.dumps({"nhits": len(records), "parameters": {"rows": 10}, "records": wrapped})


def api_2_0(records: Records) -> bytes:
    wrapped = [{"links": [], "record": {"id": "x", "fields": record}} for record in records]
    return orjson.dumps({"total_count": len(records), "links": [], "records": wrapped})


def json_lines(records: Records) -> bytes:
    return b"\n".join(orjson.dumps(record) for record in records) + b"\n"


def geojson(records: Records) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": record["geo_shape"]["geometry"],
            "properties": {k: v for k, v in record.items() if k != "geo_shape"},
        }
        for record in records
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def csv_with_names(records: Records) -> bytes:
    return b"\xef\xbb\xbf" + _csv(records, {name: name for name in records[0]})


def csv_with_labels(records: Records) -> bytes:
    labels = {name: name for name in records[0]}
    labels |= {
        "averagevehiclespeed": "averageVehicleSpeed",
        "geo_shape": "Geo Shape",
        "geo_point_2d": "Geo Point",
    }
    return _csv(records, labels)


def provider_csv(records: Records) -> bytes:
    """The six columns that the provider itself delivers: no geometry, limit or probes."""
    names = {
        "datetime": "datetime",
        "predefinedlocationreference": "predefinedLocationReference",
        "averagevehiclespeed": "averageVehicleSpeed",
        "traveltime": "travelTime",
        "traveltimereliability": "travelTimeReliability",
        "trafficstatus": "trafficStatus",
    }
    return _csv(records, names)


def old_schema(records: Records) -> list[dict[str, Any]]:
    """The same observations as the feed wrote them in 2021 and 2022.

    There ``id`` is the row's number, and what was not measured reads free flow.
    """
    gone = ("vehicleprobemeasurement", "vitesse_maxi", "hierarchie", "hierarchie_dv")
    return [
        {name: value for name, value in record.items() if name not in gone}
        | {"func_class": 3, "id": place}
        | ({"trafficstatus": "freeFlow"} if record["trafficstatus"] == "unknown" else {})
        for place, record in enumerate(records)
    ]


def parquet(records: Records) -> bytes:
    """As the API exports it: times as instants, geometry as well-known binary."""
    rows = [
        record
        | {
            "datetime": datetime.fromisoformat(record["datetime"]).astimezone(UTC),
            "geo_shape": _wkb(record["geo_shape"]["geometry"]),
        }
        for record in records
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


SHAPES: dict[str, Callable[[Records], bytes]] = {
    made.__name__: made
    for made in (
        exports_json,
        pretty_json,
        api_2,
        api_1,
        api_2_0,
        json_lines,
        geojson,
        csv_with_names,
        csv_with_labels,
        parquet,
    )
}


def _csv(records: Records, labels: dict[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(labels.values())
    for record in records:
        writer.writerow([_field(record[name]) for name in labels])
    return text.getvalue().encode()


def _field(value: Any) -> Any:
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return "" if value is None else value


def _wkb(geometry: dict[str, Any]) -> bytes:
    """Lines in little-endian order, parts of several in big-endian: both are allowed."""
    if geometry["type"] == "LineString":
        return _wkb_line(geometry["coordinates"], "<")
    lines = [_wkb_line(line, ">") for line in geometry["coordinates"]]
    return struct.pack("<BII", 1, 5, len(lines)) + b"".join(lines)


def _wkb_line(points: Sequence[Sequence[float]], order: str) -> bytes:
    numbers = [number for point in points for number in point]
    head = struct.pack(f"{order}BII", order == "<", 2, len(points))
    return head + struct.pack(f"{order}{len(numbers)}d", *numbers)
