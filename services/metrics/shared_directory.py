"""Sharing metrics between processes: a directory for each role, in it files of each process.

Any number of processes, groups and hosts may share one directory: each file has one writer, and
what a process counted is added to what all before it did once it has ended (:func:`retire_dead`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, get_args

from filelock import FileLock, Timeout
from prometheus_client import CollectorRegistry, values

from services.base.files import remove_abandoned
from services.base.settings import Role, Settings
from services.metrics.files import (
    COUNTER,
    HISTOGRAM,
    SUFFIX,
    FileValues,
    KeptValue,
    is_of_the_living,
    name_of,
    values_in,
    write_values,
)

log = logging.getLogger(__name__)

DIRECTORY: Final = "metrics"
# The one file of a type that holds what ended processes counted.
_PAST: Final = "past@all_0"
# In it, the files that were added to it: counted once, though they may still lie beside it.
ADDED_UP: Final = "traffic_metrics_added_up"
_LOCK: Final = "retiring.lock"
_LOCK_SECONDS: Final = 5.0
# Where locks do not reach another host, its processes are taken for dead no sooner.
_FOREIGN_AFTER_SECONDS: Final = 86_400.0


def metrics_directory(data_dir: Path) -> Path:
    """Where the roles' directories are."""
    return data_dir / DIRECTORY


def share_metrics(data_dir: Path, role: Role) -> None:
    """Let this process write its metrics where the others read them. Never raises.

    Call it before any metric is made. What cannot be written is measured in memory.

    Parameters
    ----------
    role : {"web", "worker", "learner", "watch", "camera", "trends", "mirror"}
    """
    directory = metrics_directory(data_dir) / role
    shared = FileValues(directory)
    values.ValueClass = shared.value_class()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        retire_dead(directory, shared.host)
    except (OSError, Timeout) as error:
        log.warning("metrics of ended processes stay as they are: %s", error)


def is_shared() -> bool:
    """Whether metrics made from now on are written where other processes read them."""
    return str(values.ValueClass.__qualname__).startswith(FileValues.__qualname__)


def roles_off(settings: Settings) -> frozenset[Role]:
    """Roles that do not run here by the settings: what they once left says nothing of today."""
    here: set[Role] = {*settings.roles}
    if not settings.camera:
        here.discard("camera")
    if not settings.trends:
        here.discard("trends")
    if "worker" in here and settings.learner is True:
        here.add("learner")
    if settings.storage_url is not None:
        here.add("mirror")
    return frozenset(get_args(Role)) - here


def retire_dead(directory: Path, host: str) -> None:
    """Add what ended processes of a role counted to what is kept of the past; remove their files.

    Their gauges go: they told how something was. What cannot be read goes too, with a line.

    Parameters
    ----------
    directory : Path
        Of the role.
    host : str
        This one.

    Raises
    ------
    OSError
    filelock.Timeout
        When another process is at it.
    """
    with FileLock(directory / _LOCK, timeout=_LOCK_SECONDS):
        there = list(directory.glob(f"*{SUFFIX}"))
        dead = [path for path in there if _is_dead(path, host)]
        for kind in (COUNTER, HISTOGRAM):
            past = directory / f"{kind}_{_PAST}{SUFFIX}"
            known = _kept(past)
            added = added_up_in(known) & {path.name for path in there}
            ended = [
                path
                for path in dead
                if path.name.startswith(f"{kind}_") and path != past and path.name not in added
            ]
            if ended:
                counted = [value for path in ended for value in _kept(path)]
                marks = map(_mark_of, sorted(added | {path.name for path in ended}))
                write_values(past, [*_sums([*known, *counted]), *marks])
        for path in dead:
            if not is_past(path):
                path.unlink(missing_ok=True)
        remove_abandoned(directory)


def is_past(path: Path) -> bool:
    """Whether a file holds what ended processes counted."""
    return path.stem.endswith(f"_{_PAST}")


def added_up_in(past: Iterable[KeptValue]) -> set[str]:
    """The names of files that a file of the past already counts; they must not count again."""
    return {value.labels.get("file", "") for value in past if value.family == ADDED_UP}


def _mark_of(file: str) -> KeptValue:
    help_text = "Files of ended processes whose counts are in those of the past."
    return KeptValue(ADDED_UP, f"{ADDED_UP}_total", {"file": file}, help_text, 1.0, 0.0)


def _is_dead(path: Path, host: str) -> bool:
    if is_of_the_living(path):
        return False
    try:
        is_foreign = name_of(path).host not in {host, "all"}
        is_old = time.time() - path.stat().st_mtime > _FOREIGN_AFTER_SECONDS
        return not is_foreign or is_old or not values_in(path)
    except (OSError, ValueError):
        return True


def _kept(path: Path) -> list[KeptValue]:
    try:
        return values_in(path)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        log.warning("metrics of an ended process are lost: %s: %s", path.name, error)
        return []


def _sums(counted: Iterable[KeptValue]) -> list[KeptValue]:
    found: dict[tuple[object, ...], KeptValue] = {}
    for value in counted:
        if value.family == ADDED_UP:
            continue
        key = (value.name, *sorted(value.labels.items()))
        before = found.get(key)
        total = value.value + (0.0 if before is None else before.value)
        found[key] = value._replace(value=total)
    return list(found.values())


def metric_registry() -> CollectorRegistry:
    """For the metrics of one application or role; several may live in one process (in tests)."""
    return CollectorRegistry()
