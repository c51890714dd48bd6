"""Sharing metrics between processes: a directory for each role, as prometheus_client maps it.

The library keeps one memory-mapped file per process and type, so nothing that was
counted is lost with a process, not even by ``kill -9``. Roles may live in containers
of their own, where process numbers repeat: hence a directory for each role.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final, Literal

from prometheus_client import CollectorRegistry, multiprocess, values

from services.errors import StorageError

Role = Literal["web", "worker", "learner", "watch", "camera"]

DIRECTORY: Final = "metrics"
# Where prometheus_client looks for the directory of this process.
_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


def metrics_directory(data_dir: Path) -> Path:
    """Where the roles' directories are."""
    return data_dir / DIRECTORY


def share_metrics(data_dir: Path, role: Role, *, afresh: bool) -> None:
    """Let this process write its metrics where the others read them.

    Call it before any metric is made.

    Parameters
    ----------
    data_dir : Path
    role : {"web", "worker", "learner", "watch", "camera"}
    afresh : bool
        Forget what earlier processes of the role counted: at the start of the role,
        when none of them runs any more.

    Raises
    ------
    StorageError
    """
    directory = metrics_directory(data_dir) / role
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if afresh:
            for path in directory.glob("*.db"):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot prepare {directory}: {error.strerror}") from error
    os.environ[_VARIABLE] = str(directory)
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]


def is_shared() -> bool:
    """Whether metrics made from now on are written where other processes read them."""
    return _VARIABLE in os.environ


def forget_process(process_id: int) -> None:
    """Drop what only a living process has, such as its memory; its counts stay."""
    if is_shared():
        with contextlib.suppress(OSError):
            multiprocess.mark_process_dead(process_id)  # type: ignore[no-untyped-call]


def metric_registry() -> CollectorRegistry:
    """For the metrics of one application or role; several may live in one process (in tests)."""
    return CollectorRegistry()
