"""The rules on the traffic as ``traffic_rules.toml`` states them, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from services.base.checked_toml import MOST_ENTRIES, line_of, load_checked, named_twice
from services.base.settings import Settings
from services.city.city import City
from services.city.day_types import DayType, day_type
from services.watch.people import (
    NAME,
    People,
    Tell,
    addresses,
    check_addresses,
    check_names,
    people_first,
)
from services.watch.rules import Severity, rules_of

SHIPPED_TRAFFIC_RULES: Final = Path(__file__).parents[2] / "traffic_rules.toml"
SETTING: Final = "TRAFFIC_RULES_FILE"

Condition = Literal["minutes_above", "percent_above_usual", "congestion_above"]
CONDITIONS: Final[tuple[Condition, ...]] = get_args(Condition)
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: Final[tuple[Weekday, ...]] = get_args(Weekday)
Days = Literal["all", "working", "weekend"] | Annotated[tuple[Weekday, ...], Field(min_length=1)]

_SECONDS_PER_MINUTE: Final = 60.0
_PERCENT: Final = 100.0
# Where nothing else is said: a tenth below the limit, so that it does not flicker.
_CLEAR_SHARE: Final = 0.9
# The feed comes every three minutes: three of them in which too little is known end nothing.
_GONE_AFTER_SECONDS: Final = 600.0
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_MINUTES_PER_HOUR: Final = 60
_ONE_DAY: Final = timedelta(days=1)


class TrafficRule(BaseModel):
    """One rule; ``traffic_rules.toml`` tells what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME, max_length=40)
    summary: Mapping[str, Annotated[str, Field(min_length=1, max_length=200)]] = {}
    severity: Severity = "warning"
    corridor: str | None = None
    stretch: str | None = Field(None, min_length=1, max_length=200)
    zone: str | None = None
    minutes_above: float | None = Field(None, gt=0, le=1_440)
    percent_above_usual: float | None = Field(None, gt=0, le=1_000)
    congestion_above: float | None = Field(None, gt=0, le=1_000)
    clear: float | None = Field(None, ge=0)
    hours: tuple[str, str] | None = None
    days: Days = "all"
    for_minutes: float = Field(0, ge=0, le=1_440)
    tell: Tell = ()

    @field_validator("corridor")
    @classmethod
    def _is_known_corridor(cls, value: str | None, info: ValidationInfo) -> str | None:
        return _one_of(value, _city(info).corridor_keys)

    @field_validator("zone")
    @classmethod
    def _is_known_zone(cls, value: str | None, info: ValidationInfo) -> str | None:
        return _one_of(value, _city(info).zone_choices)

    @field_validator("hours")
    @classmethod
    def _are_times(cls, value: tuple[str, str] | None) -> tuple[str, str] | None:
        if value is None:
            return None
        if not all(_TIME.fullmatch(time) for time in value) or value[0] == "24:00":
            raise ValueError('two times such as ["07:00", "09:30"], "24:00" at the latest')
        if value[0] == value[1]:
            raise ValueError("they end when they begin; leave them out for the whole day")
        return value

    @field_validator("tell")
    @classmethod
    def _are_people(cls, value: Tell, info: ValidationInfo) -> Tell:
        check_names(value, (info.context or {}).get("people", {}))
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum(place is not None for place in (self.corridor, self.stretch, self.zone)) != 1:
            raise ValueError("one of corridor, stretch and zone must be given")
        if sum(getattr(self, name) is not None for name in CONDITIONS) != 1:
            raise ValueError(f"one of {', '.join(CONDITIONS)} must be given")
        if self.zone is not None and self.minutes_above is not None:
            raise ValueError(
                "minutes_above goes with a corridor or a stretch: nobody drives a zone"
            )
        if self.clear is not None and self.clear > self._stated:
            raise ValueError("clear lies beyond the threshold: it would never be over")
        return self

    @property
    def place(self) -> str:
        """As of :class:`services.plain.places_now.PlaceNow`."""
        if self.corridor is not None:
            return f"corridor:{self.corridor}"
        return f"zone:{self.zone}" if self.zone is not None else f"troncon:{self.stretch}"

    @property
    def condition(self) -> Condition:
        """Which one it has."""
        return next(name for name in CONDITIONS if getattr(self, name) is not None)

    @property
    def _stated(self) -> float:
        return float(getattr(self, self.condition))

    @property
    def unit(self) -> Literal["s", "%"]:
        """Of values, thresholds and peaks: seconds, or a share."""
        return "s" if self.condition == "minutes_above" else "%"

    @property
    def threshold(self) -> float:
        """Where the rule is broken."""
        return self._in_unit(self._stated)

    @property
    def cleared(self) -> float:
        """Where it counts as over."""
        return self._in_unit(_CLEAR_SHARE * self._stated if self.clear is None else self.clear)

    @property
    def for_seconds(self) -> float:
        """How long it must be broken before people are told."""
        return self.for_minutes * _SECONDS_PER_MINUTE

    @property
    def gone_after_seconds(self) -> float:
        """How long it may have no value before an alert ends."""
        return _GONE_AFTER_SECONDS

    @property
    def runbook_name(self) -> str:
        """None: nothing of the application is broken."""
        return ""

    def is_beyond(self, value: float) -> bool:
        """Whether a value breaks the rule."""
        return value > self.threshold

    def is_clear(self, value: float) -> bool:
        """Whether a value is far enough on the good side for an alert to be over."""
        return value <= self.cleared

    def is_worse(self, value: float, other: float) -> bool:
        """Whether one value lies further on the bad side than another one."""
        return value > other

    def is_due(self, city: City, moment: datetime) -> bool:
        """Whether it is judged at an aware time: by its hours and days in the city.

        Hours that pass midnight belong to the day on which they begin.
        """
        local = city.local(moment)
        day, minute = local.date(), local.hour * _MINUTES_PER_HOUR + local.minute
        if self.hours is None:
            return self._is_on(city, day)
        start, end = (_minutes(time) for time in self.hours)
        if start < end:
            return start <= minute < end and self._is_on(city, day)
        if minute >= start:
            return self._is_on(city, day)
        return minute < end and self._is_on(city, day - _ONE_DAY)

    def _is_on(self, city: City, day: date) -> bool:
        if self.days == "all":
            return True
        if self.days == "working":
            return day_type(city, day) in {DayType.WORKING_DAY, DayType.SCHOOL_HOLIDAY}
        weekday = WEEK[day.weekday()]
        return weekday in ({"saturday", "sunday"} if self.days == "weekend" else self.days)

    def _in_unit(self, stated: float) -> float:
        return stated * _SECONDS_PER_MINUTE if self.unit == "s" else stated / _PERCENT


class TrafficRules(BaseModel):
    """All of them, and the names of those who are told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: People = {}
    rule: tuple[TrafficRule, ...] = Field(default=(), max_length=MOST_ENTRIES)

    @model_validator(mode="before")
    @classmethod
    def _people_first(cls, value: Any, info: ValidationInfo) -> Any:
        return people_first(value, info)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [rule.name for rule in self.rule]
        if twice := named_twice(names):
            raise ValueError(f"two rules are called {min(twice)}")
        return self

    def addresses_of(self, rule: TrafficRule, everybody: list[str]) -> list[str]:
        """Who is told of a rule: those that it names, else everybody."""
        return addresses(rule.tell, self.people) if rule.tell else everybody


def traffic_rules_of(settings: Settings, city: City) -> TrafficRules:
    """The rules that the settings name; people of ``alerts.toml`` are known here too.

    Raises
    ------
    ConfigurationError
        In one line, with the lines of the file that are wrong.
    """
    people = rules_of(settings).people
    path = settings.rules_file or SHIPPED_TRAFFIC_RULES
    context = {"city": city, "people": dict(people)}
    found = load_checked(path, TrafficRules, SETTING, "rule", context)
    return found.model_copy(update={"people": {**people, **found.people}})


def places_named(settings: Settings, city: City) -> dict[str, str]:
    """The places of the rules, and where in the file each is named first.

    Raises
    ------
    ConfigurationError
    """
    path = settings.rules_file or SHIPPED_TRAFFIC_RULES
    rules, text = traffic_rules_of(settings, city), path.read_text("utf-8")
    found: dict[str, str] = {}
    for number, rule in enumerate(rules.rule):
        key = next(key for key in ("corridor", "stretch", "zone") if getattr(rule, key) is not None)
        line = line_of(text, "rule", number, key)
        found.setdefault(rule.place, f"{path}: line {line}: rule {rule.name}")
    return found


def check_traffic_rules(settings: Settings, city: City) -> None:
    """Check the rules and the addresses in them.

    Raises
    ------
    ConfigurationError
    """
    rules = traffic_rules_of(settings, city)
    path = settings.rules_file or SHIPPED_TRAFFIC_RULES
    for rule in rules.rule:
        check_addresses(addresses(rule.tell, rules.people), f"{SETTING}: {path}: rule {rule.name}")


def _city(info: ValidationInfo) -> City:
    city: City = (info.context or {})["city"]
    return city


def _one_of(value: str | None, known: tuple[str, ...]) -> str | None:
    if value is not None and value not in known:
        raise ValueError(f"one of {', '.join(known)}")
    return value


def _minutes(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * _MINUTES_PER_HOUR + int(minutes)
