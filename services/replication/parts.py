"""The parts of a data directory: each has one publisher, whatever machine that runs on.

What a machine keeps for itself (metrics, journal, locks, sockets, tiles, measures of requests)
belongs to no part and never leaves it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from services.base.files import FileStamp, stamp_of

# A new snapshot rewrites the entries of its group: a history has a file a day, and those of today;
# the forecasts that are still to be scored a file for each snapshot of nine days.
_MONTHLY: Final = re.compile(r"(history/.*/date=\d{4}-\d{2})-\d{2}")
_DAILY: Final = re.compile(r"(.*/date=\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Part:
    """Some files that belong together.

    Attributes
    ----------
    patterns : tuple of str
        Of their paths, in the order in which readers need them: what a file refers to comes before
        it. Of several that fit a path the last one counts.
    look_seconds : float
        How long a change waits at most until the publisher sees it, and then until a follower does.
    places : tuple of str
        Where in the bucket its objects lie.
    """

    name: str
    patterns: tuple[str, ...]
    look_seconds: float
    places: tuple[str, ...]

    def has(self, path: str) -> bool:
        """Whether a path, which may come from elsewhere, is one of this part."""
        return self._rank(path) is not None

    def rank(self, path: str) -> int:
        """The place of a path of this part in the order in which readers need files."""
        return self._rank(path) or 0

    def files(self, data_dir: Path) -> dict[str, FileStamp]:
        """The files there are, with their stamps.

        Looked for in the reverse order: whatever a file refers to is found too.
        """
        found = {}
        for pattern in reversed(self.patterns):
            for path in data_dir.glob(pattern):
                name = path.relative_to(data_dir).as_posix()
                if name in found or not self.has(name) or not path.is_file():
                    continue
                if (stamp := stamp_of(path)) is not None:
                    found[name] = stamp
        return found

    def object_of(self, path: str, digest: str) -> str:
        """The name of the object that holds a content of a file."""
        file = PurePosixPath(path)
        if "date=" in path:
            return f"{file.parent}/{file.stem}-{digest}{file.suffix}"
        return f"{self.name}/{digest}{file.suffix}"

    def group_object(self, digest: str) -> str:
        """The name of the object that holds the entries of a group."""
        return f"{self.name}/groups/{digest}.json"

    @property
    def head(self) -> str:
        """The name of the one object that changes."""
        return f"heads/{self.name}.json"

    def _rank(self, path: str) -> int | None:
        return max(
            (place for place, pattern in enumerate(self.patterns) if _fits(path, pattern)),
            default=None,
        )


def group_of(path: str) -> str:
    """The start of the paths of a file's group; empty for what has no date."""
    found = _MONTHLY.match(path) or _DAILY.match(path)
    return "" if found is None else found[1]


def _fits(path: str, pattern: str) -> bool:
    names, wanted = path.split("/"), pattern.split("/")
    return len(names) == len(wanted) and all(
        fnmatchcase(name, want) and name and not name.startswith(".")
        for name, want in zip(names, wanted, strict=True)
    )


TRAFFIC: Final = Part(
    "traffic",
    (
        "networks/*.geojson",
        "reference/*.parquet",
        "usual/*.parquet",
        "day/*.json",
        "roadworks/*.json",
        "places/*.json",
        "snapshots/*.parquet",
        "worker.json",
    ),
    look_seconds=1.0,
    places=("traffic",),
)
NOWCAST: Final = Part(
    "nowcast",
    ("forecasts/nowcast/current.parquet", "forecasts/nowcast/state.json"),
    look_seconds=1.0,
    places=("nowcast",),
)
MODELS: Final = Part(
    "models",
    (
        "models/*/*",
        "models/*/*/*",
        "models/champion",
        "models/set_aside",
        "models/*/champion",
        "models/*/set_aside",
    ),
    look_seconds=5.0,
    places=("models",),
)
HISTORY: Final = Part(
    "history",
    (
        # What is usual is read with every snapshot; the days by whoever draws up the account anew.
        "history/rollups/source=*/*.parquet",
        "history/hour_speeds/source=*/*.parquet",
        "history/quarters/source=*/*.parquet",
        "history/source=*/date=*/*.parquet",
    ),
    look_seconds=10.0,
    places=("history",),
)
# What was forecast for the next hour, to be scored.
ISSUED: Final = Part(
    "issued",
    ("forecasts/nowcast/source=*/date=*/*.parquet",),
    look_seconds=10.0,
    places=("issued", "forecasts"),
)
# Of the watch beside the worker, for the operators' pages.
WATCH: Final = Part("watch", ("watch.json",), look_seconds=5.0, places=("watch",))
# What pages are made of: what a machine needs that serves them.
SERVED: Final = (TRAFFIC, NOWCAST, MODELS, WATCH)
# What the learner writes, on whichever host.
LEARNT: Final = (NOWCAST, MODELS, ISSUED)
OBSERVED: Final = (TRAFFIC, HISTORY, WATCH)
PARTS: Final = (*SERVED, HISTORY, ISSUED)
