"""A publisher: keeps one part of the bucket as this machine's data directory is."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from services.base.errors import StorageError
from services.base.files import FileStamp, stamp_of
from services.replication.bucket import Bucket, ObjectMissing
from services.replication.follower import lock_of
from services.replication.heads import read_head
from services.replication.manifest import (
    Entry,
    Head,
    Held,
    Issue,
    Origin,
    Record,
    encode,
    entry_of,
    grouped,
    read_record,
    record_path,
    write_record,
)
from services.replication.parts import Part
from services.replication.sweep import sweep
from services.replication.transfer import Transfer, in_parallel

log = logging.getLogger(__name__)

# How often the head is looked at where there is nothing to publish: whether it is still ours.
CHECK_SECONDS: Final = 15.0
# Of a history that is published for the first time, what is there can be followed already.
FILES_PER_HEAD: Final = 200
# A directory that is being deleted is no news; whoever works in it ends within two seconds.
GONE_AFTER_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 86_400.0
# After a start: a machine that is started anew every night removes too.
FIRST_SWEEP_SECONDS: Final = 3_600.0
_WRITER_BYTES: Final = 8

Guard = Callable[[], AbstractContextManager[object]]


class Overtaken(StorageError):
    """Another publisher has taken over: this one has nothing to say any more."""


class Publisher:
    """One part, round by round; only one round at a time.

    Before its first word it has what the last publisher said, so that a machine that replaces
    another one goes on from there.

    Parameters
    ----------
    origin : Origin
        Of what this directory is.
    epoch : callable
        Gives the number of the lock by which this machine is the publisher.
    guard : callable, optional
        Entered while the files of another publisher are brought here, so that nobody draws
        conclusions from half of them.
    monotonic : callable
        Seconds; tests hand in their own.
    """

    def __init__(
        self,
        bucket: Bucket,
        part: Part,
        data_dir: Path,
        origin: Origin,
        epoch: Callable[[], int],
        *,
        guard: Guard = nullcontext,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self._bucket = bucket
        self._data_dir = data_dir
        self._origin = origin
        self._epoch = epoch
        self._guard = guard
        self._monotonic = monotonic
        self._lock = lock_of(data_dir, part)
        self._writer = secrets.token_hex(_WRITER_BYTES)
        self._is_ready = False
        # What the bucket says: by which head, under which tag; None where it says nothing.
        self._issue: Issue | None = None
        self._tag: str | None = None
        self._generation = 0
        # What that head names, as it is in the directory; and which objects are there for sure.
        self._said: dict[str, Held] = {}
        self._stored: set[str] = set()
        self._record_stamp: FileStamp | None = None
        self._gone_since_s: dict[str, float] = {}
        self._checked_s = 0.0
        self._sweep_at_s = monotonic() + FIRST_SWEEP_SECONDS

    def round(self) -> None:
        """Say what is new.

        Raises
        ------
        Overtaken
            Then never again.
        StorageError
            When it cannot be said now: the next round tries again.
        """
        if not self._is_ready:
            self._take_over()
        found = self.part.files(self._data_dir)
        news = [path for path, stamp in found.items() if self._is_news(path, stamp)]
        gone = self._long_gone(found)
        if news or gone or self._issue is None:
            # What others refer to comes first.
            news.sort(key=lambda path: (self.part.rank(path), path))
            self._publish(news, gone)
        elif self._monotonic() >= self._checked_s + CHECK_SECONDS and not self._is_as_said():
            self._say(self._said)
        if self._monotonic() >= self._sweep_at_s:
            self._sweep()

    def close(self) -> None:
        """Let another process of this machine have the part."""
        self._lock.release()

    def _take_over(self) -> None:
        """Bring what was said last, unless this directory said it."""
        # Before the part's own lock: a follower of this machine may be bringing it just now.
        with self._guard():
            if not self._lock.is_locked:
                self._lock.acquire()
            record = read_record(self._data_dir, self.part)
            news = self._head_news(None)
            head = news and news[1]
            if head is not None:
                self._refuse_later(head.issue, self._epoch())
                if head.issue != record.issue:
                    record = Transfer(self._bucket, self.part, self._data_dir).install(head)
                    log.info("%s: %d files are as in the bucket", self.part.name, len(record.files))
                self._issue, self._said = head.issue, dict(record.files)
                self._stored = _objects(self.part, self._said)
        if record.issue is not None:
            self._generation = record.issue.generation
        self._record_stamp = stamp_of(record_path(self._data_dir, self.part))
        self._is_ready = True
        self._checked_s = self._monotonic()

    def _is_news(self, path: str, stamp: FileStamp) -> bool:
        said = self._said.get(path)
        return said is None or said.stamp != stamp

    def _long_gone(self, found: Collection[str]) -> set[str]:
        now_s = self._monotonic()
        gone = self._said.keys() - found
        self._gone_since_s = {path: self._gone_since_s.get(path, now_s) for path in gone}
        return {
            path
            for path, since_s in self._gone_since_s.items()
            if now_s >= since_s + GONE_AFTER_SECONDS
        }

    def _publish(self, news: list[str], gone: set[str]) -> None:
        some = news[:FILES_PER_HEAD]
        held = in_parallel(self._bring, some)
        said = self._said | {path: one for path, one in zip(some, held, strict=True) if one}
        if len(some) == len(news):
            # Only now is there what took their place.
            said = {path: one for path, one in said.items() if path not in gone}
        if self._issue is None or _contents(said) != _contents(self._said):
            self._say(said)
        else:
            self._said = said

    def _bring(self, path: str) -> Held | None:
        """Have the bucket hold a file's content; None where the file is gone."""
        try:
            with (self._data_dir / path).open("rb") as file:
                status = os.fstat(file.fileno())
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}") from error
        entry = entry_of(content)
        self._store(self.part.object_of(path, entry.digest), content)
        return Held(entry, (status.st_ino, status.st_size, status.st_mtime_ns))

    def _store(self, name: str, content: bytes) -> None:
        if name in self._stored:
            return
        # Before it is there: another thread may have the same content.
        self._stored.add(name)
        try:
            self._bucket.put(name, content)
        except StorageError:
            self._stored.discard(name)
            raise

    def _say(self, said: dict[str, Held]) -> None:
        """Write the head: from then on it is so for everybody."""
        groups = grouped(_contents(said))
        files = groups.pop("", {})
        named = {}
        for start, entries in groups.items():
            document = encode(entries)
            named[start] = entry_of(document)
            self._store(self.part.group_object(named[start].digest), document)
        self._is_as_said()
        if stamp_of(record_path(self._data_dir, self.part)) != self._record_stamp:
            raise StorageError("the data directory was deleted or replaced: nothing is published")
        issue = Issue(self._epoch(), self._generation + 1, self._writer)
        self._bucket.put(self.part.head, encode(Head(self._origin, issue, files, named)))
        # Another tag than before, which the next look tells.
        self._issue, self._tag, self._generation = issue, None, issue.generation
        self._said = said
        write_record(self._data_dir, self.part, Record(issue, said))
        self._record_stamp = stamp_of(record_path(self._data_dir, self.part))

    def _is_as_said(self) -> bool:
        """Whether the head is the one that it was; where it may be written again, False.

        Raises
        ------
        Overtaken
        StorageError
            Where the bucket was emptied: everything is brought again.
        """
        self._checked_s = self._monotonic()
        news = self._head_news(self._tag)
        if news is None:
            return True
        self._tag, head = news
        if head is None:
            self._tag = None
            if self._issue is not None:
                self._issue, self._said, self._stored = None, {}, set()
                raise StorageError(f"the bucket lost {self.part.name}: it is brought again")
            return False
        if head.issue == self._issue:
            return True
        self._refuse_later(head.issue, self._epoch(), self._generation)
        # Whoever was overtaken, and has not seen it yet, spoke once more.
        self._tag = None
        return False

    def _refuse_later(self, found: Issue, epoch: int, generation: int | None = None) -> None:
        is_later = generation is not None and found.generation > generation
        if found.epoch > epoch or (found.epoch == epoch and is_later):
            raise Overtaken(
                f"another machine publishes {self.part.name} (epoch {found.epoch}, generation "
                f"{found.generation}; here {epoch}, {self._generation}): this one does no more"
            )

    def _head_news(self, tag: str | None) -> tuple[str, Head | None] | None:
        """The head and its tag; None where it has the tag that is known, no head where none is."""
        try:
            return read_head(self._bucket, self.part, self._origin, tag)
        except ObjectMissing:
            return "", None

    def _sweep(self) -> None:
        """Remove what nothing names; what is named and was lost is brought again."""
        self._sweep_at_s = self._monotonic() + SWEEP_SECONDS
        # Of another publisher's files nothing is known here.
        if not self._is_as_said():
            return
        groups = grouped(_contents(self._said))
        named = _objects(self.part, self._said) | {
            self.part.group_object(entry_of(encode(entries)).digest)
            for start, entries in groups.items()
            if start
        }
        self._stored = sweep(self._bucket, self.part, named)
        lost = named - self._stored
        if lost:
            log.error(
                "%s: the bucket lost %d objects, which are brought again", self.part.name, len(lost)
            )
            self._issue = None
            self._said = {
                path: held
                for path, held in self._said.items()
                if self.part.object_of(path, held.content.digest) not in lost
            }


def _contents(files: Mapping[str, Held]) -> dict[str, Entry]:
    return {path: held.content for path, held in files.items()}


def _objects(part: Part, files: Mapping[str, Held]) -> set[str]:
    return {part.object_of(path, held.content.digest) for path, held in files.items()}
