"""A stored day to be played on the map."""

from __future__ import annotations

from datetime import date

import msgspec

from services.plain.trends.asking import Query


class ReplayAnswer(msgspec.Struct, frozen=True):
    """A day as one document.

    Attributes
    ----------
    document : bytes
        What ``services.trends.replay`` describes and the browser reads.
    is_over : bool
        Whether nothing will be added to the day any more.
    """

    document: bytes
    is_over: bool


class ReplayQuery(Query[ReplayAnswer], frozen=True, tag="relecture"):
    """A day in the city, of the whole network."""

    day: date

    def days(self) -> tuple[date, date]:
        """See :meth:`Query.days`."""
        return self.day, self.day
