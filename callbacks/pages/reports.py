"""The reports by mail as the operators' page lists them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from components.reports import ReportShown
from services.base.errors import StorageError
from services.base.texts import Texts, formats
from services.operations.database import NothingRecorded
from services.operations.report_mailings import LastMailing, last_mailings
from services.roles.assembly import Services
from services.traffic.place_values import words_of
from services.watch.people import shown_names
from services.watch.reports import SHIPPED_REPORTS, Report, Reports, reports_of

log = logging.getLogger(__name__)


class ReportDesk:
    """What the page reads of the reports.

    Raises
    ------
    ConfigurationError
        When their file cannot be used.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reports: Reports = reports_of(services.settings, services.city)
        self.file = (services.settings.reports_file or SHIPPED_REPORTS).name

    def shown(self, texts: Texts) -> list[ReportShown]:
        """All of them."""
        last = self._last()
        return [self._shown(report, last, texts) for report in self._reports.report]

    def _last(self) -> Mapping[str, LastMailing] | None:
        """What became of each; None where that cannot be read."""
        try:
            with self._services.operations.reading.begin() as session:
                return last_mailings(session)
        except NothingRecorded:
            return {}
        except StorageError as error:
            log.error("what became of the reports cannot be read: %s", error)
            return None

    def _shown(
        self, report: Report, last: Mapping[str, LastMailing] | None, texts: Texts
    ) -> ReportShown:
        city, written = self._services.city, formats(texts)
        due = report.next_at(city, self._services.clock())
        return ReportShown(
            name=report.name,
            place=self._place(report, texts),
            period=texts["report"][f"list_{report.period}"],
            tell=", ".join(shown_names(report.tell, self._reports.people)),
            sent=self._sent(None if last is None else last.get(report.name), last, texts),
            next=written.moment(city.local(due)),
        )

    def _sent(
        self,
        found: LastMailing | None,
        last: Mapping[str, LastMailing] | None,
        texts: Texts,
    ) -> str:
        wording, written = texts["report"], formats(texts)
        if last is None:
            return str(texts["report"]["list_unreadable"])
        if found is None:
            return str(texts["traffic_rules"]["never"])
        taken, parts = found.taken_at, []
        if taken is not None:
            parts.append(written.moment(self._services.city.local(taken)))
        if found.waiting:
            parts.append(written.counted(wording["list_waiting"], found.waiting))
        return ", ".join(parts) or str(texts["traffic_rules"]["never"])

    def _place(self, report: Report, texts: Texts) -> str:
        view = self._services.traffic.view()
        words = {} if view is None else words_of(view.network, report.place)
        return words.get(texts["language"]["code"], report.place)
