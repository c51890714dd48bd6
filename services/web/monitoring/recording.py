"""Takes the place of the threads that the package starts for each request, at every level."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from services.base.privacy import NOT_KEPT
from services.web.monitoring.complaints import Complaints
from services.web.monitoring.measuring import callback_name
from services.web.monitoring.records import Record, RecordStore
from services.web.monitoring.sampling import InProgress, Sampler, head_of
from services.web.monitoring.writer import RecordWriter

P = ParamSpec("P")
T = TypeVar("T")


class Recorder:
    """Makes a record of each request and leaves it to the writer.

    Parameters
    ----------
    writer : RecordWriter
    sampler : Sampler
    cache : module
        The package's ``core.cache``: times of use and mean durations.
    config : object
        The package's.
    complaints : Complaints
        Told of every measure that fails: none may fail or delay the request it is about.
    """

    def __init__(
        self,
        writer: RecordWriter[Record],
        sampler: Sampler,
        cache: Any,
        config: Any,
        complaints: Complaints,
    ) -> None:
        self._writer = writer
        self._sampler = sampler
        self._cache = cache
        self._config = config
        self._complaints = complaints

    def take_over(self, measurement: Any) -> None:
        """Have the package's wrappers around views call this instead of starting threads."""
        quietly = self._quietly
        measurement.start_thread_last_requested = quietly(self._note_use, None)
        measurement.start_performance_thread = quietly(self._keep, None)
        measurement.start_outlier_thread = quietly(self._look_for_outliers, _NOTHING)
        measurement.start_profiler_and_outlier_thread = quietly(self._profile, _NOTHING)

    def _note_use(self, endpoint: Any) -> None:
        self._cache.update_last_requested_cache(endpoint_name=endpoint.name)

    def _look_for_outliers(self, endpoint: Any) -> _Measuring:
        return self._begin(endpoint, is_profiled=False)

    def _profile(self, endpoint: Any) -> _Measuring:
        return self._begin(endpoint, is_profiled=True)

    def _begin(self, endpoint: Any, *, is_profiled: bool) -> _Measuring:
        mean_ms = self._cache.get_avg_endpoint(endpoint.name)
        outlier_after_s = mean_ms * self._config.outlier_detection_constant / 1_000
        request = InProgress(outlier_after_s, is_profiled=is_profiled)
        self._quietly(self._sampler.watch, None)(request)

        def end(duration_s: float, status: int, collector: Any) -> None:
            self._sampler.leave(request)
            self._keep(endpoint, duration_s, status, collector, request)

        return _Measuring(self._quietly(end, None))

    def _keep(
        self,
        endpoint: Any,
        duration_s: float,
        status: int,
        collector: Any,
        seen: InProgress | None = None,
    ) -> None:
        duration_ms = 1_000 * duration_s
        self._cache.update_duration_cache(endpoint_name=endpoint.name, duration=duration_ms)
        row = {
            "endpoint_id": endpoint.id,
            "duration": duration_ms,
            "time_requested": datetime.now(UTC),
            "group_by": callback_name(),
            "ip": NOT_KEPT,
            "status_code": status,
        }
        exceptions = _exceptions_of(collector)
        if seen is None:
            self._writer.add(Record(row, exceptions))
            return
        head = head_of(self._config.app.view_functions[endpoint.name])
        self._writer.add(Record(row, exceptions, seen.outlier, seen.lines(head, duration_ms)))

    def _quietly(self, call: Callable[P, T], otherwise: T) -> Callable[P, T]:
        @wraps(call)
        def quiet(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return call(*args, **kwargs)
            # A measure is worth less than the request that it is about.
            except Exception as error:
                self._complaints.add(error)
                return otherwise

        return quiet


class _Measuring:
    """What the package's wrapper holds while a view answers."""

    def __init__(self, end: Callable[[float, int, Any], None]) -> None:
        self.stop = end


_NOTHING = _Measuring(lambda _duration_s, _status, _collector: None)


def record_together(
    package: Callable[[str], Any], period_s: float, complaints: Complaints
) -> RecordWriter[Record]:
    """Let the package leave all that it measures to one writer.

    Parameters
    ----------
    package : callable
        Gives a module of the package by its name.
    period_s : float
        From one look at the requests in progress to the next.
    complaints : Complaints
    """
    store = RecordStore(
        package("database"),
        package("database.exception_occurrence").save_exception_occurence_to_db,
        package("database.code_line").get_code_line,
    )
    measurement = package("core.measurement")
    writer = RecordWriter(store.store, complaints)
    sampler = Sampler(period_s, measurement.evaluate.__code__, complaints)
    config = package("core.measurement").config
    Recorder(writer, sampler, package("core.cache"), config, complaints).take_over(measurement)
    return writer


def _exceptions_of(collector: Any) -> list[tuple[BaseException, bool]]:
    """Each with whether it was handled; without the package's own call around the view."""
    found = [(error, True) for error in collector.user_captured_exceptions]
    uncaught = collector.uncaught_exception
    if uncaught is not None:
        trace = uncaught.__traceback__
        if trace is not None:
            uncaught = uncaught.with_traceback(trace.tb_next)
        found.append((uncaught, False))
    return found
