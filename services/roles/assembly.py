"""The services that the web role needs, put together from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from services.base.clock import Clock, utc_now
from services.base.settings import Settings
from services.camera.remote import remote_camera
from services.city.chosen import CITY
from services.city.city import City
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.forecast.nowcast_files import CachedNowcasts
from services.forecast.week_forecasts import CachedWeekForecasts
from services.forecast.zone_forecasts import CachedForecasts
from services.learn.summary import QualityReader
from services.observe.feeds.sources import roadworks_address
from services.operations.database import ServingOperations, open_for_serving
from services.traffic.snapshot import Source
from services.traffic.store import Store
from services.web.camera_client import CameraClient
from services.web.day import LatestDay
from services.web.latest import LatestTraffic
from services.web.roadworks import LatestRoadworks
from services.web.trends_client import TrendsClient, shown_now


@dataclass(frozen=True)
class Services:
    """What callbacks and routes may ask; all of it only reads, but for ``operations.writing``."""

    settings: Settings
    city: City
    store: Store
    traffic: LatestTraffic
    roadworks: LatestRoadworks
    forecasts: CachedForecasts
    quality: QualityReader
    nowcasts: CachedNowcasts
    week: CachedWeekForecasts
    day: LatestDay
    camera: CameraClient
    trends: TrendsClient
    operations: ServingOperations
    clock: Clock

    def shown_source(self) -> Source:
        """Where the traffic that is shown comes from, or will come from."""
        return shown_now(self.settings, self.traffic).source

    def today(self) -> date:
        """The day that it is in the city."""
        return self.city.local(self.clock()).date()


def assemble(settings: Settings, clock: Clock = utc_now) -> Services:
    """Build the services of one application.

    Raises
    ------
    ConfigurationError
        When the data directory cannot be used.
    """
    store = Store(CITY, settings.data_dir)
    store.prepare()
    operations = open_for_serving(settings)
    traffic = LatestTraffic(store)
    nowcasts = CachedNowcasts(CITY, settings.data_dir, is_expected=bool(settings.learner))
    return Services(
        settings=settings,
        city=CITY,
        store=store,
        traffic=traffic,
        roadworks=LatestRoadworks(
            store,
            is_expected=_has_roadworks(settings),
        ),
        forecasts=CachedForecasts(CITY, settings.data_dir, SHIPPED_ARTIFACTS),
        quality=QualityReader(CITY, operations.reading, clock),
        nowcasts=nowcasts,
        week=CachedWeekForecasts(settings.data_dir, SHIPPED_ARTIFACTS),
        day=LatestDay(CITY, store, nowcasts),
        camera=CameraClient(
            settings.data_dir, remote=remote_camera(settings), is_expected=settings.camera
        ),
        trends=TrendsClient(
            settings.data_dir, partial(shown_now, settings, traffic), is_expected=settings.trends
        ),
        operations=operations,
        clock=clock,
    )


def _has_roadworks(settings: Settings) -> bool:
    """Whether the page has a place for roadworks: live ones, or simulated ones with the demo."""
    if settings.source == "demo":
        return settings.roadworks_url != ""
    return bool(roadworks_address(settings, CITY))
