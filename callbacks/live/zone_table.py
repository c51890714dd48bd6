"""The whole table of zones for the browser, which answers a choice of an hour out of it.

It comes with the page, and with a refresh once another is of now: of another model, or another day.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from callbacks.http.nowcast import basis_content, whole_percent
from services.city.city import City
from services.city.day_types import coming_day
from services.forecast.zone_forecasts import DAYS, HOURS, ForecastTable
from services.plain.statuses import ZONE_STATUSES


def zone_table_version(table: ForecastTable, today: date) -> str:
    """Stands for the model, what was observed, and the day that the coming week begins with."""
    return f"{table.model_version} {table.edition} {today}"


@lru_cache(maxsize=2)
def zone_table(city: City, table: ForecastTable, today: date) -> dict[str, Any]:
    """Every answer for an hour of a zone, without its words.

    Returns
    -------
    dict
        ``version``; ``until``, seconds since the epoch, when days of the same name become others;
        ``days``, from Monday on: what type the coming one is, and whose forecast it has; ``zones``:
        of each, from Monday on, the likeliest ``status`` of the 24 hours, by status their
        ``percent``, and the ``basis`` of each, or the one of all (``nowcast.basis_content``).
    """
    days = [coming_day(city, day, today) for day in range(DAYS)]
    return {
        "version": zone_table_version(table, today),
        "until": int(
            datetime.combine(today + timedelta(days=1), time(), city.time_zone).timestamp()
        ),
        "days": [{"type": day.day_type, "like": day.like_weekday} for day in days],
        "zones": {
            zone: [_day_content(table, day, zone) for day in range(DAYS)]
            for zone in city.zone_choices
        },
    }


def _day_content(table: ForecastTable, day: int, zone: str) -> dict[str, Any]:
    hours = table.day(day, zone)
    bases = [table.basis(day, hour, zone) for hour in range(HOURS)]
    is_one = len(set(bases)) == 1
    return {
        # One for the whole day where all its hours are alike, as before anything is observed.
        "basis": [basis_content(basis) for basis in (bases[:1] if is_one else bases)],
        "status": [hour.status for hour in hours],
        "percent": {
            status: [whole_percent(hour.shares[place]) for hour in hours]
            for place, status in enumerate(ZONE_STATUSES)
        },
    }
