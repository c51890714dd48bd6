"""Two machines with nothing in common but a bucket: what one publishes the other one has."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from services.base.errors import StorageError
from services.base.parquet_file import write_parquet
from services.base.settings import load_settings
from services.replication import publisher as publisher_module
from services.replication.bucket import Bucket, open_bucket
from services.replication.days import fetch_days
from services.replication.follower import Follower
from services.replication.manifest import Origin, read_record
from services.replication.parts import HISTORY, MODELS, PARTS, TRAFFIC, Part
from services.replication.publisher import GONE_AFTER_SECONDS, Overtaken, Publisher
from tests.object_storage import ObjectStorage

ORIGIN = Origin("rennes", "1")


class Seconds:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """A data directory with its ways to the bucket."""

    def __init__(self, directory: Path, bucket: Bucket, epoch: Callable[[], int]) -> None:
        self.directory = directory
        self.bucket = bucket
        self.epoch = epoch
        self.seconds = Seconds()
        directory.mkdir(exist_ok=True)

    def write(self, path: str, content: bytes) -> None:
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".writing-{target.name}")
        fresh.write_bytes(content)
        fresh.replace(target)

    def read(self, path: str) -> bytes | None:
        target = self.directory / path
        return target.read_bytes() if target.is_file() else None

    def files(self, part: Part = TRAFFIC) -> dict[str, bytes]:
        return {path: (self.directory / path).read_bytes() for path in part.files(self.directory)}

    def publisher(self, part: Part = TRAFFIC) -> Publisher:
        return Publisher(
            self.bucket, part, self.directory, ORIGIN, self.epoch, monotonic=self.seconds
        )

    def follower(self, part: Part = TRAFFIC) -> Follower:
        return Follower(self.bucket, part, self.directory, ORIGIN, monotonic=self.seconds)


@pytest.fixture
def machine(tmp_path: Path, bucket: Bucket) -> Callable[..., Machine]:
    def make(name: str, epoch: Callable[[], int] = lambda: 0) -> Machine:
        return Machine(tmp_path / name, bucket, epoch)

    return make


def observe(machine: Machine, number: int) -> None:
    """What a round of the worker leaves, the network first."""
    machine.write(f"networks/{number // 10}.geojson", b"roads %d" % (number // 10))
    machine.write("snapshots/current.parquet", b"snapshot %d" % number)
    machine.write("snapshots/live.parquet", b"snapshot %d" % number)
    machine.write("worker.json", b"{}")


def keep_day(machine: Machine, day: str, names: dict[str, bytes]) -> None:
    for name, content in names.items():
        machine.write(f"history/source=live/date={day}/{name}.parquet", content)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_second_machine_has_what_the_first_one_publishes(
    machine: Callable[..., Machine], part: Part
) -> None:
    here, there = machine("here"), machine("there")
    for path in (
        *("networks/ab.geojson", "snapshots/current.parquet", "worker.json", "day/live.json"),
        "watch.json",
        *("forecasts/nowcast/current.parquet", "forecasts/nowcast/state.json"),
        "forecasts/nowcast/source=live/date=2026-11-29/064300.parquet",
        *("models/champion", "models/2026-11-29-aaaaaa/forecasts.parquet"),
        *("models/week/champion", "models/week/2026-11-29-bbbbbb/week.parquet"),
        "history/source=live/date=2026-11-28/day.parquet",
        "history/source=live/date=2026-11-29/064300.parquet",
        "history/hour_speeds/source=live/date=2026-11-28.parquet",
        "history/rollups/source=live/segments.parquet",
    ):
        here.write(path, path.encode())
    here.write("metrics/web/of-this-machine.db", b"")
    here.write("history/source=live/date=2026-11-29/bad.parquet.unreadable", b"")

    here.publisher(part).round()
    there.follower(part).round()

    assert there.files(part) == here.files(part) != {}
    assert there.read("metrics/web/of-this-machine.db") is None


def test_what_changed_comes_and_what_is_gone_goes(machine: Callable[..., Machine]) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(HISTORY), there.follower(HISTORY)
    keep_day(here, "2026-11-28", {"064300": b"one", "064600": b"two"})
    publisher.round()
    follower.round()
    there.write("history/source=live/date=2026-11-28/070000.parquet", b"its own")
    there.write("history/source=live/date=2026-11-28/064600.parquet", b"changed by somebody")

    keep_day(here, "2026-11-28", {"day": b"both"})
    for name in ("064300", "064600"):
        (here.directory / f"history/source=live/date=2026-11-28/{name}.parquet").unlink()
    publisher.round()
    here.seconds.now += GONE_AFTER_SECONDS
    publisher.round()
    follower.round()

    folder = "history/source=live/date=2026-11-28"
    assert there.files(HISTORY) == {
        f"{folder}/day.parquet": b"both",
        f"{folder}/070000.parquet": b"its own",
    }


def test_a_follower_makes_good_what_is_lost_here_while_there_is_no_news(
    machine: Callable[..., Machine],
) -> None:
    here, there = machine("here"), machine("there")
    observe(here, 1)
    here.publisher().round()
    follower = there.follower()
    follower.round()
    (there.directory / "networks/0.geojson").unlink()

    there.seconds.now += 3_600
    follower.round()

    assert there.files() == here.files()


def test_without_news_a_look_is_one_request_and_no_byte(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    observe(here, 1)
    here.publisher().round()
    follower = there.follower()
    follower.round()
    storage.asked.clear()

    for _ in range(3):
        follower.round()

    assert storage.asked == {"HEAD": 3}


def test_a_content_is_written_once(machine: Callable[..., Machine], storage: ObjectStorage) -> None:
    here = machine("here")
    observe(here, 1)
    publisher = here.publisher()
    publisher.round()
    storage.asked.clear()

    observe(here, 1)
    publisher.round()
    observe(here, 2)
    publisher.round()

    # The snapshot under both of its names, and the head.
    assert storage.asked["PUT"] == 2


def test_a_day_of_history_lies_where_other_engines_look_for_it(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here = machine("here")
    keep_day(here, "2026-11-28", {"day": b"rows"})
    here.publisher(HISTORY).round()

    [name] = [name for name in storage.names() if name.endswith(".parquet")]

    assert name.startswith("town/history/source=live/date=2026-11-28/day-")


def test_a_directory_is_a_storage_too_and_other_engines_read_its_days_in_place(
    tmp_path: Path,
) -> None:
    bucket = open_bucket(load_settings(storage_url=f"file://{tmp_path}/shared"))
    here, there = (Machine(tmp_path / name, bucket, lambda: 0) for name in ("here", "there"))
    for day in (27, 28):
        rows = write_parquet(pa.table({"segment": [1, 2], "day": [day, day]}))
        keep_day(here, f"2026-11-{day}", {"day": rows})
    publisher, follower = here.publisher(HISTORY), there.follower(HISTORY)
    publisher.round()
    follower.round()
    before = there.files(HISTORY)
    here.write("history/rollups/source=live/segments.parquet", b"rows")
    publisher.round()
    follower.round()

    place = f"{tmp_path}/shared/history/source=live/date=*/day-*.parquet"
    query = "select date, sum(day) from read_parquet($1, hive_partitioning=true) group by 1"
    found = duckdb.execute(f"{query} order by 1", [place]).fetchall()

    assert len(before) == 2
    assert there.files(HISTORY) == here.files(HISTORY)
    assert found == [(date(2026, 11, 27), 54), (date(2026, 11, 28), 56)]


def test_a_head_that_is_replaced_while_it_is_read_is_read_again(
    machine: Callable[..., Machine], bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machine("here"), machine("there")
    observe(here, 1)
    here.publisher().round()
    whole, asked = bucket.get_if_changed, []

    def cut_at_first(name: str, tag: str | None) -> tuple[str, bytes] | None:
        asked.append(name)
        news = whole(name, tag)
        return (news[0], news[1][:-9]) if news and len(asked) == 1 else news

    monkeypatch.setattr(bucket, "get_if_changed", cut_at_first)
    there.follower().round()

    assert there.files() == here.files()


def test_a_machine_that_died_is_replaced_with_all_it_had_published(
    machine: Callable[..., Machine],
) -> None:
    died, successor, follower = machine("died"), machine("successor"), machine("other")
    observe(died, 1)
    died.publisher().round()
    follower.follower().round()

    publisher = successor.publisher()
    publisher.round()
    restored = successor.files()
    observe(successor, 2)
    publisher.round()
    follower.follower().round()

    assert restored == died.files()
    assert follower.read("snapshots/current.parquet") == b"snapshot 2"
    assert follower.files() == successor.files()


def test_a_worker_that_starts_again_keeps_what_it_wrote_since(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here = machine("here")
    observe(here, 1)
    first = here.publisher()
    first.round()
    first.close()
    observe(here, 2)

    here.publisher().round()
    there = machine("there")
    there.follower().round()

    assert here.read("snapshots/current.parquet") == b"snapshot 2"
    assert there.files() == here.files()


@pytest.mark.parametrize("fault", ["deny", "hang", "cut", "damage"])
def test_what_cannot_be_had_whole_is_not_taken(
    machine: Callable[..., Machine], storage: ObjectStorage, fault: str
) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(), there.follower()
    observe(here, 1)
    publisher.round()
    follower.round()
    before = there.files()
    observe(here, 12)
    publisher.round()

    storage.fail(fault, lambda method, path: path.endswith((".parquet", ".geojson")))  # type: ignore[arg-type]
    with pytest.raises(StorageError) as told:
        follower.round()
    during = there.files()
    storage.heal()
    follower.round()

    assert during == before
    assert there.files() == here.files()
    assert "secret-of-tests" not in str(told.value)
    assert "key-of-tests" not in str(told.value)


def test_a_network_comes_before_the_snapshot_that_needs_it(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    observe(here, 12)
    here.publisher().round()

    storage.fail("deny", lambda method, path: path.endswith(".geojson"))
    with pytest.raises(StorageError):
        there.follower().round()

    assert there.read("snapshots/current.parquet") is None


def test_a_server_that_is_killed_and_comes_back(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(), there.follower()
    observe(here, 1)
    publisher.round()
    follower.round()

    storage.stop()
    observe(here, 2)
    with pytest.raises(StorageError):
        publisher.round()
    with pytest.raises(StorageError):
        follower.round()
    kept = there.read("snapshots/current.parquet")
    storage.start()
    publisher.round()
    follower.round()

    assert kept == b"snapshot 1"
    assert there.files() == here.files()


def test_a_bucket_that_lost_everything_gets_it_again(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(), there.follower()
    observe(here, 1)
    publisher.round()
    follower.round()

    storage.wipe()
    with pytest.raises(StorageError):
        follower.round()
    kept = there.files()
    here.seconds.now += publisher_module.CHECK_SECONDS
    with pytest.raises(StorageError, match="lost"):
        publisher.round()
    publisher.round()
    observe(here, 2)
    publisher.round()
    follower.round()

    assert kept != {}
    assert there.files() == here.files()
    machine("new").follower().round()


def test_a_publisher_cut_off_in_the_midst_of_its_upload_said_nothing(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(), there.follower()
    observe(here, 1)
    publisher.round()
    observe(here, 12)

    storage.fail("deny", lambda method, path: method == "PUT" and "heads" in path)
    with pytest.raises(StorageError):
        publisher.round()
    storage.heal()
    publisher.close()
    follower.round()
    before = there.read("snapshots/current.parquet")
    # It was killed: another one begins in its place.
    here.publisher().round()
    follower.round()

    assert before in {b"snapshot 1", b"snapshot 12"}
    assert there.files() == here.files()


def test_who_got_the_lock_later_is_believed(machine: Callable[..., Machine]) -> None:
    old, new, there = machine("old", lambda: 1), machine("new", lambda: 2), machine("there")
    first, second, follower = old.publisher(), new.publisher(), there.follower()
    observe(old, 1)
    first.round()
    second.round()
    observe(new, 2)
    second.round()
    follower.round()

    observe(old, 3)
    with pytest.raises(Overtaken, match="epoch 2"):
        first.round()
    follower.round()

    assert there.files() == new.files()


def test_an_earlier_publisher_that_spoke_once_more_is_not_believed(
    machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, there = machine("old", lambda: 1), machine("new", lambda: 2), machine("there")
    first, second, follower = old.publisher(), new.publisher(), there.follower()
    observe(old, 1)
    first.round()
    second.round()
    observe(new, 2)
    second.round()
    follower.round()

    observe(old, 3)
    # Between its look at the head and its own word the other one spoke.
    with monkeypatch.context() as patch:
        patch.setattr(first, "_is_as_said", lambda: True)
        first.round()
    with pytest.raises(StorageError, match="epoch 1"):
        follower.round()
    kept = there.files()
    new.seconds.now += publisher_module.CHECK_SECONDS
    second.round()
    follower.round()

    assert kept == new.files() == there.files()


def test_of_the_same_worker_in_two_places_without_a_lock_the_later_one_goes_on(
    machine: Callable[..., Machine],
) -> None:
    one, two, there = machine("one"), machine("two"), machine("there")
    first, second, follower = one.publisher(), two.publisher(), there.follower()
    observe(one, 1)
    first.round()
    second.round()
    observe(two, 2)
    second.round()

    observe(one, 3)
    with pytest.raises(Overtaken):
        first.round()
    observe(two, 4)
    second.round()
    follower.round()

    assert there.files() == two.files()


def test_a_successor_with_neither_disk_nor_bucket_is_followed(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    died, successor, there = machine("died"), machine("successor"), machine("there")
    follower = there.follower()
    publisher = died.publisher()
    for number in (1, 2, 3):
        observe(died, number)
        publisher.round()
    follower.round()

    storage.wipe()
    observe(successor, 4)
    successor.publisher().round()
    follower.round()

    assert there.read("snapshots/current.parquet") == b"snapshot 4"


def test_clocks_play_no_part(machine: Callable[..., Machine]) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(), there.follower()
    for number, minutes_off in enumerate((0, -30, 30, -60)):
        observe(here, number)
        moment = 1_800_000_000 + 60 * minutes_off
        os.utime(here.directory / "snapshots/current.parquet", (moment, moment))
        publisher.round()
        follower.round()
        assert there.read("snapshots/current.parquet") == b"snapshot %d" % number


def test_the_bucket_of_another_city_is_neither_followed_nor_written(
    machine: Callable[..., Machine], tmp_path: Path, bucket: Bucket
) -> None:
    here = machine("here")
    observe(here, 1)
    here.publisher().round()
    other, lisbon = tmp_path / "lisbon", Origin("lisbon", "1")
    other.mkdir()

    with pytest.raises(StorageError, match="rennes in layout 1"):
        Follower(bucket, TRAFFIC, other, lisbon).round()
    with pytest.raises(StorageError, match="rennes in layout 1"):
        Publisher(bucket, TRAFFIC, other, lisbon, lambda: 0).round()


def test_a_head_that_names_files_elsewhere_writes_none(
    machine: Callable[..., Machine], bucket: Bucket, tmp_path: Path
) -> None:
    there = machine("there")
    for path in ("../elsewhere.json", "worker.json/../../x", "metrics/web/x.db", "/etc/passwd"):
        bucket.put(
            TRAFFIC.head,
            b'{"origin":{"city":"rennes","layout":"1"},'
            b'"issue":{"epoch":0,"generation":1,"writer":"x"},'
            b'"files":{"%s":[1,"%s"]},"groups":{}}' % (path.encode(), b"0" * 32),
        )
        with pytest.raises(StorageError, match="none of it"):
            there.follower().round()


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_a_head_that_is_none_changes_nothing(
    machine: Callable[..., Machine], bucket: Bucket, document: bytes
) -> None:
    there = machine("there")
    bucket.put(TRAFFIC.head, document)

    with pytest.raises(StorageError, match="damaged"):
        there.follower().round()


def test_a_head_too_large_is_not_read(
    machine: Callable[..., Machine], bucket: Bucket, storage: ObjectStorage
) -> None:
    there = machine("there")
    bucket.put(TRAFFIC.head, 5_000_000 * b" ")
    with pytest.raises(StorageError, match="is too large: 5000000 bytes"):
        there.follower().round()
    assert storage.asked["GET"] == 0


def test_a_directory_that_is_deleted_empties_no_bucket(machine: Callable[..., Machine]) -> None:
    here, there = machine("here"), machine("there")
    publisher, follower = here.publisher(), there.follower()
    observe(here, 1)
    publisher.round()
    follower.round()
    before = there.files()

    for path in sorted(here.directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    here.seconds.now += GONE_AFTER_SECONDS
    publisher.round()
    here.seconds.now += GONE_AFTER_SECONDS
    with pytest.raises(StorageError, match="deleted or replaced"):
        publisher.round()
    follower.round()

    assert there.files() == before


def test_what_nothing_names_goes_a_day_later_and_what_was_lost_comes_back(
    machine: Callable[..., Machine], storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machine("here"), machine("there")
    publisher = here.publisher()
    observe(here, 1)
    publisher.round()
    first = storage.names()
    observe(here, 2)
    publisher.round()
    here.seconds.now += publisher_module.SWEEP_SECONDS
    publisher.round()
    kept_at_first = storage.names() >= first

    [network] = [name for name in storage.names() if name.endswith(".geojson")]
    storage.remove(network)
    monkeypatch.setattr("services.replication.sweep.KEPT_SECONDS", -3_600.0)
    here.seconds.now += publisher_module.SWEEP_SECONDS
    publisher.round()
    publisher.round()
    there.follower().round()

    assert kept_at_first
    assert there.files() == here.files()
    # The network, the snapshot under both names, the worker's state, and the head.
    assert len([name for name in storage.names() if not name.endswith("/")]) == 4


def test_a_publisher_that_never_runs_for_a_day_removes_too(
    machine: Callable[..., Machine], storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine("here")
    publisher = here.publisher()
    for number in (1, 2):
        observe(here, number)
        publisher.round()
    publisher.close()
    monkeypatch.setattr("services.replication.sweep.KEPT_SECONDS", -3_600.0)
    again = here.publisher()
    before = storage.names()
    here.seconds.now += publisher_module.FIRST_SWEEP_SECONDS
    again.round()
    assert before - storage.names(), "nothing was removed"


def test_who_was_overtaken_removes_nothing_of_its_successor(
    machine: Callable[..., Machine], storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, there = machine("old", lambda: 1), machine("new", lambda: 2), machine("there")
    first, second = old.publisher(), new.publisher()
    observe(old, 1)
    first.round()
    second.round()
    observe(new, 2)
    second.round()

    monkeypatch.setattr("services.replication.sweep.KEPT_SECONDS", -3_600.0)
    old.seconds.now += publisher_module.SWEEP_SECONDS
    with pytest.raises(Overtaken):
        first.round()
    there.follower().round()

    assert there.files() == new.files()


def test_what_came_before_a_failure_does_not_come_again(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    observe(here, 1)
    here.publisher().round()
    follower = there.follower()
    storage.fail("deny", lambda method, path: path.endswith(".parquet"))
    with pytest.raises(StorageError):
        follower.round()
    storage.heal()
    networks = storage.wanted(".geojson")

    follower.round()

    assert there.files() == here.files()
    assert storage.wanted(".geojson") == networks == 1


def test_days_are_fetched_with_their_networks_and_no_others(
    machine: Callable[..., Machine],
    bucket: Bucket,
    tmp_path: Path,
    storage: ObjectStorage,
) -> None:
    here = machine("here")
    observe(here, 1)
    keep_day(here, "2026-11-27", {"day": b"27"})
    keep_day(here, "2026-11-28", {"day": b"28"})
    keep_day(here, "2026-10-28", {"day": b"october"})
    for part in (TRAFFIC, HISTORY):
        here.publisher(part).round()
    elsewhere = tmp_path / "elsewhere"
    stale = elsewhere / "history/source=live/date=2026-11-28/064300.parquet"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"folded since")

    days = [date(2026, 11, 28), date(2026, 10, 28), date(2020, 1, 1)]
    found = fetch_days(bucket, elsewhere, ORIGIN, "live", days)
    storage.asked.clear()
    again = fetch_days(bucket, elsewhere, ORIGIN, "live", days)

    assert [path.read_bytes() for path in found] == [b"october", b"28"]
    assert again == found
    assert not stale.exists()
    assert (elsewhere / "networks/0.geojson").is_file()
    assert not (elsewhere / "history/source=live/date=2026-11-27").exists()
    # Two heads and two months; no day again.
    assert storage.asked["GET"] == 4


def test_a_champion_is_named_after_its_files_are_there(
    machine: Callable[..., Machine], storage: ObjectStorage
) -> None:
    here, there = machine("here"), machine("there")
    here.write("models/week/2026-11-29-bbbbbb/week.parquet", b"table")
    here.write("models/week/champion", b"2026-11-29-bbbbbb\n")
    here.publisher(MODELS).round()

    storage.fail("deny", lambda method, path: path.endswith(".parquet"))
    with pytest.raises(StorageError):
        there.follower(MODELS).round()
    during = there.read("models/week/champion")
    storage.heal()
    there.follower(MODELS).round()

    assert during is None
    assert there.files(MODELS) == here.files(MODELS)


def test_where_a_worker_publishes_nobody_follows(machine: Callable[..., Machine]) -> None:
    here = machine("here")
    observe(here, 1)
    publisher, follower = here.publisher(), here.follower()
    publisher.round()

    busy = follower.round()
    publisher.close()

    assert not busy
    assert follower.round()
    assert read_record(here.directory, TRAFFIC).issue is not None
