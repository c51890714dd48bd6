"""What an import tells: what it took, what was there, what it left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from services.base.formats import plural
from services.observe.archives.intake import DayTaken, Taken
from services.observe.archives.places import UNKNOWN_SEGMENT

# On an ordinary day a third is unknown, most of it at night.
NOTEWORTHY_UNKNOWN_SHARE: Final = 0.50
_DAYS_LISTED: Final = 10
_HOW_TO_PLACE: Final = (
    "segments that no network here knows are placed once one does: name in the same command, in "
    "any order, an archive that has geo_shape and vitesse_maxi (the feed has both since 2023), or "
    "let the worker see the live feed once and import this file again"
)


@dataclass
class FileReport:
    """What became of one archive.

    Attributes
    ----------
    kind : str
        What it turned out to be; empty when it could not be opened.
    records : int
        Read, sound or not.
    by_day : dict of DayTaken
        By UTC day.
    skipped : Counter
        Records left out, by reason.
    notes : list of str
        What the archive does not say, and what was done about it.
    problem : str or None
        Why reading ended before the end of the file.
    """

    path: Path
    kind: str = ""
    records: int = 0
    by_day: dict[date, DayTaken] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def taken(self) -> int:
        """Observations added to the history."""
        return sum(day.taken for day in self.by_day.values())

    @property
    def already_there(self) -> int:
        """Observations that the history held before."""
        return sum(day.already_there for day in self.by_day.values())

    @property
    def waiting(self) -> int:
        """Records of segments that no network here knew."""
        return sum(n for reason, n in self.skipped.items() if reason.endswith(UNKNOWN_SEGMENT))

    def update(self, again: FileReport) -> None:
        """Take over what reading the file once more gave; what was taken before counts as taken."""
        for day, before in self.by_day.items():
            now = again.by_day.setdefault(day, DayTaken())
            now.taken += before.taken
            now.already_there -= before.taken
        self.by_day, self.skipped, self.problem = again.by_day, again.skipped, again.problem
        self.kind = f"{again.kind}, with the networks of the other files"

    def add(self, taken: Taken) -> None:
        """Count what was taken."""
        self.skipped += taken.skipped
        for day, more in taken.by_day.items():
            sums = self.by_day.setdefault(day, DayTaken())
            sums.taken += more.taken
            sums.already_there += more.already_there
            sums.unknown += more.unknown

    def succeeded(self) -> bool:
        """Whether the whole file was read and the history now holds something of it."""
        return self.problem is None and self.taken + self.already_there > 0

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        yield f"{self.path}: {self.kind or 'not an archive of the feed'}"
        if self.records:
            yield f"  read     {self.records:>11,} {plural('record', self.records)}"
            days = f"{len(self.by_day)} {plural('day', len(self.by_day))}"
            observations = plural("observation", self.taken)
            yield f"  taken    {self.taken:>11,} {observations} of {days}"
            yield f"  there    {self.already_there:>11,} before"
            yield f"  skipped  {self.skipped.total():>11,}"
        for reason, count in self.skipped.most_common():
            yield f"           {count:>11,} {reason}"
        yield from self._days()
        yield from (f"  note: {note}" for note in self.notes)
        if self.waiting:
            yield f"  note: {_HOW_TO_PLACE}"
        if self.problem is not None:
            yield f"  problem: {self.problem}"

    def _days(self) -> Iterator[str]:
        days = sorted(self.by_day)
        if days:
            yield f"  days     {days[0]} to {days[-1]} (UTC)"
        unknown = [
            (day, self.by_day[day].unknown / self.by_day[day].observations())
            for day in days
            if self.by_day[day].observations()
        ]
        noteworthy = [(day, s) for day, s in unknown if s > NOTEWORTHY_UNKNOWN_SHARE]
        for day, share in noteworthy[:_DAYS_LISTED]:
            yield f"  note: {day} is {share:.0%} unknown; unknown is never learned as a speed"
        if len(noteworthy) > _DAYS_LISTED:
            yield f"  note: so are {len(noteworthy) - _DAYS_LISTED} more days, more than half"
