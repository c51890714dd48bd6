"""Rennes, and the open data of Rennes Métropole (docs/data-sources.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from services.city.city import Box, City, Holidays, StatusThresholds, ZoneRule

RENNES: Final = City(
    name="Rennes",
    feed_url=(
        "https://data.rennesmetropole.fr/api/explore/v2.1/catalog/datasets/"
        "etat-du-trafic-en-temps-reel/exports/json"
        "?lang=fr&timezone=Europe%2FBerlin&use_labels=true&delimiter=%3B"
    ),
    dataset_url="https://data.rennesmetropole.fr/explore/dataset/etat-du-trafic-en-temps-reel/",
    licence="ODbL",
    licence_url="https://opendatacommons.org/licenses/odbl/",
    # Measured on the reply of 2024-08-26: all but 40 of 2,859 rows, those on a boundary.
    thresholds=StatusThresholds(congested_up_to=0.30, free_from=0.70),
    road_widths=(("Réseau national", 1.35), ("Réseau d'armature", 1.15), ("Réseau d'appui", 1.1)),
    roads=Box(-1.794, 48.038, -1.573, 48.164),
    # With a margin of about 20 km.
    believed=Box(-2.10, 47.85, -1.30, 48.35),
    backdrop=Box(-2.10, 47.90, -1.30, 48.35),
    # Place de la Mairie.
    centre_lon_deg=-1.6777,
    centre_lat_deg=48.1117,
    time_zone=ZoneInfo("Europe/Paris"),
    zones=("centre-ville", "rocade", "penetrantes", "ceinture", "quartiers"),
    whole_network="metropole",
    first_zone="centre-ville",
    zone_rules=(
        # By its names, its portes included, of whatever class.
        ZoneRule("rocade", name_prefixes=("Route nationale 136", "Rocade", "Porte d")),
        # The feed has no segment in the hyper-centre itself; within 2 km lie the inner ring of
        # boulevards and the quays (about 400 segments).
        ZoneRule("centre-ville", radius_m=2_000.0),
        ZoneRule("ceinture", road_classes=("Réseau d'armature",)),
        ZoneRule("penetrantes", road_classes=("Réseau national", "Réseau d'appui")),
    ),
    other_zone="quartiers",
    holidays=Holidays("FR", "B", Path(__file__).with_name("days_off.json")),
)
