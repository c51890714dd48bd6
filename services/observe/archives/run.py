"""An archive from its file into the history, a stretch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from services.base.errors import FeedRefused
from services.city.city import City
from services.history import layout
from services.history.rollups import Rollups
from services.observe.archives.checks import PROBES_FIELD, CheckedRows, RowChecker
from services.observe.archives.documents import document_records, line_records
from services.observe.archives.intake import days_of, take
from services.observe.archives.places import SegmentPlacer
from services.observe.archives.report import FileReport
from services.observe.archives.shapes import OLD_CLASS_FIELD, FlatRecord, flat
from services.observe.archives.source_file import UNREADABLE, Archive, open_archive, refusal
from services.observe.archives.tables import parquet_records, table_records
from services.observe.feeds.reply import GEOMETRY_FIELD
from services.traffic.snapshot import Source

Progress = Callable[[Path, float, int], None]
"""Called with the file, the share of it that was read and the number of records."""

_RECORDS_PER_BATCH: Final = 10_000
# 16 bytes each: 64 MB; a day of the feed is 1.4 million, so that an archive in order of
# time has each of its days rewritten once or twice.
_ROWS_PER_STRETCH: Final = 4_000_000

_TEXT_READERS: Final = {
    "JSON": document_records,
    "JSON lines": line_records,
    "CSV": table_records,
}
_NOTES: Final = {
    PROBES_FIELD: "no vehicleprobemeasurement: how many probes there were is kept as not stated",
    "vitesse_maxi": "no vitesse_maxi: the limits are those of the networks known here",
    GEOMETRY_FIELD: "no geo_shape: the segments are those of the networks known here, by their id",
    "hierarchie": "no hierarchie: the road classes are those of the networks known here, if any",
}


class Importer:
    """Takes archives into the history of one source.

    Parameters
    ----------
    data_dir : Path
        Prepared (``Store.prepare``).
    now : datetime
        Aware.
    city : City
        That the archives are of.
    """

    def __init__(
        self, data_dir: Path, source: Source, now: datetime, progress: Progress, *, city: City
    ) -> None:
        self._data_dir = data_dir
        self._source = source
        self._now = now
        self._progress = progress
        self._placer = SegmentPlacer(city, data_dir)
        self._waiting: list[_Waiting] = []

    def take_file(self, path: Path) -> FileReport:
        """Take one archive; what is wrong with it is in the report.

        Raises
        ------
        StorageError
            When it cannot be read, or the history not be written: what was
            taken stays, and the same archive brings the rest.
        """
        report = self._read(path)
        if report.waiting:
            self._waiting.append(_Waiting(report, self._placer.known_networks()))
        return report

    def take_waiting(self) -> Iterator[FileReport]:
        """Take again the files whose segments a network of a later file may know.

        So the order of the files does not decide what is taken. A file is read once
        more for that, since its rows may be more than the memory holds.

        Yields
        ------
        FileReport
            The same as :meth:`take_file` gave, brought up to date.

        Raises
        ------
        StorageError
        """
        for waiting in self._waiting:
            if self._placer.known_networks() > waiting.networks:
                self._placer.look_again()
                waiting.report.update(self._read(waiting.report.path))
                yield waiting.report

    def finish(self) -> None:
        """Add what was taken to the usual week.

        Raises
        ------
        StorageError
        """
        with layout.exclusive(self._data_dir):
            Rollups(self._data_dir, self._source, self._placer.networks).update()

    def _read(self, path: Path) -> FileReport:
        report = FileReport(path)
        try:
            with open_archive(path) as archive:
                report.kind = archive.kind
                self._take_archive(archive, report)
        except FeedRefused as error:
            report.problem = str(error)
        return report

    def _take_archive(self, archive: Archive, report: FileReport) -> None:
        checker = RowChecker(self._placer, self._now)
        stretch: list[CheckedRows] = []
        seen: set[str] = set()
        try:
            for batch in self._batches(archive, report):
                seen.update(*batch)
                checked = checker.check(batch)
                report.skipped += checked.skipped
                stretch.append(checked)
                self._progress(report.path, archive.share_read(), report.records)
                if sum(len(rows.time_s) for rows in stretch) >= _ROWS_PER_STRETCH:
                    self._take_stretch(stretch, report)
                    stretch = []
        except FeedRefused as error:
            # What came before the damage is as good as ever.
            report.problem = str(error)
        self._take_stretch(stretch, report)
        report.notes = list(_notes(seen)) if seen else []

    def _batches(self, archive: Archive, report: FileReport) -> Iterator[list[FlatRecord]]:
        records = records_of(archive)
        refused: FeedRefused | None = None
        goes_on = True
        while goes_on:
            batch: list[FlatRecord] = []
            before = report.records
            try:
                for record in islice(records, _RECORDS_PER_BATCH):
                    report.records += 1
                    fields = flat(record)
                    if fields is None:
                        report.skipped["not a record"] += 1
                    else:
                        batch.append(fields)
            except UNREADABLE as error:
                refused = refusal(error)
            goes_on = refused is None and report.records > before
            if batch:
                yield batch
        archive.check_end()
        if refused is not None:
            raise refused

    def _take_stretch(self, stretch: list[CheckedRows], report: FileReport) -> None:
        if not any(len(rows.time_s) for rows in stretch):
            return
        places = self._placer.settle()
        days, unplaced = days_of(stretch, places)
        report.skipped += unplaced
        report.add(take(self._data_dir, self._source, days, self._placer.networks))


@dataclass(frozen=True)
class _Waiting:
    """A file with rows that no network could place, and how many networks there were."""

    report: FileReport
    networks: int


def records_of(archive: Archive) -> Iterator[Any]:
    """The records of an archive, one at a time; one of ``UNREADABLE`` where it is at fault."""
    if archive.kind == "Parquet":
        return parquet_records(archive.file)
    return _TEXT_READERS[archive.kind](archive.text)


def _notes(seen: set[str]) -> Iterator[str]:
    if OLD_CLASS_FIELD in seen:
        yield "the schema of 2021–22 (func_class): a reliability of 0 is unknown, whatever it reads"
    for name, note in _NOTES.items():
        if name not in seen:
            yield note
