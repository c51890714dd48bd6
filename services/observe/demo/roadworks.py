"""The list of roadworks of the demo feed.

It speaks the JSON of ``travaux_30_jours`` and passes through the same checks as the live list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from services.city.rennes import RENNES
from services.observe.demo.feed import DemoFeed
from services.observe.demo.network import DemoNetwork
from services.observe.demo.sites import Site, sites_within
from services.observe.feeds.reply import GEOMETRY_FIELD
from services.traffic.network import geometry_parts
from services.traffic.snapshot import Source

_ANNOUNCED_DAYS: Final = 30
_PARKING: Final = "Interdiction de stationnement"
_EPOCH: Final = date(1970, 1, 1)
_COMMUNE_FIELD: Final = "insee"


@dataclass(frozen=True)
class DemoRoadworks:
    """The list of a simulated Rennes, answered as the live one is.

    Parameters
    ----------
    feed : DemoFeed
        Whose traffic the roadworks slow.
    """

    feed: DemoFeed = field(default_factory=DemoFeed)
    source: Source = "demo"

    def reply(self, at: datetime) -> bytes:
        """Return the GeoJSON of ``exports/geojson`` at an aware time."""
        today = (RENNES.local(at).date() - _EPOCH).days
        network = self.feed.network
        sites = sites_within(network, self.feed.seed, today, today + _ANNOUNCED_DAYS)
        records = [record for site in sites for record in _records(network, site)]
        features = [
            {"type": "Feature", "geometry": geometry, "properties": {**record, "id": number}}
            for number, (geometry, record) in enumerate(records, 1)
        ]
        return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _records(network: DemoNetwork, site: Site) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A record of the site's measure and, where that is another, one of parking forbidden."""
    lines = [
        part
        for segment in site.segments
        for part in geometry_parts(
            msgspec.json.decode(network.records[segment][GEOMETRY_FIELD])["geometry"]
        )
    ]
    geometry = {"type": "MultiLineString", "coordinates": lines}
    lon, lat = lines[0][len(lines[0]) // 2][:2]
    kinds = dict.fromkeys([site.plan.kind, _PARKING])
    for kind in kinds:
        yield (
            geometry,
            {
                "geo_point_2d": {"lon": lon, "lat": lat},
                "gml_id": f"simulation.{site.number}",
                "id_evt": site.number,
                "commune": _commune(network, site.segments[0]),
                "quartier": None,
                "localisation": str(network.names[site.segments[0]]),
                "commentaire": kind,
                "date_deb": _midnight(site.first_day),
                "date_fin": _midnight(site.last_day),
                "type": kind,
                "libelle": "simulation",
                "niv_perturbation": site.plan.level if kind == site.plan.kind else "Impact nul",
                "date_maj": _midnight(site.first_day - 7),
                "interlocuteur": None,
            },
        )


def _commune(network: DemoNetwork, segment: int) -> str:
    """Number and name of the commune that a segment is of, as the feed writes them."""
    code = str(msgspec.json.decode(network.records[segment][_COMMUNE_FIELD]))
    names = {commune.code: commune.name for commune in RENNES.communes}
    return f"{code} - {names.get(code, '')}"


def _midnight(day: int) -> str:
    """A local day, as the feed writes it."""
    at = datetime.combine(_EPOCH + timedelta(days=day), datetime.min.time(), UTC)
    return at.isoformat(timespec="seconds")
