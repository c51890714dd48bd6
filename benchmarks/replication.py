"""What machines ask of an object storage that they share, and how soon what is new is there.

The storage is moto's, over HTTP, in this process: times tell what the application adds to those of
a real one.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.demo_traffic import checked_replies
from benchmarks.rows import Options, Row, Spread, Target, exactly, spread
from benchmarks.servers import workplace
from benchmarks.timing import time_runs
from services.base.clock import utc_now
from services.base.settings import Settings, load_settings
from services.base.storage_address import parse_storage_address
from services.city.rennes import RENNES
from services.history.writer import append_snapshot
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.observe.feeds.reply import CheckedReply
from services.replication.bucket import Bucket
from services.replication.follower import Follower
from services.replication.parts import HISTORY, TRAFFIC, Part
from services.replication.publisher import Publisher
from services.roles.sole import Tenure
from services.roles.storage import ORIGIN, following, publishing
from services.roles.worker import make_day_keeper
from services.traffic.store import Store, WorkerState
from tests.object_storage import ObjectStorage

PUTS_TARGET: Final = Target(10, "at most")
LAG_TARGET: Final = Target(5, "at most", "worst run")
DAYS: Final = 400
# A day of 480 snapshots, folded: `python -m benchmarks --only history` has the bytes of a row.
DAY_BYTES: Final = 2_000_000
_STEP: Final = timedelta(minutes=3)
# The server takes any.
_KEY: Final = "made-up"
_POLL_SECONDS: Final = 0.01


class Machine:
    """A data directory, and what it takes to carry its parts."""

    def __init__(self, directory: Path, server: ObjectStorage) -> None:
        self.settings: Settings = load_settings(
            data_dir=directory, storage_url=server.url, storage_key=_KEY, storage_secret=_KEY
        )
        self._address = parse_storage_address(server.url)
        self.store = Store(RENNES, directory)
        self.store.prepare()
        self._day = make_day_keeper(self.settings)

    def observe(self, checked: CheckedReply) -> None:
        """What a round of the worker leaves."""
        self.store.publish(checked.network, checked.snapshot)
        append_snapshot(self.store.data_dir, checked.snapshot)
        self._day.follow(checked.snapshot)
        now = utc_now().isoformat()
        self.store.write_worker_state(WorkerState(now, now, 0, None))

    def bucket(self) -> Bucket:
        """The storage."""
        return Bucket(self._address, _KEY, _KEY)

    def publisher(self, part: Part) -> Publisher:
        """Of a part."""
        return Publisher(self.bucket(), part, self.settings.data_dir, ORIGIN, lambda: 0)

    def follower(self, part: Part) -> Follower:
        """Of a part."""
        return Follower(self.bucket(), part, self.settings.data_dir, ORIGIN)


def measure(options: Options) -> Iterator[Row]:
    """Yield requests and bytes of a snapshot, times, and those of a whole history."""
    replies = checked_replies(options.repeat(12, 4), _STEP)
    server = ObjectStorage()
    server.start()
    try:
        with workplace() as place:
            server.wipe()
            yield from _requests(place, server, replies)
        with workplace() as place:
            server.wipe()
            yield _lag(place, server, replies)
        with workplace() as place:
            server.wipe()
            yield from _history(place, server, options.repeat(DAYS, 20))
    finally:
        server.stop()


def _requests(place: Path, server: ObjectStorage, replies: Sequence[CheckedReply]) -> Iterator[Row]:
    here, there = Machine(place / "here", server), Machine(place / "there", server)
    parts = (TRAFFIC, HISTORY)
    publishers = [here.publisher(part) for part in parts]
    follower = there.follower(TRAFFIC)
    puts, sent, asked, took, followed = [], [], [], [], []
    for checked in replies:
        here.observe(checked)
        server.asked.clear()
        server.bytes_in = 0
        took += time_runs(lambda: [each.round() for each in publishers], 1, warm_up=0)
        puts.append(server.asked["PUT"])
        sent.append(server.bytes_in)
        server.asked.clear()
        followed += time_runs(follower.round, 1, warm_up=0)
        asked.append(server.asked.total())
    server.asked.clear()
    idle = time_runs(follower.round, 100)
    of = "of a snapshot, 2,859 segments, with curve, history and the worker's state"
    # The first brings the network too.
    yield Row(f"PUTs {of}", spread(puts[1:], ""), target=PUTS_TARGET)
    yield Row(f"bytes {of}", spread(sent[1:], "KB", 1e-3))
    yield Row("the first, with the network", exactly(sent[0] / 1e3, "KB"))
    yield Row("time of these requests, one machine", spread(took[1:], "ms", 1_000))
    yield Row("requests of a follower that serves, by snapshot", spread(asked[1:], ""))
    yield Row("their time", spread(followed[1:], "ms", 1_000))
    yield Row("a look of a follower that finds nothing new, one HEAD", spread(idle, "ms", 1_000))


def _lag(place: Path, server: ObjectStorage, replies: Sequence[CheckedReply]) -> Row:
    here, there = Machine(place / "here", server), Machine(place / "there", server)
    metrics = [WorkMetrics(metric_registry(), "worker") for _ in range(2)]
    lags = []
    with (
        publishing(here.settings, metrics[0], Tenure(0, lambda: True)),
        following(there.settings, metrics[1]),
    ):
        for checked in replies:
            here.observe(checked)
            started = time.monotonic()
            while not _shows(there.store, checked):
                time.sleep(_POLL_SECONDS)
            lags.append(time.monotonic() - started)
            # Not always at the same place of the looks' periods.
            threading.Event().wait(0.37)
    return Row(
        "written by the worker → there on another machine, looks included",
        spread(lags[1:], "s"),
        target=LAG_TARGET,
    )


def _shows(store: Store, checked: CheckedReply) -> bool:
    shown = store.current_snapshot()
    return shown is not None and shown.version == checked.snapshot.version


def _history(place: Path, server: ObjectStorage, days: int) -> Iterator[Row]:
    here, there = Machine(place / "here", server), Machine(place / "there", server)
    content = bytes(range(256)) * (DAY_BYTES // 256)
    last = datetime.now(UTC).date()
    for number in range(days):
        path = _day_file(here.settings.data_dir, last - timedelta(days=number))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % number + content)
    publisher = here.publisher(HISTORY)
    published = _until_done(publisher)
    publisher.close()
    restored = _until_done(there.publisher(HISTORY))
    of = f"a history of {days} days, {days * DAY_BYTES / 1e6:,.0f} MB"
    yield Row(f"{of}, uploaded for the first time", published)
    yield Row(f"{of}, brought to an empty disk", restored)
    one = Path(there.settings.data_dir / "replication" / "history.json").stat().st_size
    yield Row("what a machine notes of it", exactly(one / 1e3, "KB"))
    looks = time_runs(lambda: HISTORY.files(here.settings.data_dir), 11)
    yield Row("a look at its files, every 10 s", spread(looks, "ms", 1_000))
    shutil.rmtree(place, ignore_errors=True)


def _until_done(publisher: Publisher) -> Spread:
    started = time.monotonic()
    # Two hundred files a round.
    for _ in range(1 + DAYS // 200):
        publisher.round()
    return exactly(time.monotonic() - started, "s")


def _day_file(data_dir: Path, day: date) -> Path:
    return data_dir / "history" / "source=demo" / f"date={day:%Y-%m-%d}" / "day.parquet"
