"""The next hour of every segment after a snapshot, against ``model.predict`` of its network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.demo_traffic import checked_replies
from benchmarks.rows import Options, Row, Target, exactly, share, spread, times_less
from benchmarks.servers import workplace
from benchmarks.timing import time_runs
from models.training_command import quieten_tensorflow
from services.forecast.champions import SHIPPED_ARTIFACTS, champion_version
from services.forecast.nowcast_files import write_nowcast
from services.forecast.nowcasts import NowcastTable
from services.history import writer
from services.observe.feeds.reply import CheckedReply

if TYPE_CHECKING:
    from models.nowcast.stored_nowcaster import StoredNowcaster

TIME_TARGET: Final = Target(300, "at most")
_STEP: Final = timedelta(minutes=3)
# An hour, its first observation included.
_SNAPSHOTS: Final = 21
_NO_MODEL: Final = "no nowcaster is shipped yet: python -m models.nowcast.train makes one"


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows of making a nowcast, its model loaded already, and of keeping it."""
    root = SHIPPED_ARTIFACTS / "nowcast"
    version = champion_version(root)
    if version is None:
        yield Row("nowcast of every segment", None, note=_NO_MODEL)
        return
    stored = _load(root / version)
    segments = len(stored.city.segment_ids)
    replies = checked_replies(_SNAPSHOTS, _STEP, segments)
    runs = options.repeat(31, 7)
    with workplace() as data_dir:
        for reply in replies:
            writer.append_snapshot(data_dir, reply.snapshot)
        taken = time_runs(lambda: _issue(data_dir, stored, replies[-1]), runs, warm_up=2)
        table = _make(data_dir, stored, replies[-1])
        kept = write_nowcast(data_dir, table).stat().st_size
    network, inputs = stored.city.trained.network, _blank_inputs(stored)
    predicted = time_runs(lambda: network.predict(inputs, verbose=0), runs, warm_up=2)
    here, baseline = spread(taken, "ms", 1e3), spread(predicted, "ms", 1e3)
    yield Row(
        f"nowcast of {segments:,} segments and all zones: history read, forecast, written",
        here,
        baseline,
        "model.predict of the network alone",
        times_less(here, baseline),
        TIME_TARGET,
    )
    stored_bytes, plain_bytes = exactly(kept, "B"), exactly(table.percent.nbytes, "B")
    yield Row(
        f"a stored nowcast of {segments:,} segments and all zones",
        stored_bytes,
        plain_bytes,
        "its three quantiles, a byte each",
        share(stored_bytes, plain_bytes),
    )


def _load(directory: Path) -> StoredNowcaster:
    # Its own messages are no part of the results.
    quieten_tensorflow()
    # TensorFlow takes seconds and 600 MB: only where it is measured.
    from models.nowcast.stored_nowcaster import load_nowcaster  # noqa: PLC0415

    return load_nowcaster(directory)


def _make(data_dir: Path, stored: StoredNowcaster, reply: CheckedReply) -> NowcastTable:
    from models.nowcast.issuer import make_nowcast  # noqa: PLC0415

    return make_nowcast(data_dir, stored, reply.snapshot, reply.network)


def _issue(data_dir: Path, stored: StoredNowcaster, reply: CheckedReply) -> None:
    write_nowcast(data_dir, _make(data_dir, stored, reply))


def _blank_inputs(stored: StoredNowcaster) -> dict[str, Any]:
    """Inputs of one time with all segments: what they hold changes no time."""
    segments = len(stored.city.segment_ids)
    return {
        name: np.zeros([size or segments for size in given.shape[1:]], given.dtype)[None]
        for name, given in stored.city.trained.network.input.items()
    }
