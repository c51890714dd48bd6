"""A follower: keeps one part of a data directory as the bucket says that it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from services.base.errors import StorageError
from services.replication.bucket import Bucket, ObjectMissing
from services.replication.manifest import (
    DIRECTORY,
    Head,
    Origin,
    decode_head,
    read_record,
)
from services.replication.parts import Part
from services.replication.transfer import Transfer

log = logging.getLogger(__name__)

# How often the files themselves are looked at where the bucket has no news.
LOOK_AGAIN_SECONDS: Final = 60.0


class NotThisCity(StorageError):
    """The bucket holds the files of another city, or of another layout."""


class OldIssue(StorageError):
    """The bucket says what an earlier publisher said."""


def lock_of(data_dir: Path, part: Part) -> FileLock:
    """Held by whoever writes the files of a part here: the publisher's machine, or a follower."""
    directory = data_dir / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    # Taken by one thread and given back by another when the role ends.
    return FileLock(directory / f"{part.name}.lock", thread_local=False)


def checked_head(document: bytes, part: Part, origin: Origin) -> Head:
    """A head of this city and layout.

    Raises
    ------
    NotThisCity
    StorageError
        When it is damaged.
    """
    head = decode_head(document, part)
    if head.origin != origin:
        raise NotThisCity(
            f"the bucket holds {head.origin.city} in layout {head.origin.layout}, this is "
            f"{origin.city} in layout {origin.layout}: choose another prefix"
        )
    return head


class Follower:
    """One part, round by round. Nothing that is here is lost while the bucket is away.

    Parameters
    ----------
    origin : Origin
        Of what this directory is.
    monotonic : callable
        Seconds; tests hand in their own.
    """

    def __init__(
        self,
        bucket: Bucket,
        part: Part,
        data_dir: Path,
        origin: Origin,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self._bucket = bucket
        self._data_dir = data_dir
        self._origin = origin
        self._monotonic = monotonic
        self._transfer = Transfer(bucket, part, data_dir)
        self._lock = lock_of(data_dir, part)
        self._tag: str | None = None
        self._head: Head | None = None
        self._looked_s = -LOOK_AGAIN_SECONDS

    def round(self) -> bool:
        """Follow what is new; False where a publisher of this machine has the part.

        Raises
        ------
        StorageError
            When what is new cannot be had: what was here stays.
        """
        try:
            with self._lock.acquire(timeout=0):
                self._follow()
        except Timeout:
            # What that one publishes need not be brought here, but all that comes after it.
            self._tag = None
            return False
        return True

    def _follow(self) -> None:
        try:
            news = self._bucket.get_if_changed(self.part.head, self._tag)
        except ObjectMissing:
            self._tag = None
            raise
        if news is not None:
            self._head = self._accepted(news[1])
            self._looked_s = self._monotonic() - LOOK_AGAIN_SECONDS
            self._tag = news[0]
        if self._head is not None and self._monotonic() >= self._looked_s + LOOK_AGAIN_SECONDS:
            self._transfer.install(self._head)
            self._looked_s = self._monotonic()

    def _accepted(self, document: bytes) -> Head:
        head = checked_head(document, self.part, self._origin)
        seen = read_record(self._data_dir, self.part).issue
        if seen is not None and head.issue.is_before(seen):
            raise OldIssue(
                f"the bucket's {self.part.name} is of epoch {head.issue.epoch}, generation "
                f"{head.issue.generation}, here {seen.epoch}, {seen.generation} was seen: not taken"
            )
        return head
