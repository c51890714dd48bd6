"""The reports by mail as ``reports.toml`` states them, checked; and which of them is due."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from services.base.checked_toml import MOST_ENTRIES, load_checked, named_twice
from services.base.settings import Settings
from services.base.texts import languages
from services.city.city import City
from services.watch.people import (
    NAME,
    People,
    Tell,
    addresses,
    check_addresses,
    check_names,
    people_first,
)
from services.watch.rules import rules_of

SHIPPED_REPORTS: Final = Path(__file__).parents[2] / "reports.toml"
SETTING: Final = "TRAFFIC_REPORTS_FILE"
WHOLE: Final = "reseau"
# What could not be made until then is no news any more.
GRACE: Final = timedelta(days=2)
_LAST_HOUR: Final = 23
_ONE_DAY: Final = timedelta(days=1)
_DAYS_A_WEEK: Final = 7
_ID_CHARACTERS: Final = 32


class Report(BaseModel):
    """One report; ``reports.toml`` tells what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME, max_length=40)
    place: str = Field(max_length=200)
    period: Literal["week", "month"]
    hour: int = Field(7, ge=0, le=_LAST_HOUR)
    tell: Tell = Field(min_length=1)
    language: str = "fr"

    @field_validator("place")
    @classmethod
    def _is_place(cls, value: str, info: ValidationInfo) -> str:
        city: City = (info.context or {})["city"]
        kind, _, key = value.partition(":")
        known = {
            "corridor": city.corridor_keys,
            "zone": city.zones,
            # What the network has as stretches changes with it: the report says so then.
            "troncon": (key,) if key else (),
        }
        if value != WHOLE and key not in known.get(kind, ()):
            raise ValueError(
                f"{WHOLE}, zone:NAME ({', '.join(city.zones)}), corridor:KEY or troncon:KEY, "
                "as addresses of /tendances have them"
            )
        return value

    @field_validator("language")
    @classmethod
    def _has_texts(cls, value: str) -> str:
        if value not in languages():
            raise ValueError(f"one of {', '.join(languages())}")
        return value

    @field_validator("tell")
    @classmethod
    def _are_people(cls, value: Tell, info: ValidationInfo) -> Tell:
        check_names(value, (info.context or {}).get("people", {}))
        return value

    def period_before(self, day: date) -> tuple[date, date]:
        """The first and last day of the last week or month that was over when a day began."""
        if self.period == "week":
            first = day - timedelta(days=day.weekday() + _DAYS_A_WEEK)
            return first, first + timedelta(days=_DAYS_A_WEEK - 1)
        last = day.replace(day=1) - _ONE_DAY
        return last.replace(day=1), last

    def due_at(self, city: City, last: date) -> datetime:
        """When it is made of a period that ends with a day, aware: by the clock of the city."""
        morning = datetime.combine(last + _ONE_DAY, time(self.hour), tzinfo=city.time_zone)
        return morning.astimezone(UTC)

    def next_at(self, city: City, now: datetime) -> datetime:
        """When it is made the next time, aware."""
        day = city.local(now).date()
        _, last = self.period_before(day)
        while (due := self.due_at(city, last)) <= now:
            # The next period is over a week, or a month, later at the most.
            day += _ONE_DAY
            _, last = self.period_before(day)
        return due


class Reports(BaseModel):
    """All of them, and the names of those who are told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: People = {}
    report: tuple[Report, ...] = Field(default=(), max_length=MOST_ENTRIES)

    @model_validator(mode="before")
    @classmethod
    def _people_first(cls, value: Any, info: ValidationInfo) -> Any:
        return people_first(value, info)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [report.name for report in self.report]
        if twice := named_twice(names):
            raise ValueError(f"two reports are called {min(twice)}")
        return self

    def addresses_of(self, report: Report) -> list[str]:
        """Who gets a report."""
        return addresses(report.tell, self.people)

    def all_addresses(self) -> list[str]:
        """Who gets any."""
        found = [url for report in self.report for url in self.addresses_of(report)]
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Due:
    """A report of a period that is over, and the period before it, of the same kind.

    Attributes
    ----------
    first, last : date
        Days in the city, both included.
    first_before, last_before : date
    """

    report: Report
    first: date
    last: date
    first_before: date
    last_before: date

    def message_id(self, channel: str) -> str:
        """Of the message to a channel: the same whoever makes it, and however often."""
        told = f"{self.report.name} {self.first.isoformat()} {channel}"
        return hashlib.sha256(told.encode()).hexdigest()[:_ID_CHARACTERS]


def due_reports(reports: Reports, city: City, now: datetime) -> Iterator[Due]:
    """Those that are to be made now, whether that was done already or not."""
    today = city.local(now).date()
    for report in reports.report:
        first, last = report.period_before(today)
        due_at = report.due_at(city, last)
        if due_at <= now < due_at + GRACE:
            yield Due(report, first, last, *report.period_before(first))


def reports_of(settings: Settings, city: City) -> Reports:
    """The reports that the settings name; people of ``alerts.toml`` are known here too.

    Raises
    ------
    ConfigurationError
        In one line, with the lines of the file that are wrong.
    """
    people = rules_of(settings).people
    context = {"city": city, "people": dict(people)}
    path = settings.reports_file or SHIPPED_REPORTS
    found = load_checked(path, Reports, SETTING, "report", context)
    return found.model_copy(update={"people": {**people, **found.people}})


def check_reports(settings: Settings, city: City) -> None:
    """Check the reports and the addresses in them.

    Raises
    ------
    ConfigurationError
    """
    reports = reports_of(settings, city)
    path = settings.reports_file or SHIPPED_REPORTS
    for report in reports.report:
        check_addresses(reports.addresses_of(report), f"{SETTING}: {path}: report {report.name}")
