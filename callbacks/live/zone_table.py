"""The whole table of zones for the browser, which answers a choice of an hour out of it.

It comes with the page, and with a refresh once another is of now: of another model, or another day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

from services.city.city import City
from services.city.day_types import coming_day
from services.forecast.zone_forecasts import DAYS, ForecastTable
from services.plain.forecast import Forecast
from services.plain.statuses import ZONE_STATUSES

# What is uncertain keeps a fraction, so that nothing but a certainty reads 0 or 100.
_UNCERTAIN_PERCENT: Final = {0: 0.4, 100: 99.6}


def zone_table_version(table: ForecastTable, today: date) -> str:
    """Stands for the model and the day, in the city, that the coming week begins with."""
    return f"{table.model_version} {today}"


@lru_cache(maxsize=2)
def zone_table(city: City, table: ForecastTable, today: date) -> dict[str, Any]:
    """Every answer of the forecast card, without its words.

    Returns
    -------
    dict
        ``version``; ``until``, seconds since the epoch, when days of the same name become others;
        ``simulated`` and ``trained_days`` of the model; ``days``, from Monday on: what type the
        coming one is, and whose forecast it has; ``zones``: of each, from Monday on, the likeliest
        ``status`` of the 24 hours and, by status, their ``percent``.
    """
    days = [coming_day(city, day, today) for day in range(DAYS)]
    return {
        "version": zone_table_version(table, today),
        "until": int(
            datetime.combine(today + timedelta(days=1), time(), city.time_zone).timestamp()
        ),
        "simulated": table.is_simulated,
        "trained_days": table.trained_on.days,
        "days": [{"type": day.day_type, "like": day.like_weekday} for day in days],
        "zones": {
            zone: [_day_content(table.day(day, zone)) for day in range(DAYS)]
            for zone in city.zone_choices
        },
    }


def _day_content(hours: Sequence[Forecast]) -> dict[str, Any]:
    return {
        "status": [hour.status for hour in hours],
        "percent": {
            status: [_percent(hour.shares[place]) for hour in hours]
            for place, status in enumerate(ZONE_STATUSES)
        },
    }


def _percent(share: float) -> float:
    percent = round(100 * round(share, 2))
    return _UNCERTAIN_PERCENT.get(percent, percent) if 0 < share < 1 else percent
