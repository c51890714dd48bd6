"""The object storage by which machines share a data directory, put together from the settings."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Final

from services.base.clock import utc_now
from services.base.data_directory import LAYOUT_VERSION
from services.base.errors import StorageError
from services.base.settings import Settings
from services.city.chosen import CITY
from services.history import layout
from services.metrics.work import WorkMetrics
from services.replication.bucket import open_bucket
from services.replication.carriers import Carrier, Carriers
from services.replication.follower import Follower
from services.replication.manifest import Origin
from services.replication.parts import HISTORY, PARTS, SERVED, WATCH, Part
from services.replication.publisher import Publisher
from services.roles.sole import Tenure, end_at_once

log = logging.getLogger(__name__)

# A worker that finds no bucket works without one until it is back.
RESTORE_PATIENCE_SECONDS: Final = 30.0

ORIGIN: Final = Origin(CITY.name, LAYOUT_VERSION)


@contextlib.contextmanager
def publishing(
    settings: Settings,
    metrics: WorkMetrics,
    tenure: Tenure,
    parts: Sequence[Part] = PARTS,
    end: Callable[[], None] = end_at_once,
) -> Iterator[None]:
    """Publish parts of the data directory meanwhile; nothing where no storage is set.

    It is entered once what pages show is as the last publisher left it, or the bucket does not
    answer. The history follows while the worker works.

    Parameters
    ----------
    tenure : Tenure
        By which this machine is the one whose worker is at work: nothing is published once it is
        over.
    end : callable
        Ends the process where a bucket that hangs would hold it up.

    Raises
    ------
    StorageError
    """
    bucket = open_bucket(settings)
    if bucket is None:
        yield
        return

    def epoch() -> int:
        if not tenure.is_held():
            raise StorageError("the lock of the publisher is lost: nothing is published")
        return tenure.epoch

    carriers = []
    for part in parts:
        # The upkeep would take days that are still to come for days that were removed.
        guard = partial(layout.exclusive, settings.data_dir) if part is HISTORY else nullcontext
        publisher = Publisher(bucket, part, settings.data_dir, ORIGIN, epoch, guard=guard)
        carriers.append(Carrier(part, publisher.round, part.look_seconds, publisher.close))
    under_way = Carriers(settings.data_dir, carriers, _noted(metrics), has_last_round=True)
    try:
        with under_way:
            first = [part for part in SERVED if part in parts]
            under_way.wait_for_first(first, RESTORE_PATIENCE_SECONDS)
            yield
    finally:
        _end_if_hung(under_way, end)


@contextlib.contextmanager
def following(
    settings: Settings,
    metrics: WorkMetrics,
    *,
    with_history: bool = False,
    end: Callable[[], None] = end_at_once,
) -> Iterator[None]:
    """Follow what other machines publish meanwhile; nothing where no storage is set.

    Parameters
    ----------
    with_history : bool
        For a machine whose worker stands by.
    end : callable
        Ends the process where a bucket that hangs would hold it up.

    Raises
    ------
    StorageError
    """
    bucket = open_bucket(settings)
    if bucket is None:
        yield
        return
    wanted: Sequence[Part] = PARTS if with_history else SERVED
    # A host with a name has a watch of its own, which writes the same file.
    parts = [part for part in wanted if not (settings.host_name and part is WATCH)]
    carriers = [
        Carrier(part, Follower(bucket, part, settings.data_dir, ORIGIN).round, part.look_seconds)
        for part in parts
    ]
    under_way = Carriers(settings.data_dir, carriers, _noted(metrics))
    try:
        with under_way:
            yield
    finally:
        _end_if_hung(under_way, end)


def _end_if_hung(carriers: Carriers, end: Callable[[], None]) -> None:
    if carriers.are_hung():
        log.error("the object storage does not answer: this process ends without it")
        end()


def _noted(metrics: WorkMetrics) -> Callable[[str], None]:
    return lambda part: metrics.in_step(part, utc_now())
