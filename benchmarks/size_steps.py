"""The steps of the traffic's way that happen on the server, each as a process of its own.

``python -m benchmarks.size_steps STEP DATA_DIR SEGMENTS`` does one, after those before it; a line
of JSON says what it took. What a step needs is imported by it: its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from benchmarks.events import RUSH, STEP, usual_of
from benchmarks.timing import used
from services.base.command_line import run_command
from services.city.rennes import RENNES
from services.observe.feeds.reply import CheckedReply, check_reply
from services.traffic.store import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.nowcast.city_nowcaster import CityNowcaster

_DAY_STEP: Final = timedelta(minutes=15)
_MB: Final = 1e6


class Found(NamedTuple):
    """One figure of one size."""

    figure: str
    value: float
    unit: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one step as its own process; a line of JSON says what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size_steps")
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("segments", type=int)
    options = parser.parse_args(arguments)
    found = list(STEPS[options.step](options.data_dir, options.segments))
    found.append(Found(f"{options.step}: most memory", used()["peak_mb"], "MB"))
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _taken(figure: str, action: Callable[[], object]) -> Found:
    started = time.process_time()
    action()
    return Found(f"{figure}, processor time", time.process_time() - started, "s")


def _simulate(data_dir: Path, segments: int) -> Iterator[Found]:
    """Two replies, the day before them and their hour: what the other steps start from."""
    from benchmarks.demo_traffic import demo_feed  # noqa: PLC0415
    from services.history import layout  # noqa: PLC0415
    from services.observe.simulated_history import write_simulated_history  # noqa: PLC0415

    feed = demo_feed(segments)
    midnight = RUSH.replace(hour=0)
    day = timedelta(days=1)
    times = [midnight - day + _DAY_STEP * count for count in range(day // _DAY_STEP)]
    times += [RUSH - STEP * count for count in range(20, 0, -1)]
    for _ in write_simulated_history(feed, data_dir, times):
        pass
    for at in (RUSH, RUSH + STEP):
        body = feed.reply(at)
        _reply_file(data_dir, at).write_bytes(body)
    yield Found("reply", len(body) / _MB, "MB")
    yesterday = layout.day_file(data_dir, "demo", times[0].date())
    observations = day // _DAY_STEP * segments
    yield Found("an observation in a day of history", yesterday.stat().st_size / observations, "B")


def _check(data_dir: Path, _segments: int) -> Iterator[Found]:
    known: list[CheckedReply] = []
    yield _taken(
        "the first reply checked, its network built",
        lambda: known.append(_checked(data_dir, RUSH)),
    )
    yield _taken(
        "a reply checked, its network known",
        lambda: _checked(data_dir, RUSH + STEP, known[0]),
    )


def _publish(data_dir: Path, _segments: int) -> Iterator[Found]:
    first, second = _both(data_dir)
    store = Store(RENNES, data_dir)
    yield _taken(
        "network and snapshot published", lambda: store.publish(first.network, first.snapshot)
    )
    yield _taken("a snapshot published", lambda: store.publish(second.network, second.snapshot))
    snapshot, network = data_dir / "snapshots" / "current.parquet", store.network_files()[0]
    yield Found("snapshot on the disk", snapshot.stat().st_size / 1e3, "kB")
    yield Found("network on the disk", network.stat().st_size / _MB, "MB")


def _append(data_dir: Path, _segments: int) -> Iterator[Found]:
    from services.history import day_files, writer  # noqa: PLC0415

    for checked in _both(data_dir):
        taken = _taken(
            "a snapshot appended to the history",
            lambda checked=checked: writer.append_snapshot(data_dir, checked.snapshot),
        )
    yield taken
    kept = day_files.day_files(data_dir, "demo", RUSH.date()).snapshots
    yield Found("the same on the disk", kept[-1].stat().st_size / 1e3, "kB")


def _upkeep(data_dir: Path, _segments: int) -> Iterator[Found]:
    from services.history.upkeep import keep_up  # noqa: PLC0415

    moment = RUSH + STEP
    yield _taken("a day taken into the roll-ups", lambda: keep_up(RENNES, data_dir, moment, None))
    rollups = (data_dir / "history" / "rollups").rglob("*.*")
    size = sum(path.stat().st_size for path in rollups if path.is_file())
    yield Found("roll-ups on the disk", size / _MB, "MB")


def _week(data_dir: Path, _segments: int) -> Iterator[Found]:
    from services.history.typical import read_usual_hour, typical_days  # noqa: PLC0415

    network = _checked(data_dir, RUSH).network
    yield _taken("usual week", lambda: typical_days(data_dir, "demo", network, range(7)))
    yield _taken("usual hour", lambda: read_usual_hour(data_dir, "demo", network, RUSH))


def _events(data_dir: Path, _segments: int) -> Iterator[Found]:
    from services.traffic.events import follow_events  # noqa: PLC0415

    first, second = _both(data_dir)
    usual = usual_of(first)
    known, _ = follow_events(None, first.network, first.snapshot, usual)
    yield Found("unusually slow places", len(known.events), "")
    yield _taken(
        "unusual events followed",
        lambda: follow_events(known, first.network, second.snapshot, usual),
    )


def _nowcast(data_dir: Path, _segments: int) -> Iterator[Found]:
    """The shipped network, with what it knows of each segment repeated for its copies."""
    from models.training_command import quieten_tensorflow  # noqa: PLC0415

    quieten_tensorflow()
    from models.nowcast.issuer import make_nowcast  # noqa: PLC0415
    from models.nowcast.stored_nowcaster import load_nowcaster  # noqa: PLC0415
    from services.forecast.champions import SHIPPED_ARTIFACTS, champion_version  # noqa: PLC0415
    from services.forecast.nowcast_files import write_nowcast  # noqa: PLC0415

    root = SHIPPED_ARTIFACTS / "nowcast"
    stored = load_nowcaster(root / str(champion_version(root)))
    checked = _checked(data_dir, RUSH)
    stored = replace(stored, city=_repeated(stored.city, checked.network.segment_ids))
    tables = []

    def issue() -> None:
        tables.append(make_nowcast(data_dir, stored, checked.snapshot, checked.network))

    # The first call has TensorFlow make its graph.
    for figure in ("the first next hour", "next hour of every segment"):
        yield _taken(figure, issue)
    size = write_nowcast(data_dir, tables[-1]).stat().st_size
    yield Found("next hour on the disk", size / 1e3, "kB")


STEPS: Final[Mapping[str, Callable[[Path, int], Iterator[Found]]]] = {
    "simulating": _simulate,
    "checking": _check,
    "publishing": _publish,
    "appending": _append,
    "upkeep": _upkeep,
    "usual": _week,
    "next hour": _nowcast,
    "events": _events,
}


def _repeated(city: CityNowcaster, segment_ids: Sequence[str]) -> CityNowcaster:
    """A nowcaster of so many segments: those it has, and again, each copy beside its own ones."""
    from models.nowcast.graph import Neighbours  # noqa: PLC0415
    from models.nowcast.nowcaster import TrainedNowcaster  # noqa: PLC0415
    from models.nowcast.typical_days import TypicalDays  # noqa: PLC0415

    count, known = len(segment_ids), len(city.segment_ids)
    place = np.arange(count) % known
    shift = np.arange(count) // known * known

    def beside(index: NDArray[Any]) -> NDArray[Any]:
        # What the last copy, which may be a part, lacks is heard of the first.
        moved = index[place] + shift[:, None]
        return np.where(moved < count, moved, index[place])

    view, plan = city.trained.view, replace(city.plan, telling=beside(city.plan.telling))
    network = plan.build()
    weights = zip(network.get_weights(), city.trained.network.get_weights(), strict=True)
    network.set_weights(
        [given if given.shape == new.shape else given[place] for new, given in weights]
    )
    profile = TypicalDays(city.profile.speed[..., place], city.profile.spread[..., place])
    levels = replace(view.levels, typical=view.levels.typical[place], fast=view.levels.fast[place])
    near = Neighbours(beside(view.neighbours.index), view.neighbours.weight[place])
    calibration = city.trained.calibration
    trained = TrainedNowcaster(type(view)(profile, near, levels), network, calibration)
    return replace(city, segment_ids=tuple(segment_ids), is_known=city.is_known[place],
                   profile=profile, plan=plan, trained=trained)  # fmt: skip


def _reply_file(data_dir: Path, at: datetime) -> Path:
    return data_dir / f"reply-{at:%H%M}.json"


def _checked(data_dir: Path, at: datetime, before: CheckedReply | None = None) -> CheckedReply:
    return check_reply(
        _reply_file(data_dir, at).read_bytes(),
        city=RENNES,
        source="demo",
        received_at=at,
        known_network=None if before is None else before.network,
        previous=None if before is None else before.snapshot,
    )


def _both(data_dir: Path) -> tuple[CheckedReply, CheckedReply]:
    first = _checked(data_dir, RUSH)
    return first, _checked(data_dir, RUSH + STEP, first)


if __name__ == "__main__":
    run_command(main)
