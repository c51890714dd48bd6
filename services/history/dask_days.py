"""Days of history computed by the workers of a Dask scheduler.

A task is the name of a function and a day: no row travels, a worker reads its own
``TRAFFIC_DATA_DIR`` by the project's own reader, so that a folder that holds snapshots beside
their folded day is read once. It computes the day only where nothing can make the result another
one: the same code and libraries, files of the same names and sizes, the same networks and
reference speeds. What no worker computes is computed in this process, and one line says why.

At most two days for each thread of the workers are under way, and what they give is taken in
order: nobody ever holds more. The scheduler gives a day whose worker died to another one.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import platform
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from distributed import Client, Future, Security, get_worker
from distributed.core import rpc
from distributed.exceptions import WorkerStartTimeoutError

from services.base.data_directory import check_city
from services.base.errors import TrafficError
from services.base.settings import load_settings
from services.city.city import City
from services.history import layout
from services.history.history import History
from services.history.networks import KnownNetworks
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

Result = TypeVar("Result")
P = ParamSpec("P")

_CONNECT_SECONDS: Final = 10.0
# How often a scheduler that is waited for is asked whether it is there, and has workers.
_LOOK_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 5.0
# One that is computed, and one that waits to be.
_DAYS_PER_THREAD: Final = 2
# What rounds or decodes: other versions might give other bytes.
_LIBRARIES: Final = ("numpy", "pandas", "pyarrow")
_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("services", "models")
_ONE_DAY: Final = timedelta(days=1)


class UnfitWorker(TrafficError):
    """A worker would not compute what this process would; says which worker and why."""


class _SchedulerLost(TrafficError):
    """No day is to be expected of the workers any more."""


@dataclass(frozen=True)
class Task:
    """What a worker gets to compute one day.

    Attributes
    ----------
    versions : dict
        Of everything that decides what comes out, by name.
    city : City
    source : {"live", "archive", "demo"}
    reference : str or None
        The version of the reference speeds.
    day : date
    files : str
        What tells the files of the day, and of those beside it, from others.
    function : callable
        Of a history and a day.
    """

    versions: dict[str, str]
    city: City
    source: Source
    reference: str | None
    day: date
    files: str
    function: Callable[[History, date], Any]


def computed_by_workers(
    scheduler: str,
    function: Callable[Concatenate[History, date, P], Result],
    history: History,
    days: Sequence[date],
    *arguments: P.args,
    **options: P.kwargs,
) -> Iterator[Result]:
    """See :meth:`services.history.by_day.DayMap.__call__`."""
    of_day: Callable[[History, date], Result] = partial(_called, function, arguments, options)
    upcoming = deque(days)
    try:
        with _connected(scheduler) as client:
            for day, found in _in_order(client, partial(_task, history, of_day), upcoming):
                yield of_day(history, day) if found is None else found[0]
    except _SchedulerLost as reason:
        log.warning(
            "Dask scheduler %s: %s; %d of %d days are computed in this process",
            *(scheduler, reason, len(upcoming), len(days)),
        )
        for day in upcoming:
            yield of_day(history, day)


def compute_day(task: Task) -> Any:
    """Compute a day: what a worker runs.

    Raises
    ------
    UnfitWorker
        When this worker has not what the task is of.
    TrafficError
    """
    _check_versions(task.versions)
    data_dir = load_settings().data_dir
    check_city(data_dir, task.city.name)
    # On machines without the directory, this is where the files of the day are to be fetched to.
    if files_around(data_dir, task.source, task.day) != task.files:
        raise _unfit("its TRAFFIC_DATA_DIR holds other files of history")
    history = _history(data_dir, task.city, task.source, task.reference)
    result = task.function(history, task.day)
    # One that is damaged here was set aside: elsewhere it may be sound.
    if files_around(data_dir, task.source, task.day) != task.files:
        raise _unfit("files of history changed in its TRAFFIC_DATA_DIR, or are damaged")
    if history.networks.unreadable:
        # They may be readable the next time.
        _history.cache_clear()
        raise _unfit("its TRAFFIC_DATA_DIR lacks a network")
    return result


def files_around(data_dir: Path, source: Source, day: date) -> str:
    """What tells the files of a UTC day and of the two beside it from others of these days.

    A local day reaches into the one before or after.
    """
    digest = hashlib.blake2b(digest_size=16)
    for one in (day - _ONE_DAY, day, day + _ONE_DAY):
        directory = layout.partition(data_dir, source, one)
        sizes = []
        for path in directory.glob("*.parquet"):
            try:
                sizes.append((path.name, path.stat().st_size))
            except FileNotFoundError:
                continue
        digest.update(f"{one} {sorted(sizes)}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def versions_here() -> dict[str, str]:
    """The versions of all that decides what this process computes, by name."""
    code = hashlib.blake2b(digest_size=8)
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            code.update(path.relative_to(_ROOT).as_posix().encode())
            code.update(path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"Python": python, "Traffic Rennes": code.hexdigest(), **libraries}


def _called(
    function: Callable[..., Result],
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    history: History,
    day: date,
) -> Result:
    return function(history, day, *arguments, **options)


def _task(history: History, of_day: Callable[[History, date], Any], day: date) -> Task:
    networks = history.networks
    return Task(
        versions=versions_here(),
        city=networks.city,
        source=history.source,
        reference=None if networks.reference is None else networks.reference.version,
        day=day,
        files=files_around(history.data_dir, history.source, day),
        function=of_day,
    )


def _check_versions(wanted: dict[str, str]) -> None:
    here = versions_here()
    for name, other in wanted.items():
        if here.get(name) != other:
            raise _unfit(f"it has {name} {here.get(name)}, and {other} is asked for")


def _unfit(reason: str) -> UnfitWorker:
    return UnfitWorker(f"worker {get_worker().address}: {reason}")


@lru_cache(maxsize=1)
def _history(data_dir: Path, city: City, source: Source, reference: str | None) -> History:
    """A history with its networks, which a worker reads once and not for each day."""
    networks = KnownNetworks(city, data_dir, source=source)
    found = None if networks.reference is None else networks.reference.version
    if found != reference:
        raise _unfit("its TRAFFIC_DATA_DIR holds other reference speeds")
    return History(data_dir, source, networks)


async def _ask(scheduler: str) -> None:
    """Have a scheduler answer: a client waits for ever for one that only takes its connection."""
    with_security = Security().get_connection_args("client")
    async with rpc(scheduler, connection_args=with_security, timeout=_CONNECT_SECONDS) as there:
        await asyncio.wait_for(there.identity(), _CONNECT_SECONDS)


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    # What it has to say of a scheduler that goes is said here, in one line.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        # In a thread of its own: whoever calls may have a loop of events that runs.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(lambda: asyncio.run(_ask(scheduler))).result()
        client = Client(
            scheduler,
            timeout=_CONNECT_SECONDS,
            set_as_default=False,
            # Results come from who made them: the scheduler never holds one.
            direct_to_workers=True,
        )
    except Exception as error:  # of the network, of certificates, of its protocol: no scheduler
        raise _SchedulerLost(f"not reached ({type(error).__name__})") from error
    try:
        yield client
    finally:
        client.close(timeout=_CLOSE_SECONDS)


def _in_order(
    client: Client, task_of: Callable[[date], Task], upcoming: deque[date]
) -> Iterator[tuple[date, tuple[Any] | None]]:
    """Each day, taken out of those upcoming once it is told, and its result; None without one."""
    most = _DAYS_PER_THREAD * _threads(client)
    under_way: deque[Future[Any]] = deque()
    told: set[str] = set()
    while upcoming:
        while len(under_way) < min(most, len(upcoming)):
            day = upcoming[len(under_way)]
            if client.status != "running":
                raise _SchedulerLost("the connection broke")
            # Not what was computed for an earlier question: files change.
            under_way.append(client.submit(compute_day, task_of(day), pure=False))
        future = under_way.popleft()
        found = _result_of(client, future, told)
        future.release()
        yield upcoming[0], found
        upcoming.popleft()


def _threads(client: Client) -> int:
    """How many threads the workers have together; one that begins anew is waited for."""
    try:
        threads = _threads_now(client)
        if not threads:
            client.wait_for_workers(1, timeout=_LOOK_SECONDS)
            threads = _threads_now(client)
    except WorkerStartTimeoutError as error:
        raise _SchedulerLost("it has no worker") from error
    except Exception as error:  # a timeout, a connection that broke, a client that gave up
        raise _SchedulerLost("it does not answer") from error
    return threads


def _threads_now(client: Client) -> int:
    return sum(client.nthreads(callback_timeout=_LOOK_SECONDS).values())


def _result_of(client: Client, future: Future[Any], told: set[str]) -> tuple[Any] | None:
    """What a day gave, in a tuple; None when this process has to compute it."""
    while True:
        try:
            return (future.result(timeout=_LOOK_SECONDS),)
        except CancelledError as error:
            raise _SchedulerLost("the connection broke") from error
        except Exception as error:  # whatever it is, computed here it is found out, or gone
            if isinstance(error, TimeoutError) and future.status != "error":
                _threads(client)
                continue
            reason = str(error) if isinstance(error, UnfitWorker) else type(error).__name__
            if reason not in told:
                told.add(reason)
                log.warning("%s: days that fail by that are computed in this process", reason)
            return None
