"""A hand-drawn, schematic Rennes: named roads as a few points each, east and north in km.

The origin is the Place de la Mairie. The lines come from general knowledge of the town and are
good for a demonstration only: no survey or published geometry went into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple


class RoadClass(IntEnum):
    """The road classes of the feed, from the highest."""

    NATIONAL = 0
    ARMATURE = 1
    APPUI = 2
    DISTRIBUTION = 3


class Carriageway(StrEnum):
    """How the two directions of a road appear in the feed."""

    DIVIDED = "divided"
    """Two one-way segments, each with its own number."""
    TWO_WAY = "two-way"
    """A pair of segments, `_D` and `_G`, on the same number."""
    ONE_WAY = "one-way"
    """The drawn direction only."""


class Point(NamedTuple):
    """A place, in km from the Place de la Mairie."""

    east_km: float
    north_km: float


@dataclass(frozen=True)
class Road:
    """One drawn road.

    Parameters
    ----------
    name : str
        What the feed calls `denomination`.
    road_class : RoadClass
        Place in the hierarchy.
    limits_kmh : tuple of int
        Speed limits met along the road, each over an equal share of its length.
    points : tuple of Point
        Where it passes, in the digitising direction.
    carriageway : Carriageway
        How its directions are published.
    closed : bool
        Whether the last point joins the first.
    """

    name: str
    road_class: RoadClass
    limits_kmh: tuple[int, ...]
    points: tuple[Point, ...]
    carriageway: Carriageway = Carriageway.TWO_WAY
    closed: bool = False


class Interchange(NamedTuple):
    """A *porte* of the ring road, where ramps leave and join."""

    name: str
    east_km: float
    north_km: float
    road_class: RoadClass
    ramp_limit_kmh: int
    has_loops: bool


class Roundabout(NamedTuple):
    """A roundabout set on a crossing."""

    name: str
    east_km: float
    north_km: float
    road_class: RoadClass
    limit_kmh: int


class Town(NamedTuple):
    """A commune: INSEE code and a rough centre."""

    insee: int
    east_km: float
    north_km: float


def _line(text: str) -> tuple[Point, ...]:
    pairs = (pair.split(",") for pair in text.split())
    return tuple(Point(float(east), float(north)) for east, north in pairs)


def _road(
    name: str,
    road_class: RoadClass,
    limits_kmh: tuple[int, ...],
    line: str,
    carriageway: Carriageway = Carriageway.TWO_WAY,
) -> Road:
    return Road(name, road_class, limits_kmh, _line(line), carriageway)


_N, _T, _A, _D = RoadClass.NATIONAL, RoadClass.ARMATURE, RoadClass.APPUI, RoadClass.DISTRIBUTION
_DIVIDED, _ONE_WAY = Carriageway.DIVIDED, Carriageway.ONE_WAY

# Clockwise from the Porte de Saint-Malo, so the drawn direction is the *rocade intérieure*.
RING_ROAD = Road(
    "Route nationale 136",
    _N,
    (90, 90, 90, 90, 70, 90, 90, 90),
    _line(
        "-2.2,2.85 -1.6,3.0 -0.8,3.02 0.2,3.1 1.1,3.15 2.2,2.95 3.3,2.9 4.1,3.3 4.8,3.95 5.6,4.2 "
        "6.4,3.75 7.0,3.0 7.25,2.1 7.2,1.2 6.9,0.4 5.9,-0.25 4.9,-0.95 3.6,-2.2 2.7,-3.1 "
        "2.2,-3.4 1.2,-3.5 0.05,-3.6 -1.3,-3.75 -1.75,-3.3 -2.3,-2.65 -2.9,-1.9 -3.15,-1.35 "
        "-3.35,-0.5 -3.4,0.2 -3.3,0.9 -3.0,1.6 -2.7,2.3"
    ),
    _DIVIDED,
    closed=True,
)

INTERCHANGES = (
    Interchange("Porte de Saint-Malo", -2.2, 2.85, _T, 70, has_loops=True),
    Interchange("Porte de Saint-Grégoire", -0.8, 3.02, _A, 50, has_loops=False),
    Interchange("Porte de Maurepas", 1.1, 3.15, _A, 50, has_loops=False),
    Interchange("Porte des Longchamps", 3.3, 2.9, _T, 50, has_loops=False),
    Interchange("Porte de Rennes", 5.6, 4.2, _N, 70, has_loops=True),
    Interchange("Porte de Tizé", 7.0, 3.0, _A, 50, has_loops=False),
    Interchange("Porte de Paris", 6.9, 0.4, _N, 70, has_loops=True),
    Interchange("Porte de la Rigourdière", 5.9, -0.25, _A, 50, has_loops=False),
    Interchange("Porte de Beaulieu", 4.9, -0.95, _A, 50, has_loops=False),
    Interchange("Porte des Loges", 3.6, -2.2, _A, 50, has_loops=False),
    Interchange("Porte d'Angers", 2.7, -3.1, _T, 70, has_loops=False),
    Interchange("Porte du Blosne", 1.2, -3.5, _A, 50, has_loops=False),
    Interchange("Porte d'Alma", 0.05, -3.6, _N, 70, has_loops=True),
    Interchange("Porte de Bréquigny", -1.3, -3.75, _A, 50, has_loops=False),
    Interchange("Porte de Saint-Nazaire", -2.3, -2.65, _A, 70, has_loops=False),
    Interchange("Porte de Cleunay", -3.15, -1.35, _D, 50, has_loops=False),
    Interchange("Porte de Lorient", -3.35, -0.5, _N, 70, has_loops=True),
    Interchange("Porte de Brest", -3.3, 0.9, _N, 70, has_loops=True),
    Interchange("Porte de Villejean", -3.0, 1.6, _D, 50, has_loops=False),
    Interchange("Porte d'Armorique", -2.7, 2.3, _D, 50, has_loops=False),
)

_RADIALS = (
    _road(
        "Route nationale 12",
        _N,
        (90, 110, 110),
        "-3.3,0.9 -4.0,1.25 -4.9,1.45 -5.8,2.0 -6.7,2.6 -7.6,3.5",
        _DIVIDED,
    ),
    _road(
        "Route nationale 24",
        _N,
        (70, 90, 110),
        "-3.35,-0.5 -4.3,-0.75 -5.2,-0.9 -5.9,-1.7 -7.0,-2.4 -7.9,-3.2 -8.5,-4.0",
        _DIVIDED,
    ),
    _road(
        "Route nationale 137",
        _N,
        (90, 110),
        "0.05,-3.6 -0.05,-4.6 -0.3,-5.9 -0.6,-7.0 -0.85,-8.05",
        _DIVIDED,
    ),
    _road("Route nationale 157", _N, (110,), "6.9,0.4 7.25,0.62 7.7,0.8", _DIVIDED),
    _road("Autoroute A84", _N, (110,), "5.6,4.2 6.1,4.7 6.8,5.1 7.4,5.6", _DIVIDED),
    _road("Route de Saint-Malo", _T, (70, 90), "-2.2,2.85 -2.35,3.6 -2.6,4.6 -2.9,5.4"),
    _road("Rue de Montfort", _A, (50, 70), "-5.4,-1.15 -6.1,-1.9 -7.2,-2.3 -8.45,-2.7"),
    _road(
        "Rue de Vezin",
        _A,
        (50, 30, 50, 70),
        "-2.75,0.82 -3.36,0.55 -4.2,0.55 -5.1,0.75 -5.8,0.85 -6.6,1.05 -7.25,1.0",
    ),
    _road(
        "Route départementale 177",
        _A,
        (70, 90, 90),
        "-2.3,-2.65 -2.6,-3.6 -2.75,-4.6 -3.1,-5.5 -3.9,-6.3 -4.9,-6.9",
    ),
    _road(
        "Route départementale 837",
        _A,
        (50, 70, 80),
        "-1.3,-3.75 -1.5,-4.7 -1.7,-5.7 -2.1,-6.5 -2.5,-7.05",
    ),
    _road(
        "Route départementale 82",
        _A,
        (50, 70, 80),
        "1.2,-3.5 1.05,-4.4 0.8,-5.2 0.95,-6.3 0.85,-7.5",
    ),
    _road("Route départementale 463", _A, (50, 70, 90), "3.6,-2.2 4.0,-3.0 4.8,-3.4 6.2,-3.7"),
    _road("Rue du Général de Gaulle", _A, (30, 50), "-0.8,3.02 -0.85,3.8 -0.75,4.6 -0.95,5.5"),
    _road("Route de Betton", _A, (50, 70), "1.1,3.15 1.3,3.9 1.7,4.7 1.95,5.45"),
    _road(
        "Rue Nationale", _A, (50, 30, 50, 70), "3.9,1.45 4.8,1.25 5.5,1.35 6.2,1.9 6.6,2.6 7.0,3.0"
    ),
)

_OUTER_BELT = (
    _road("Route départementale 29", _T, (50, 70), "3.3,2.9 3.65,3.5 3.75,4.4 3.6,5.1"),
    _road(
        "Route départementale 29",
        _T,
        (80, 70, 80, 80),
        "3.6,5.1 2.8,5.25 1.95,5.45 0.6,5.65 -0.95,5.5 -1.7,5.0 -2.6,4.6",
    ),
    _road(
        "Route départementale 29",
        _T,
        (80, 80, 70, 80),
        "-2.6,4.6 -3.6,4.2 -5.0,4.25 -6.1,3.9 -6.7,2.6 -7.0,1.9 -7.25,1.0",
    ),
    _road(
        "Route départementale 288",
        _T,
        (80, 80, 70, 80),
        "-7.25,1.0 -7.2,0.0 -7.5,-0.9 -8.1,-1.8 -8.45,-2.7 -8.4,-3.6",
    ),
    _road(
        "Route départementale 173",
        _T,
        (80, 90, 70),
        "-8.4,-3.6 -7.9,-4.7 -7.1,-5.5 -6.0,-5.6 -4.9,-6.9",
    ),
    _road(
        "Route départementale 34",
        _T,
        (70, 50, 70, 80),
        "-4.9,-6.9 -3.7,-6.8 -2.5,-7.05 -1.6,-7.6 -0.72,-7.5 0.85,-7.5",
    ),
    _road(
        "Route départementale 34",
        _T,
        (80, 70, 80, 80, 70),
        "0.85,-7.5 2.0,-7.3 3.4,-7.45 4.6,-7.1 5.0,-6.2 4.6,-5.1 3.9,-4.2 3.2,-3.6 2.7,-3.1",
    ),
)

_CESSON = (
    _road(
        "Boulevard des Alliés",
        _A,
        (50, 50, 70),
        "3.3,2.9 3.75,2.2 3.9,1.45 3.95,0.7 4.05,0.05 4.4,-0.5 4.9,-0.95",
    ),
    _road("Avenue de la Boulais", _A, (50,), "4.8,1.25 5.1,0.6 5.6,0.2 5.9,-0.25"),
)

_INNER_RING = (
    _road("Rue Legraverend", _D, (30, 50), "-0.75,-0.15 -0.85,0.25 -0.72,0.7"),
    _road("Rue de l'Hôtel Dieu", _D, (30,), "-0.72,0.7 -0.25,0.95", _ONE_WAY),
    _road("Rue Jean Guéhenno", _D, (50, 30), "-0.25,0.95 0.3,1.0 0.62,0.85"),
    _road("Boulevard de Sévigné", _D, (30,), "0.62,0.85 1.0,0.6 1.12,0.3"),
    _road("Boulevard de la Duchesse Anne", _D, (50,), "1.12,0.3 1.1,0.05 0.95,-0.18"),
    _road("Boulevard Laënnec", _D, (50,), "0.95,-0.18 0.85,-0.65"),
    _road("Boulevard Solférino", _D, (30,), "0.85,-0.65 0.4,-0.88", _ONE_WAY),
    _road("Boulevard de Beaumont", _D, (30,), "0.4,-0.88 0.0,-0.78", _ONE_WAY),
    _road("Boulevard Magenta", _D, (30,), "0.0,-0.78 -0.35,-0.5", _ONE_WAY),
    _road("Boulevard de la Liberté", _D, (30, 50), "0.36,-0.52 -0.35,-0.5 -0.8,-0.45", _DIVIDED),
    _road("Boulevard de la Tour d'Auvergne", _D, (50,), "-0.8,-0.45 -0.75,-0.15"),
    _road("Avenue Janvier", _D, (30,), "0.4,-0.88 0.36,-0.52 0.34,-0.22", _ONE_WAY),
    _road("Quai Châteaubriand", _D, (30,), "0.34,-0.22 0.0,-0.2 -0.4,-0.17 -0.75,-0.15", _ONE_WAY),
    _road("Quai Émile Zola", _D, (30,), "-0.75,-0.21 -0.35,-0.24 0.05,-0.27 0.34,-0.28", _ONE_WAY),
    _road("Quai Richemont", _D, (30, 50), "0.34,-0.25 0.95,-0.18"),
)

_BOULEVARDS = (
    _road("Boulevard Marbeuf", _D, (50,), "-1.33,-1.05 -1.42,-0.6 -1.32,-0.22", _DIVIDED),
    _road("Boulevard Voltaire", _D, (50,), "-1.32,-0.22 -1.38,0.2 -1.28,0.6", _DIVIDED),
    _road("Boulevard de Verdun", _D, (50,), "-1.28,0.6 -1.15,1.05 -0.75,1.45 -0.35,1.65", _DIVIDED),
    _road("Rue de la Motte Brûlon", _D, (30, 50), "-0.35,1.65 0.15,1.75 0.62,1.62"),
    _road("Boulevard Alexis Carrel", _D, (50,), "0.62,1.62 1.1,1.5 1.5,1.25", _DIVIDED),
    _road("Boulevard Paul Painlevé", _D, (50,), "1.5,1.25 1.85,0.9 1.95,0.42", _DIVIDED),
    _road("Boulevard Villebois-Mareuil", _D, (50,), "1.95,0.42 2.02,0.1 1.95,-0.2", _DIVIDED),
    _road("Boulevard Volney", _D, (50,), "1.95,-0.2 2.15,-0.55 2.1,-0.95", _DIVIDED),
    _road("Boulevard Léon Bourgeois", _D, (50,), "2.1,-0.95 2.0,-1.4 1.55,-1.6", _DIVIDED),
    _road("Boulevard Émile Combes", _D, (50,), "1.55,-1.6 1.15,-1.85 0.72,-1.9", _DIVIDED),
    _road("Boulevard Oscar Leroux", _D, (50,), "0.72,-1.9 0.35,-1.98 0.08,-1.88", _DIVIDED),
    _road("Boulevard Albert 1er", _D, (50,), "0.08,-1.88 -0.3,-1.85 -0.58,-1.75", _DIVIDED),
    _road(
        "Boulevard Georges Clemenceau", _D, (50,), "-0.58,-1.75 -1.05,-1.5 -1.33,-1.05", _DIVIDED
    ),
    _road(
        "Avenue Charles et Raymonde Tillon",
        _D,
        (50, 50),
        "-2.2,0.75 -2.25,1.25 -2.0,1.7 -1.4,2.3",
        _DIVIDED,
    ),
    _road("Boulevard d'Armorique", _D, (50,), "-2.7,2.3 -2.0,2.35 -1.4,2.3 -0.62,2.35"),
    _road("Avenue de Rochester", _D, (50,), "-0.62,2.35 0.1,2.4 0.85,2.4 1.75,2.2", _DIVIDED),
    _road("Avenue Général George S. Patton", _D, (50,), "1.1,1.5 1.4,1.9 1.75,2.2 2.5,2.15"),
    _road(
        "Boulevard de Bulgarie",
        _D,
        (50, 30),
        "-0.95,-2.75 -0.5,-2.7 0.03,-2.75 0.95,-2.75",
        _DIVIDED,
    ),
    _road(
        "Boulevard de Yougoslavie",
        _D,
        (50, 30),
        "0.95,-2.75 1.6,-2.7 2.25,-2.55",
        _DIVIDED,
    ),
    _road("Avenue Professeur Charles Foulon", _D, (50,), "3.0,0.02 2.95,0.35 2.9,0.68", _DIVIDED),
    _road("Avenue des Buttes de Coësmes", _D, (50,), "2.9,0.68 2.8,1.0 2.75,1.35", _DIVIDED),
    _road("Rue Jules Vallès", _D, (50,), "2.75,1.35 2.6,1.75 2.5,2.15"),
)

_CITY_STREETS = (
    _road("Rue de Fougères", _D, (30, 50, 50), "0.62,0.85 1.1,1.05 1.5,1.25 2.5,2.15 3.3,2.9"),
    _road("Rue d'Antrain", _D, (30, 50), "0.3,1.0 0.45,1.3 0.62,1.62 0.85,2.4 1.1,3.15"),
    _road(
        "Rue de Saint-Malo", _D, (30, 50), "-0.25,0.95 -0.32,1.3 -0.35,1.65 -0.62,2.35 -0.8,3.02"
    ),
    _road("Rue de Saint-Brieuc", _D, (50,), "-1.28,0.6 -1.75,0.95 -2.25,1.25 -3.0,1.6"),
    _road("Rue de Brest", _D, (30, 50), "-0.85,0.25 -1.35,0.35 -2.2,0.75 -3.3,0.9"),
    _road("Rue de Lorient", _D, (50,), "-0.75,-0.15 -1.32,-0.22 -2.3,-0.22 -3.35,-0.5"),
    _road("Rue Jules Lallemand", _D, (50, 30), "-1.33,-1.05 -1.8,-1.15 -2.25,-1.2 -3.15,-1.35"),
    _road(
        "Rue de Nantes", _D, (30, 50), "-0.35,-0.5 -0.45,-1.0 -0.58,-1.75 -0.95,-2.75 -1.3,-3.75"
    ),
    _road(
        "Avenue Henri Fréville",
        _D,
        (50,),
        "0.0,-0.78 0.05,-1.3 0.08,-1.88 0.03,-2.75 0.05,-3.6",
        _DIVIDED,
    ),
    _road("Rue de Châtillon", _D, (30, 50), "0.4,-0.88 0.55,-1.4 0.72,-1.9 0.95,-2.75 1.2,-3.5"),
    _road("Rue de Vern", _D, (30, 50), "0.85,-0.65 1.2,-1.15 1.55,-1.6 2.25,-2.55 2.7,-3.1"),
    _road(
        "Rue de Châteaugiron", _D, (50, 30, 50), "0.95,-0.18 1.5,-0.6 2.1,-0.95 2.7,-1.1 3.6,-2.2"
    ),
    _road(
        "Avenue Aristide Briand",
        _D,
        (50,),
        "0.95,-0.18 1.45,-0.15 1.95,-0.2 3.0,0.02 4.05,0.05",
        _DIVIDED,
    ),
    _road("Rue de Paris", _D, (30, 50), "1.12,0.3 1.5,0.3 1.95,0.42"),
    _road("Rue du Clos Courtel", _D, (50,), "1.95,0.42 2.4,0.6 2.9,0.68 3.95,0.7", _DIVIDED),
    _road("Boulevard de Vitré", _D, (50,), "1.5,1.25 2.1,1.2 2.75,1.35 3.9,1.45", _DIVIDED),
    _road("Rue Lesage", _D, (30,), "0.3,1.0 0.1,1.35 0.15,1.75", _ONE_WAY),
    _road("Rue Saint-Martin", _D, (30,), "-0.72,0.7 -0.6,1.1 -0.75,1.45", _ONE_WAY),
    _road("Rue Ginguené", _D, (30, 50), "-0.45,-1.0 -0.95,-1.0 -1.33,-1.05", _ONE_WAY),
)

ROADS = (
    RING_ROAD,
    *_RADIALS,
    *_OUTER_BELT,
    *_CESSON,
    *_INNER_RING,
    *_BOULEVARDS,
    *_CITY_STREETS,
)

ROUNDABOUTS = (
    Roundabout("Rond-point des Longchamps", 3.65, 3.5, _T, 50),
    Roundabout("Rond-point de Betton", 3.6, 5.1, _T, 50),
    Roundabout("Rond-point de Maison Blanche", 1.95, 5.45, _T, 50),
    Roundabout("Rond-point de Saint-Grégoire", -0.95, 5.5, _T, 50),
    Roundabout("Rond-point de Montgermont", -2.6, 4.6, _T, 50),
    Roundabout("Rond-point de Pacé", -5.0, 4.25, _T, 50),
    Roundabout("Rond-point de la Métairie", -6.7, 2.6, _T, 50),
    Roundabout("Rond-point de Vezin", -7.25, 1.0, _T, 50),
    Roundabout("Rond-point du Rheu", -8.45, -2.7, _T, 50),
    Roundabout("Rond-point des Villeneuves", -7.1, -5.5, _T, 50),
    Roundabout("Rond-point de Ker Lann", -4.9, -6.9, _T, 50),
    Roundabout("Rond-point de Bruz", -2.5, -7.05, _T, 50),
    Roundabout("Rond-point de Chartres", -0.72, -7.5, _T, 50),
    Roundabout("Rond-point de Noyal-Châtillon", 0.85, -7.5, _T, 50),
    Roundabout("Rond-point de Vern", 4.6, -7.1, _T, 50),
    Roundabout("Rond-point de Chantepie", 3.2, -3.6, _T, 50),
    Roundabout("Rond-point de l'Aéroport", -2.75, -4.6, _A, 50),
    Roundabout("Rond-point de la Gaîté", -1.7, -5.7, _A, 50),
    Roundabout("Rond-point du Hil", 0.8, -5.2, _A, 50),
    Roundabout("Rond-point des Loges", 4.0, -3.0, _A, 50),
    Roundabout("Rond-point de la Boulais", 5.1, 0.6, _A, 30),
    Roundabout("Rond-point de Bray", 3.9, 1.45, _A, 30),
    Roundabout("Rond-point des Gayeulles", 3.75, 2.2, _A, 50),
    Roundabout("Rond-point du Taillis", 4.05, 0.05, _A, 50),
    Roundabout("Rond-point de Cesson", 4.8, 1.25, _A, 30),
    Roundabout("Rond-point du Haut-Bois", 1.3, 3.9, _A, 50),
    Roundabout("Rond-point de Vaux", -0.85, 3.8, _A, 30),
    Roundabout("Rond-point du Marais", -5.1, 0.75, _A, 30),
    Roundabout("Rond-point", 2.5, 2.15, _D, 30),
    Roundabout("Rond-point", 1.75, 2.2, _D, 50),
    Roundabout("Rond-point", -2.25, 1.25, _D, 50),
    Roundabout("Rond-point", -2.2, 0.75, _D, 30),
    Roundabout("Rond-point", -2.25, -1.2, _D, 30),
    Roundabout("Rond-point", 2.25, -2.55, _D, 50),
    Roundabout("Rond-point", 2.9, 0.68, _D, 30),
    Roundabout("Rond-point", 2.75, 1.35, _D, 50),
    Roundabout("Rond-point", -1.4, 2.3, _D, 30),
)

RENNES = Town(35238, -0.2, -0.1)
TOWNS = (
    RENNES,
    Town(35051, 5.3, 1.1),
    Town(35055, 4.5, -2.4),
    Town(35352, 5.6, -7.2),
    Town(35206, 1.6, -7.6),
    Town(35066, -1.9, -7.9),
    Town(35281, -3.2, -4.4),
    Town(35047, -5.2, -8.2),
    Town(35076, -7.4, -6.6),
    Town(35240, -8.3, -1.4),
    Town(35353, -5.9, 0.8),
    Town(35210, -6.6, 4.0),
    Town(35189, -3.0, 4.9),
    Town(35278, -0.7, 4.5),
    Town(35024, 2.6, 6.6),
    Town(35334, 6.9, 5.4),
)
# Inside it every street belongs to Rennes itself.
RENNES_RADIUS_KM = 3.3

WEST_KM, EAST_KM, SOUTH_KM, NORTH_KM = -8.6, 7.7, -8.15, 5.8
