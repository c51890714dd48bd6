"""Rennes, and the open data of Rennes Métropole (docs/data-sources.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from services.city.city import (
    Box,
    City,
    Commune,
    CorridorPlan,
    Holidays,
    StatusThresholds,
    Waypoint,
    ZoneRule,
)

_CORRIDORS: Final = (
    CorridorPlan(
        "rocade",
        "Rocade",
        (
            Waypoint("Porte de Saint-Malo", (-1.66869, 48.14174)),
            Waypoint("Porte de Maurepas", (-1.65322, 48.14227)),
            Waypoint("Porte des Longchamps", (-1.59236, 48.14659)),
            Waypoint("Porte de Tizé", (-1.58876, 48.11085)),
            Waypoint("Porte des Loges", (-1.62685, 48.09209)),
            Waypoint("Porte d'Alma", (-1.67815, 48.08029)),
            Waypoint("Porte de Bréquigny", (-1.69978, 48.08569)),
            Waypoint("Porte de Lorient", (-1.71829, 48.11155)),
            Waypoint("Porte de Villejean", (-1.70069, 48.13823)),
            Waypoint("Porte de Saint-Malo", (-1.66869, 48.14174)),
        ),
        roads=("Route nationale 136",),
    ),
    CorridorPlan(
        "boulevards",
        "Boulevards",
        (
            Waypoint("Rue d'Antrain", (-1.6671, 48.1249)),
            Waypoint("Boulevard de Verdun", (-1.6846, 48.1235)),
            Waypoint("Rue de Brest", (-1.6934, 48.1128)),
            Waypoint("Rue Claude Bernard", (-1.6935, 48.1051)),
            Waypoint("Rue de Nantes", (-1.6902, 48.0947)),
            Waypoint("Avenue Henri Fréville", (-1.6711, 48.0936)),
            Waypoint("Rue de Vern", (-1.6556, 48.0981)),
            Waypoint("Rue de Châteaugiron", (-1.6499, 48.1004)),
            Waypoint("Avenue Général Leclerc", (-1.657, 48.1146)),
            Waypoint("Boulevard Volney", (-1.6627, 48.1218)),
            Waypoint("Rue d'Antrain", (-1.6671, 48.1249)),
        ),
    ),
    CorridorPlan(
        "est-ouest",
        "Traversée est–ouest",
        (
            Waypoint("Porte de Brest", (-1.7190, 48.1193)),
            Waypoint("Rue de Brest", (-1.6934, 48.1128)),
            Waypoint("Boulevard de Verdun", (-1.6846, 48.1235)),
            Waypoint("Rue Jean Guéhenno", (-1.6708, 48.1181)),
            Waypoint("Boulevard Volney", (-1.6628, 48.1218)),
            Waypoint("Boulevard de Metz", (-1.6571, 48.1146)),
            Waypoint("Beaulieu", (-1.6341, 48.1141)),
        ),
    ),
    CorridorPlan(
        "fougeres",
        "Rue de Fougères",
        (
            Waypoint("Route de Fougères", (-1.6249, 48.1362)),
            Waypoint("Rue Jean Guéhenno", (-1.6674, 48.1193)),
        ),
    ),
    CorridorPlan(
        "antrain",
        "Rue d'Antrain",
        (
            Waypoint("Saint-Grégoire", (-1.6571, 48.143)),
            Waypoint("Rue Saint-Martin", (-1.6764, 48.1182)),
        ),
    ),
    CorridorPlan(
        "saint-malo",
        "Rue de Saint-Malo",
        (
            Waypoint("Porte de Saint-Malo", (-1.6976, 48.1425)),
            Waypoint("Rue de l'Hôtel Dieu", (-1.6808, 48.1172)),
        ),
    ),
    CorridorPlan(
        "brest",
        "Rue de Brest",
        (
            Waypoint("Porte de Brest", (-1.719, 48.1193)),
            Waypoint("Boulevard de Verdun", (-1.6934, 48.1128)),
        ),
    ),
    CorridorPlan(
        "route-de-brest",
        "Route de Brest",
        (
            Waypoint("Pacé", (-1.7737, 48.1402)),
            Waypoint("Porte de Brest", (-1.719, 48.1193)),
        ),
    ),
    CorridorPlan(
        "lorient",
        "Rue de Lorient",
        (
            Waypoint("Porte de Lorient", (-1.716, 48.1075)),
            Waypoint("Rue Louis Guilloux", (-1.6968, 48.1088)),
        ),
    ),
    CorridorPlan(
        "route-de-lorient",
        "Route de Lorient",
        (
            Waypoint("Mordelles", (-1.7958, 48.0777)),
            Waypoint("Porte de Lorient", (-1.716, 48.1075)),
        ),
    ),
    CorridorPlan(
        "nantes",
        "Rue de Nantes",
        (
            Waypoint("Porte de Bréquigny", (-1.697, 48.0833)),
            Waypoint("Boulevard Georges Clemenceau", (-1.6902, 48.0947)),
        ),
    ),
    CorridorPlan(
        "freville",
        "Avenue Henri Fréville",
        (
            Waypoint("Porte d'Alma", (-1.675, 48.0819)),
            Waypoint("Boulevard Georges Clemenceau", (-1.6744, 48.0938)),
        ),
    ),
    CorridorPlan(
        "route-de-nantes",
        "Route de Nantes",
        (
            Waypoint("Chartres-de-Bretagne", (-1.6872, 48.0367)),
            Waypoint("Porte d'Alma", (-1.675, 48.08)),
        ),
    ),
    CorridorPlan(
        "vern",
        "Rue de Vern",
        (
            Waypoint("Porte du Blosne", (-1.6432, 48.0846)),
            Waypoint("Boulevard Franklin Roosevelt", (-1.6556, 48.0981)),
        ),
    ),
    CorridorPlan(
        "chateaugiron",
        "Rue de Châteaugiron",
        (
            Waypoint("Porte des Loges", (-1.6281, 48.092)),
            Waypoint("Boulevard Léon Bourgeois", (-1.6499, 48.1004)),
        ),
    ),
    CorridorPlan(
        "leclerc",
        "Avenue Général Leclerc",
        (
            Waypoint("Beaulieu", (-1.6341, 48.1141)),
            Waypoint("Boulevard de Metz", (-1.6571, 48.1146)),
        ),
    ),
)

# The communes of the feed's segments by `insee`, each in the middle of them; those of Rennes itself
# lie around its centre.
_COMMUNES: Final = (
    Commune("35238", "Rennes", (-1.6777, 48.1117)),
    Commune("35051", "Cesson-Sévigné", (-1.6235, 48.1250)),
    Commune("35278", "Saint-Grégoire", (-1.6865, 48.1463)),
    Commune("35281", "Saint-Jacques-de-la-Lande", (-1.7106, 48.0784)),
    Commune("35206", "Noyal-Châtillon-sur-Seiche", (-1.6650, 48.0516)),
    Commune("35353", "Vezin-le-Coquet", (-1.7551, 48.1191)),
    Commune("35240", "Le Rheu", (-1.7744, 48.0942)),
    Commune("35055", "Chantepie", (-1.6267, 48.0847)),
    Commune("35066", "Chartres-de-Bretagne", (-1.7048, 48.0488)),
    Commune("35024", "Betton", (-1.6490, 48.1590)),
    Commune("35047", "Bruz", (-1.7375, 48.0560)),
    Commune("35210", "Pacé", (-1.7700, 48.1398)),
    Commune("35352", "Vern-sur-Seiche", (-1.6115, 48.0471)),
    Commune("35189", "Montgermont", (-1.7059, 48.1522)),
    Commune("35334", "Thorigné-Fouillard", (-1.5843, 48.1395)),
    Commune("35076", "Chavagne", (-1.7908, 48.0776)),
    Commune("35196", "Mordelles", (-1.7941, 48.0811)),
)

# Noon of 2024-08-26, with what rush of 2025-11-04 tells of the delay taken out, by hierarchie and
# vitesse_maxi (docs/simulation.md). The simulation drives by them.
_DISTRIBUTION: Final = {30: 1.04, 50: 0.78, 70: 0.87, 80: 0.75, 90: 0.85}
_FREE_FLOW_SHARES: Final = {
    "Réseau national": {30: 1.60, 50: 0.94, 70: 0.95, 90: 1.03, 110: 0.92},
    "Réseau d'armature": {50: 0.98, 70: 0.95, 80: 0.75, 90: 1.04},
    "Réseau d'appui": {30: 1.17, 50: 0.81, 70: 0.90, 80: 0.72, 90: 0.95, 110: 0.96},
    "Réseau de distribution principale": _DISTRIBUTION,
    "Réseau de distribution secondaire": _DISTRIBUTION,
}

RENNES: Final = City(
    name="Rennes",
    feed_url=(
        "https://data.rennesmetropole.fr/api/explore/v2.1/catalog/datasets/"
        "etat-du-trafic-en-temps-reel/exports/json"
        "?lang=fr&timezone=Europe%2FBerlin&use_labels=true&delimiter=%3B"
    ),
    dataset_url="https://data.rennesmetropole.fr/explore/dataset/etat-du-trafic-en-temps-reel/",
    roadworks_url=(
        "https://data.rennesmetropole.fr/api/explore/v2.1/catalog/datasets/"
        "travaux_30_jours/exports/geojson"
    ),
    licence="ODbL",
    licence_url="https://opendatacommons.org/licenses/odbl/",
    # Measured on the reply of 2024-08-26: all but 40 of 2,859 rows, those on a boundary.
    thresholds=StatusThresholds(congested_up_to=0.30, free_from=0.70),
    road_widths=(("Réseau national", 1.35), ("Réseau d'armature", 1.15), ("Réseau d'appui", 1.1)),
    roads=Box(-1.794, 48.038, -1.573, 48.164),
    # With a margin of about 20 km.
    believed=Box(-2.10, 47.85, -1.30, 48.35),
    backdrop=Box(-2.10, 47.90, -1.30, 48.35),
    network=Path(__file__).with_name("rennes_network.json.gz"),
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
    names_of_no_road=("", "Rond-point", "Inconnu Voie non dénommée"),
    ring_roads=("Route nationale 136",),
    junction_prefixes=("Porte ", "Echangeur ", "Rond-point "),
    ring_junction_prefixes=("Porte ", "Echangeur "),
    road_signs=(
        ("Route nationale 136", "Rocade"),
        ("Route nationale ", "N "),
        ("Route départementale ", "D "),
        ("Boulevard ", "Bd "),
        ("Avenue ", "Av. "),
    ),
    communes=_COMMUNES,
    corridors=_CORRIDORS,
    free_flow_shares=tuple(
        (road_class, limit_kmh, share)
        for road_class, by_limit in _FREE_FLOW_SHARES.items()
        for limit_kmh, share in by_limit.items()
    ),
    # Neither capture has such a segment.
    other_free_flow_share=0.9,
    # So that noon of 2024-08-26 reads 13 % congested, and what is simulated at 3 h of eight weeks
    # between 0 and 4 % (by the medians alone 22 and 6 %).
    space_mean_share=0.92,
    holidays=Holidays("FR", "B", Path(__file__).with_name("days_off.json")),
)
