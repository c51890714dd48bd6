"""The object storage by which machines share a data directory, put together from the settings."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Final

from services.base.clock import utc_now
from services.base.data_directory import LAYOUT_VERSION
from services.base.settings import Settings
from services.city.chosen import CITY
from services.history import layout
from services.metrics.work import WorkMetrics
from services.replication.bucket import open_bucket
from services.replication.carriers import Carrier, Carriers
from services.replication.follower import Follower
from services.replication.manifest import Origin
from services.replication.parts import HISTORY, PARTS, SERVED, Part
from services.replication.publisher import Publisher

# A worker that finds no bucket works without one until it is back.
RESTORE_PATIENCE_SECONDS: Final = 30.0

ORIGIN: Final = Origin(CITY.name, LAYOUT_VERSION)


@contextlib.contextmanager
def publishing(
    settings: Settings,
    metrics: WorkMetrics,
    epoch: Callable[[], int] = lambda: 0,
    parts: Sequence[Part] = PARTS,
) -> Iterator[None]:
    """Publish parts of the data directory meanwhile; nothing where no storage is set.

    It is entered once what pages show is as the last publisher left it, or the bucket does not
    answer. The history follows while the worker works.

    Parameters
    ----------
    epoch : callable
        Gives the number of the lock by which this machine is the one at work; it grows each time
        that another machine gets it.

    Raises
    ------
    StorageError
    """
    bucket = open_bucket(settings)
    if bucket is None:
        yield
        return
    carriers = []
    for part in parts:
        # The upkeep would take days that are still to come for days that were removed.
        guard = partial(layout.exclusive, settings.data_dir) if part is HISTORY else nullcontext
        publisher = Publisher(bucket, part, settings.data_dir, ORIGIN, epoch, guard=guard)
        carriers.append(Carrier(part, publisher.round, part.look_seconds, publisher.close))
    with Carriers(settings.data_dir, carriers, _noted(metrics), has_last_round=True) as under_way:
        first = [part for part in SERVED if part in parts]
        under_way.wait_for_first(first, RESTORE_PATIENCE_SECONDS)
        yield


@contextlib.contextmanager
def following(
    settings: Settings, metrics: WorkMetrics, *, with_history: bool = False
) -> Iterator[None]:
    """Follow what other machines publish meanwhile; nothing where no storage is set.

    Parameters
    ----------
    with_history : bool
        For a machine whose worker stands by.

    Raises
    ------
    StorageError
    """
    bucket = open_bucket(settings)
    if bucket is None:
        yield
        return
    parts: Sequence[Part] = PARTS if with_history else SERVED
    carriers = [
        Carrier(part, Follower(bucket, part, settings.data_dir, ORIGIN).round, part.look_seconds)
        for part in parts
    ]
    with Carriers(settings.data_dir, carriers, _noted(metrics)):
        yield


def _noted(metrics: WorkMetrics) -> Callable[[str], None]:
    return lambda part: metrics.in_step(part, utc_now())
