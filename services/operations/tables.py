"""The tables of the operations database, typed; a row is a plain dataclass outside a session."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import (
    JSON,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from services.plain.roadworks import RoadworkLevel

Kind = Literal["zones", "week", "nowcast", "camera"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""The kinds of models: zone by hour of the week, segment by hour of the week, the next hour, and
what is where in a street picture."""
FORECAST_KINDS: Final[tuple[Kind, ...]] = ("zones", "week", "nowcast")
"""Those that learn from the history, and are scored and challenged by it."""

Action = Literal["promoted", "refused", "postponed", "rolled_back", "set_aside", "failed"]
Reason = Literal[
    "better_than_champion",
    "no_champion",
    "no_worse_than_average",
    "worse_than_champion",
    "worse_than_average",
    "worse_than_baseline",
    "better_than_baseline",
    "too_little_history",
    "chosen_by_operator",
    "training_failed",
]
DecidedBy = Literal["challenge", "training", "scoring", "operator"]

Severity = Literal["critical", "warning"]
IncidentKind = Literal["application", "traffic"]
Ending = Literal["", "cleared", "no_data", "no_usual", "off_hours", "closed", "gone", "removed"]
"""Why it is over: not yet, or of an earlier version; the value is well again; there is none any
more, or none to compare it with; the hours of the rule have passed; the road is closed; the place
is not there any more; the rule is not."""
NoteKind = Literal["acknowledged", "comment"]
RoadStatus = Literal["free", "dense", "blocked", "unknown"]
LiveStatus = Literal["unknown", "freeFlow", "heavy", "congested", "impossible"]
EventSource = Literal["live", "demo"]
EventTrend = Literal["growing", "steady", "easing"]
EventDirection = Literal[
    "inner", "outer", "inwards", "outwards", "north", "east", "south", "west", "around"
]
EventSector = Literal["north", "east", "south", "west"]

_NAME: Final = String(32)
VERSION_TABLE: Final = "operations_version"
"""Where Alembic keeps which version of these tables a database has."""
ONE_OF: Final = "one of"
"""Under this name a column holds the values that pages have words for."""
FORM: Final = "form"
"""Under this one a column of documents holds their form, a type that msgspec knows."""


def _one_of(values: Any) -> dict[str, tuple[str, ...]]:
    return {ONE_OF: get_args(values)}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite alone would give it back without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy hands it in
    ) -> datetime | None:
        """Refuse a naive time rather than guess its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be recorded")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy hands it in
    ) -> datetime | None:
        """Aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(MappedAsDataclass, DeclarativeBase):
    """The tables of this database."""


class ModelVersion(Base):
    """A version of a model that a decision was made about.

    ``measures`` holds its main figures by name, as plain numbers.
    """

    __tablename__ = "model_versions"

    kind: Mapped[str] = mapped_column(_NAME, primary_key=True)
    version: Mapped[str] = mapped_column(_NAME, primary_key=True)
    source: Mapped[str] = mapped_column(_NAME)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    days: Mapped[int]
    measures: Mapped[dict[str, Any]] = mapped_column(JSON, info={FORM: dict[str, Any]})
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Decision(Base):
    """What became of a model, when, by whom and why.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    version : str or None
        The version decided about; for a roll-back the one that is champion again.
        None where there is none: a challenge put off, a training that failed.
    previous : str or None
        The champion before.
    action, reason, decided_by : str
        Codes of :data:`Action`, :data:`Reason` and :data:`DecidedBy`.
    decided_at : datetime
        Aware, UTC.
    figures : dict
        What the reason rests on, as plain numbers and texts.
    """

    __tablename__ = "model_decisions"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    kind: Mapped[str] = mapped_column(_NAME, index=True, info=_one_of(Kind))
    version: Mapped[str | None] = mapped_column(_NAME)
    previous: Mapped[str | None] = mapped_column(_NAME)
    action: Mapped[str] = mapped_column(_NAME, info=_one_of(Action))
    reason: Mapped[str] = mapped_column(_NAME, info=_one_of(Reason))
    decided_by: Mapped[str] = mapped_column(_NAME, info=_one_of(DecidedBy))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    figures: Mapped[dict[str, Any]] = mapped_column(
        JSON, default_factory=dict, info={FORM: dict[str, Any]}
    )


class ForecastScore(Base):
    """Sums over the cases of one day, zone, lead time and forecaster.

    Attributes
    ----------
    source : str
        Which history they were evaluated by; simulated and observed never mix.
    day : date
        Of the hours forecast, local to the city.
    model_version : str
        The version evaluated; baselines carry it too, for they are evaluated on its cases.
    ratio_cases, ratio_error_sum : int, float
        Cases in which the forecaster gave a speed ratio, and the sum of |error|.
    band_cases, band_hits : int
        Cases in which it gave a band from P10 to P90, and those inside.
    better_than : dict
        Of the model only: in how many cases its score was strictly better, by baseline.
    calibration : list
        Ten bins of the probability of *not free*: cases, sum of probabilities,
        how often it was observed.
    """

    __tablename__ = "forecast_scores"

    source: Mapped[str] = mapped_column(_NAME, primary_key=True)
    kind: Mapped[str] = mapped_column(_NAME, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    zone: Mapped[str] = mapped_column(_NAME, primary_key=True)
    lead_minutes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    forecaster: Mapped[str] = mapped_column(_NAME, primary_key=True)
    model_version: Mapped[str] = mapped_column(_NAME, primary_key=True)
    cases: Mapped[int]
    rps_sum: Mapped[float]
    brier_sum: Mapped[float]
    ratio_cases: Mapped[int]
    ratio_error_sum: Mapped[float]
    band_cases: Mapped[int]
    band_hits: Mapped[int]
    better_than: Mapped[dict[str, int]] = mapped_column(JSON, info={FORM: dict[str, int]})
    calibration: Mapped[list[list[float]]] = mapped_column(JSON, info={FORM: list[list[float]]})


class ScoredHour(Base):
    """An hour that has been evaluated, or why it was not: what makes scoring idempotent."""

    __tablename__ = "scored_hours"

    source: Mapped[str] = mapped_column(_NAME, primary_key=True)
    kind: Mapped[str] = mapped_column(_NAME, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    outcome: Mapped[str] = mapped_column(_NAME)
    cases: Mapped[int]


class DriftMeasure(Base):
    """How far the inputs of the last days lie from what was usual before them.

    Attributes
    ----------
    day : date
        Local to the city; the last one of the days compared.
    hour_class : str
        One of ``services.learn.drift.HOUR_CLASSES``.
    distance : float
        Wasserstein distance of the speed ratios, in units of the ratio.
    """

    __tablename__ = "drift_measures"

    source: Mapped[str] = mapped_column(_NAME, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    zone: Mapped[str] = mapped_column(_NAME, primary_key=True)
    hour_class: Mapped[str] = mapped_column(_NAME, primary_key=True)
    distance: Mapped[float]


class Incident(Base):
    """A rule that was broken for longer than it may be.

    Attributes
    ----------
    id : str
        Made by the watch role, so that writing it again changes nothing.
    rule, severity, unit, runbook : str
        As in ``alerts.toml`` at that time.
    subject : str
        What it is about, such as an endpoint and its callback; may be empty.
    threshold, peak : float
        The limit passed, and the worst value seen.
    started_at, fired_at, ended_at : datetime
        When the limit was first passed, when people were told, when it was over.
    journal : list of str
        Lines of the journal around the start.
    host : str
        Whose watch found it; empty where one watch is all there is.
    kind : str
        ``application``: something of ours is broken; ``traffic``: the traffic is as somebody asked
        to be told. Of these, ``subject`` is the source: ``live`` or ``demo``.
    ending : str
        One of :data:`Ending`.
    """

    __tablename__ = "incidents"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    rule: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(_NAME, info=_one_of(Severity))
    unit: Mapped[str] = mapped_column(_NAME)
    runbook: Mapped[str] = mapped_column(String(40))
    threshold: Mapped[float]
    peak: Mapped[float]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    fired_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)
    journal: Mapped[list[str]] = mapped_column(JSON, default_factory=list, info={FORM: list[str]})
    host: Mapped[str] = mapped_column(_NAME, default="", server_default="")
    kind: Mapped[str] = mapped_column(
        _NAME, default="application", server_default="application", info=_one_of(IncidentKind)
    )
    ending: Mapped[str] = mapped_column(_NAME, default="", server_default="", info=_one_of(Ending))

    @property
    def about(self) -> str:
        """The subject, on its host where there are several."""
        return " · ".join(filter(None, (self.host, self.subject)))


class IncidentNote(Base):
    """What an operator did about an incident: took it on, or commented.

    Attributes
    ----------
    kind : {"acknowledged", "comment"}
    by : str
        The operator's name of the log-in.
    """

    __tablename__ = "incident_notes"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[str] = mapped_column(_NAME, info=_one_of(NoteKind))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text, default="")


class OutgoingMessage(Base):
    """A message for one channel, kept until it is delivered.

    Attributes
    ----------
    channel : str
        A mark of the channel's address, which may hold a password and is not kept.
    due_at : datetime
        Not before.
    host : str
        Whose watch sends it; empty where one watch is all there is.
    html : str
        The same for channels that show it; empty where there is none.
    """

    __tablename__ = "outgoing_messages"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    channel: Mapped[str] = mapped_column(_NAME)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    host: Mapped[str] = mapped_column(_NAME, default="", server_default="")
    html: Mapped[str] = mapped_column(Text, default="", server_default="")


class ReportMailing(Base):
    """A report that was made for one channel: what keeps it from going out twice.

    Attributes
    ----------
    id : str
        Of its message.
    report : str
        As ``reports.toml`` names it.
    first_day : date
        Of the period, in the city.
    channel : str
        As of :class:`OutgoingMessage`.
    taken_at : datetime or None
        When the channel took it; None while it waits, and where it was given up.
    """

    __tablename__ = "report_mailings"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    report: Mapped[str] = mapped_column(String(40), index=True)
    first_day: Mapped[date] = mapped_column(Date)
    channel: Mapped[str] = mapped_column(_NAME)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class Camera(Base):
    """A place from which street pictures of one segment come.

    Attributes
    ----------
    name : str
        As the operator calls it; one of a segment has it once.
    segment_id : str
        The feed's ``predefinedlocationreference``.
    """

    __tablename__ = "cameras"
    __table_args__ = (UniqueConstraint("segment_id", "name"),)

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    segment_id: Mapped[str] = mapped_column(String(80), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CameraReading(Base):
    """What one picture of a camera said; the picture itself is kept nowhere.

    Attributes
    ----------
    at : datetime
        When the picture was handed in.
    status, occupancy, confidence, vehicles, people
        As :class:`services.camera.reading.TrafficReading`.
    live_status : str or None
        What the feed said of the segment at that time, as DATEX II spells it.
    """

    __tablename__ = "camera_readings"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    status: Mapped[str] = mapped_column(_NAME, info=_one_of(RoadStatus))
    occupancy: Mapped[float | None]
    confidence: Mapped[float | None]
    vehicles: Mapped[int]
    people: Mapped[int]
    model_version: Mapped[str] = mapped_column(String(80))
    live_status: Mapped[str | None] = mapped_column(_NAME, default=None, info=_one_of(LiveStatus))


class TrafficEvent(Base):
    """A part of a road that was far slower than usual, as it was seen last.

    Attributes
    ----------
    id, source, network_version, trend, cause, started_at, seen_at, ended_at
        As :class:`services.traffic.events.Event`.
    road, label, direction, sector, start_place, end_place, length_m
        Its place, as :class:`services.traffic.stretches.Stretch`.
    segment_ids : list of str
        In the order of travel.
    delay_s, max_delay_s : float
        Seconds lost against the usual, last and at its worst.
    """

    __tablename__ = "traffic_events"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    source: Mapped[str] = mapped_column(_NAME, info=_one_of(EventSource))
    network_version: Mapped[str] = mapped_column(Text)
    road: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(_NAME, info=_one_of(EventDirection))
    sector: Mapped[str | None] = mapped_column(_NAME, info=_one_of(EventSector))
    start_place: Mapped[str] = mapped_column(Text)
    end_place: Mapped[str] = mapped_column(Text)
    segment_ids: Mapped[list[str]] = mapped_column(JSON, info={FORM: list[str]})
    length_m: Mapped[float]
    delay_s: Mapped[float]
    max_delay_s: Mapped[float]
    trend: Mapped[str] = mapped_column(_NAME, info=_one_of(EventTrend))
    cause: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)


class RoadworkMeasure(Base):
    """A measure of a roadwork as lists told it, and from when until when they did.

    Attributes
    ----------
    id : str
        Of its source and all that is told of it: one that is changed is another one.
    event_id, town, purpose
        As :class:`services.traffic.roadworks.Roadwork`.
    kind, comment, place, level, first_day, last_day, geometry
        As :class:`services.traffic.roadworks.Measure`.
    first_seen_at, last_seen_at : datetime
        Of the first list that told it, and of the last one.
    """

    __tablename__ = "roadwork_measures"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    source: Mapped[str] = mapped_column(_NAME, info=_one_of(EventSource))
    event_id: Mapped[str] = mapped_column(Text)
    town: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(_NAME, info=_one_of(RoadworkLevel))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    geometry: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), info={FORM: dict[str, Any]}
    )
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LogInFailure(Base):
    """A wrong password, for an hour or two.

    Attributes
    ----------
    visitor : str
        A keyed hash of the visitor's network, whose key changes every day.
    """

    __tablename__ = "log_in_failures"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    visitor: Mapped[str] = mapped_column(_NAME, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RoleTenure(Base):
    """Who was last to have a role for itself, where hosts share one installation.

    Attributes
    ----------
    epoch : int
        Grows with each holder: what one with a smaller number writes comes too late.
    holder : str
        Host and number of the process.
    """

    __tablename__ = "role_tenures"

    role: Mapped[str] = mapped_column(_NAME, primary_key=True)
    epoch: Mapped[int]
    holder: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SharedDocument(Base):
    """A small document that processes of all hosts share.

    Attributes
    ----------
    version : int
        Another one with each change.
    """

    __tablename__ = "shared_documents"

    name: Mapped[str] = mapped_column(_NAME, primary_key=True)
    version: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
