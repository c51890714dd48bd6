"""What one city differs from another by; a city itself is a file such as ``rennes.py``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from services.base.errors import InvalidRequest

_HOUR: Final = timedelta(hours=1)
# Any one will do.
_YEAR: Final = 2026

NameKind = Literal["road", "junction", "ring-junction"]

RETURN_SUFFIX: Final = "-retour"
"""Of the key of a corridor that is driven from its end to its beginning."""


@dataclass(frozen=True)
class StatusThresholds:
    """Where a speed ratio (speed ÷ speed limit) changes status.

    A property of the feed, not of traffic: each city states its own.
    ``congested_up_to`` is inclusive, ``free_from`` too.
    """

    congested_up_to: float
    free_from: float


class Box(NamedTuple):
    """A part of the Earth between two meridians and two parallels: WGS 84 degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon_deg: float, lat_deg: float) -> bool:
        """Whether a point lies in it, its edges included."""
        return self.west <= lon_deg <= self.east and self.south <= lat_deg <= self.north


@dataclass(frozen=True)
class ZoneRule:
    """Which segments belong to a zone: those that one of its conditions holds for.

    Attributes
    ----------
    zone : str
        One of ``City.zones``.
    name_prefixes : tuple of str
        How the names of its roads begin.
    road_classes : tuple of str
        The feed's classes of its roads.
    radius_m : float
        How far from the city's centre it reaches; less than none by default.
    """

    zone: str
    name_prefixes: tuple[str, ...] = ()
    road_classes: tuple[str, ...] = ()
    radius_m: float = -1.0


class Waypoint(NamedTuple):
    """A place with a name: longitude and latitude, WGS 84 degrees."""

    name: str
    point: tuple[float, float]


class Commune(NamedTuple):
    """A part of the city: its official number, its name and a point (WGS 84 degrees)."""

    code: str
    name: str
    point: tuple[float, float]


@dataclass(frozen=True)
class CorridorPlan:
    """A drive that people know by name; it is driven both ways.

    Attributes
    ----------
    key : str
        Of letters, digits and hyphens, for addresses.
    name : str
    waypoints : tuple of Waypoint
        At least two, each within 40 m of the road.
    roads : tuple of str
        The feed's names of the roads that it keeps to; all by default.
    """

    key: str
    name: str
    waypoints: tuple[Waypoint, ...]
    roads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Holidays:
    """Whose holidays the city has.

    Attributes
    ----------
    country : str
        ISO 3166 code, whose public holidays hold.
    school_zone : str
        Of the French school calendar: A, B or C; empty elsewhere, where none are known.
    table : Path
        The days off as pages read them, which ``python -m services.city.calendar`` writes.
    """

    country: str
    school_zone: str
    table: Path


@dataclass(frozen=True)
class City:
    """All that is true of one city.

    Attributes
    ----------
    name : str
        By which its data directory is known.
    feed_url : str
        Where the adapter of its feed (``services/observe/feeds/``) asks, unless told otherwise.
    dataset_url : str
        Page of the publisher about the data.
    roadworks_url : str or None
        Where the adapter of roadworks (``services/observe/feeds/roadworks.py``) asks; None where
        nobody publishes them.
    licence, licence_url : str
        Of the data: its short name and its text.
    thresholds : StatusThresholds
        By which the feed gives statuses.
    road_widths : tuple of (str, float)
        The feed's road classes that are drawn wider, and how many times.
    roads : Box
        The feed's segments: what the map shows first.
    believed : Box
        Outside of it, a segment is an error of the feed.
    backdrop : Box
        Tiles of it are fetched.
    network : Path
        Its segments as the feed has them (:mod:`services.observe.network_file`).
    centre_lon_deg, centre_lat_deg : float
        WGS 84.
    time_zone : ZoneInfo
        Offsets from UTC are whole hours.
    zones : tuple of str
        As pages, API and models list them; all segments of each belong to it alone.
    whole_network : str
        The name of all zones together.
    first_zone : str
        The one that pages begin with.
    zone_rules : tuple of ZoneRule
        The first one that fits wins.
    other_zone : str
        The zone of segments that no rule fits.
    names_of_no_road : tuple of str
        What the feed calls hundreds of places that have nothing else in common.
    ring_roads : tuple of str
        The feed's names of the ring road.
    junction_prefixes, ring_junction_prefixes : tuple of str
        How the names of places between roads begin, and of those on the ring road.
    road_signs : tuple of (str, str)
        How names of roads begin, and what signs have instead; the first that fits.
    communes : tuple of Commune
        What the map calls the parts of the city, those with more roads first.
    corridors : tuple of CorridorPlan
    free_flow_shares : tuple of (str, float, float)
        The feed's road class, the limit (km/h), and speed ÷ limit with nobody else on such roads,
        the median of what the feed shows. Between traffic lights nobody reaches the limit.
    other_free_flow_share : float
        The same of roads that are not in it.
    space_mean_share : float
        What traffic as a whole drives then, ÷ that median: travel times add up by the slow ones.
    holidays : Holidays
    """

    name: str
    feed_url: str
    dataset_url: str
    roadworks_url: str | None
    licence: str
    licence_url: str
    thresholds: StatusThresholds
    road_widths: tuple[tuple[str, float], ...]
    roads: Box
    believed: Box
    backdrop: Box
    network: Path
    centre_lon_deg: float
    centre_lat_deg: float
    time_zone: ZoneInfo
    zones: tuple[str, ...]
    whole_network: str
    first_zone: str
    zone_rules: tuple[ZoneRule, ...]
    other_zone: str
    names_of_no_road: tuple[str, ...]
    ring_roads: tuple[str, ...]
    junction_prefixes: tuple[str, ...]
    ring_junction_prefixes: tuple[str, ...]
    road_signs: tuple[tuple[str, str], ...]
    communes: tuple[Commune, ...]
    corridors: tuple[CorridorPlan, ...]
    free_flow_shares: tuple[tuple[str, float, float], ...]
    other_free_flow_share: float
    space_mean_share: float
    holidays: Holidays

    @property
    def zone_choices(self) -> tuple[str, ...]:
        """The zones, and last the whole network."""
        return (*self.zones, self.whole_network)

    @property
    def corridor_keys(self) -> tuple[str, ...]:
        """Of the corridors, each way, in their order; a network may offer no drive along one."""
        return tuple(plan.key + suffix for plan in self.corridors for suffix in ("", RETURN_SUFFIX))

    @property
    def utc_offsets_hours(self) -> tuple[int, int]:
        """The smallest and the largest offset from UTC of a year, eastward, in hours."""
        months = (datetime(_YEAR, month, 1, tzinfo=UTC) for month in range(1, 13))
        offsets = [self.local(month).utcoffset() or timedelta() for month in months]
        return min(offsets) // _HOUR, max(offsets) // _HOUR

    def local(self, moment: datetime) -> datetime:
        """An aware time as people in the city read it."""
        return moment.astimezone(self.time_zone)

    def midnight(self, day: date) -> datetime:
        """The beginning of a day in the city, aware, UTC."""
        return datetime.combine(day, time(), tzinfo=self.time_zone).astimezone(UTC)

    def free_flow_shares_of(self, roads: Iterable[tuple[str, float]]) -> list[float]:
        """What :attr:`free_flow_shares` says of roads, given by class and limit."""
        share_of = {(kind, limit): share for kind, limit, share in self.free_flow_shares}
        return [share_of.get(road, self.other_free_flow_share) for road in roads]

    def road_sign(self, name: str) -> str:
        """What signs, and people, call a road of the feed.

        >>> from services.city.rennes import RENNES
        >>> roads = ("Route nationale 136", "Route départementale 34", "Rue de Vern")
        >>> [RENNES.road_sign(name) for name in roads]
        ['Rocade', 'D 34', 'Rue de Vern']
        """
        for long_form, sign in self.road_signs:
            if name.startswith(long_form):
                return sign + name.removeprefix(long_form)
        return name

    def kind_of_name(self, name: str) -> NameKind | None:
        """What a name of the feed belongs to; None where it names nothing in particular.

        >>> from services.city.rennes import RENNES
        >>> names = ("Rue de Vern", "Porte d'Alma", "Rond-point de Bray", "Rond-point")
        >>> [RENNES.kind_of_name(name) for name in names]
        ['road', 'ring-junction', 'junction', None]
        """
        if name in self.names_of_no_road:
            return None
        if name.startswith(self.ring_junction_prefixes):
            return "ring-junction"
        return "junction" if name.startswith(self.junction_prefixes) else "road"

    def checked_zone(self, value: str | None) -> str:
        """Check the zone that a caller named; the first one if none.

        Raises
        ------
        InvalidRequest
            When no zone has that name.
        """
        if value is None:
            return self.first_zone
        if value not in self.zone_choices:
            raise InvalidRequest("zone", value, "one of " + ", ".join(self.zone_choices))
        return value
