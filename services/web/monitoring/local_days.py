"""The package's figures by day and hour as people in the city read them.

It takes every day for 24 hours: on the day after summer time ends its hourly load answers 500, and
requests of the last hour count for the day after. Some of its times are UTC without saying so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import NoResultFound

from services.city.city import City

HOURS_OF_A_DAY = 24


def use_local_days(package: Callable[[str], Any], city: City) -> None:
    """Replace the package's functions, before its pages are imported.

    Parameters
    ----------
    package : callable
        Gives a module of the package by its name.
    """
    storage = package("database")
    storage.row2dict = partial(row_with_local_times, city)
    graphs = package("database.custom_graph")
    groups = package("database.count_group")
    rows, request = storage.CustomGraphData, storage.Request

    def graph_data(session: Any, graph_id: int, start: datetime, end: datetime) -> list[Any]:
        if session.get(storage.CustomGraph, graph_id) is None:
            raise NoResultFound
        found = session.query(rows).filter(
            rows.graph_id == graph_id, *_within(city, rows.time, start, end)
        )
        return [row_with_local_times(city, row) for row in found.order_by(rows.time)]

    def requests_per_day(session: Any, days: Sequence[datetime]) -> list[Any]:
        return [
            groups.count_rows_group(
                session, request.id, *_within(city, request.time_requested, day, day)
            )
            for day in days
        ]

    def hourly_load(
        session: Any, endpoint_id: int | None, start: datetime, end: datetime
    ) -> dict[str, Any]:
        found = session.query(request.time_requested).filter(
            *_within(city, request.time_requested, start, end)
        )
        if endpoint_id is not None:
            found = found.filter(request.endpoint_id == endpoint_id)
        times = (_local(city, time) for (time,) in found)
        counts = Counter((time.hour, time.date()) for time in times)
        days = [(start + timedelta(days=k)).date() for k in range((end - start).days + 1)]
        load = [[counts[hour, day] for day in days] for hour in range(HOURS_OF_A_DAY)]
        return {"days": [day.isoformat() for day in days], "data": load}

    graphs.get_graph_data = graph_data
    groups.count_requests_per_day = requests_per_day
    package("controllers.requests").get_hourly_load = hourly_load


def row_with_local_times(city: City, row: Any) -> dict[str, str]:
    """A row as the package gives it to its pages, its times local and with their offset."""
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return {
        name: _local(city, value).isoformat() if isinstance(value, datetime) else str(value)
        for name, value in values.items()
    }


def _within(city: City, column: Any, first_day: datetime, last_day: datetime) -> tuple[Any, Any]:
    begin = first_day.replace(tzinfo=city.time_zone)
    end = (last_day + timedelta(days=1)).replace(tzinfo=city.time_zone)
    return column >= _stored(begin), column < _stored(end)


def _stored(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _local(city: City, stored: datetime) -> datetime:
    return city.local(stored if stored.tzinfo else stored.replace(tzinfo=UTC))
