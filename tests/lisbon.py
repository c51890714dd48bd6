"""A second city, made up: other roads, zones and holidays, and a clock an hour behind Rennes'."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from services.city.city import Box, ZoneRule
from services.city.rennes import RENNES

LISBON = replace(
    RENNES,
    name="Lisboa",
    believed=Box(-9.6, 38.5, -8.9, 39.0),
    centre_lon_deg=-9.137,
    centre_lat_deg=38.708,
    time_zone=ZoneInfo("Europe/Lisbon"),
    zones=("baixa", "circulares", "bairros"),
    whole_network="grande-lisboa",
    first_zone="baixa",
    zone_rules=(
        ZoneRule("baixa", radius_m=1_000.0),
        ZoneRule("circulares", name_prefixes=("Segunda",), road_classes=("IC",)),
    ),
    other_zone="bairros",
    # Nothing slows anyone there but traffic.
    free_flow_shares=(),
    other_free_flow_share=1.0,
    space_mean_share=1.0,
)
