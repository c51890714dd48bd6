"""The services that the web role needs, put together from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from services.camera.client import CameraClient
from services.champions import SHIPPED_ARTIFACTS
from services.clock import Clock, utc_now
from services.forecasts import CachedForecasts
from services.latest import LatestTraffic
from services.nowcast_files import CachedNowcasts
from services.operations import open_operations
from services.scoring.summary import QualityReader
from services.settings import Settings
from services.store import Store
from services.week_forecasts import CachedWeekForecasts


@dataclass(frozen=True)
class Services:
    """What callbacks and routes may ask; all of it only reads."""

    settings: Settings
    store: Store
    traffic: LatestTraffic
    forecasts: CachedForecasts
    quality: QualityReader
    nowcasts: CachedNowcasts
    week: CachedWeekForecasts
    camera: CameraClient
    clock: Clock


def assemble(settings: Settings, clock: Clock = utc_now) -> Services:
    """Build the services of one application.

    Raises
    ------
    ConfigurationError
        When the data directory cannot be used.
    """
    store = Store(settings.data_dir)
    store.prepare()
    return Services(
        settings=settings,
        store=store,
        traffic=LatestTraffic(store),
        forecasts=CachedForecasts(settings.data_dir, SHIPPED_ARTIFACTS),
        quality=QualityReader(open_operations(settings, read_only=True), clock),
        nowcasts=CachedNowcasts(settings.data_dir, is_expected=settings.learner),
        week=CachedWeekForecasts(settings.data_dir, SHIPPED_ARTIFACTS),
        camera=CameraClient(settings.data_dir, is_expected=settings.camera),
        clock=clock,
    )
