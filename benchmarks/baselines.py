"""The plain approach, honestly written: what each figure is compared with.

One small DataFrame per record, and a new figure of all lines for each refresh.
The servers that serve plainly are in ``baseline_servers``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from components.palette import LIGHT, WIDTH_PX
from services.city.rennes import RENNES
from services.plain.statuses import DATEX_NAMES
from services.traffic.network import Network, geometry_parts
from services.traffic.road_lines import Part
from services.traffic.snapshot import Snapshot

_FIELDS: Final = (
    "datetime", "predefinedlocationreference", "averagevehiclespeed", "traveltime",
    "traveltimereliability", "trafficstatus", "vehicleprobemeasurement", "denomination",
    "hierarchie", "vitesse_maxi",
)  # fmt: skip

# Without any source of its own, Plotly cannot draw a second figure on the style.
_NOTHING: Final = {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}


def plain_parse(body: bytes) -> pd.DataFrame:
    """A reply as one table, by one small DataFrame per record; nothing is checked.

    The records are concatenated once, at the end of the loop: concatenating inside
    it, as is often seen, takes ten times as long.
    """
    frames = [
        pd.DataFrame([{**{field: record[field] for field in _FIELDS}, **_coordinates(record)}])
        for record in json.loads(body)
    ]
    return pd.concat(frames, ignore_index=True)


def whole_figure(network: Network, snapshot: Snapshot) -> go.Figure:
    """A figure of all lines: one trace per status, the lines kept apart by a gap."""
    codes = snapshot.status_codes()
    west, south, east, north = RENNES.roads
    figure = go.Figure(
        [
            _trace(status, [parts for parts, c in zip(network.geometry, codes, strict=True)
                            if c == code])
            for code, status in enumerate(DATEX_NAMES)
        ]
    )  # fmt: skip
    background = {
        "id": "background",
        "type": "background",
        "paint": {"background-color": LIGHT.background},
    }
    figure.update_layout(
        map={
            "style": {"version": 8, "sources": {"nothing": _NOTHING}, "layers": [background]},
            "center": {"lon": (west + east) / 2, "lat": (south + north) / 2},
            "zoom": 10.5,
        },
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        uirevision="constant",
        template=None,
    )
    return figure


def _coordinates(record: dict[str, Any]) -> dict[str, list[float]]:
    points = [point for part in geometry_parts(record["geo_shape"]["geometry"]) for point in part]
    return {"lon": [point[0] for point in points], "lat": [point[1] for point in points]}


def _trace(status: str, roads: list[list[Part]]) -> go.Scattermap:
    return go.Scattermap(
        lon=list(_with_gaps(roads, 0)),
        lat=list(_with_gaps(roads, 1)),
        mode="lines",
        line={"color": LIGHT.status[status], "width": WIDTH_PX[13][status]},
        name=status,
    )


def _with_gaps(roads: list[list[Part]], axis: int) -> Iterator[float | None]:
    # A trace of no point at all would leave the graph without a map.
    yield None
    for parts in roads:
        for part in parts:
            yield from (point[axis] for point in part)
            yield None
