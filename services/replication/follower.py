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
from services.replication.heads import read_head
from services.replication.manifest import DIRECTORY, Head, Origin, read_record
from services.replication.parts import Part
from services.replication.transfer import Transfer

log = logging.getLogger(__name__)

# How often the files themselves are looked at where the bucket has no news.
LOOK_AGAIN_SECONDS: Final = 60.0


class NothingPublished(StorageError):
    """Nobody has published the part yet, as at the first start of all machines."""


class OldIssue(StorageError):
    """The bucket says what an earlier publisher said."""


def lock_of(data_dir: Path, part: Part) -> FileLock:
    """Held by whoever writes the files of a part here: the publisher's machine, or a follower."""
    directory = data_dir / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    # Taken by one thread and given back by another when the role ends.
    return FileLock(directory / f"{part.name}.lock", thread_local=False)


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
        NothingPublished
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
            news = read_head(self._bucket, self.part, self._origin, self._tag)
        except ObjectMissing:
            self._tag = None
            if read_record(self._data_dir, self.part).issue is None:
                raise NothingPublished("nothing has been published yet") from None
            raise
        if news is not None:
            self._refuse_old(news[1])
            self._tag, self._head = news
            self._looked_s = self._monotonic() - LOOK_AGAIN_SECONDS
        if self._head is not None and self._monotonic() >= self._looked_s + LOOK_AGAIN_SECONDS:
            self._transfer.install(self._head)
            self._looked_s = self._monotonic()

    def _refuse_old(self, head: Head) -> None:
        seen = read_record(self._data_dir, self.part).issue
        if seen is not None and head.issue.is_before(seen):
            raise OldIssue(
                f"the bucket's {self.part.name} is of epoch {head.issue.epoch}, generation "
                f"{head.issue.generation}, here {seen.epoch}, {seen.generation} was seen: not taken"
            )
