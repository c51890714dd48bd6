"""A function of a day, mapped over the days of a history, its results in their order.

In this process, a day at a time, or by the workers of a Dask scheduler where one is set
(``services.history.dask_days``). The caller merges what comes back in the order of the days:
the outcome is the same to the byte wherever they were computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Concatenate, Final, ParamSpec, TypeVar

from services.history.history import History

Result = TypeVar("Result")
P = ParamSpec("P")

# A day takes a fifth of a second here; to reach a scheduler takes seconds.
MIN_DAYS: Final = 14


@dataclass(frozen=True)
class DayMap:
    """Maps functions over days.

    Attributes
    ----------
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://HOST:PORT`` or ``tls://HOST:PORT``; None for this
        process alone.
    min_days : int
        Fewer are computed in this process in any case.
    """

    scheduler: str | None = None
    min_days: int = MIN_DAYS

    def __call__(
        self,
        function: Callable[Concatenate[History, date, P], Result],
        history: History,
        days: Sequence[date],
        *arguments: P.args,
        **options: P.kwargs,
    ) -> Iterator[Result]:
        """What a function gives for each day, in the order of the days.

        Parameters
        ----------
        function : callable
            Of a module, so that another process finds it by its name. Reads files of its day and
            of the two beside it, and writes none.
        arguments, options
            Further ones of the function: small, since they go with every day.
        """
        if self.scheduler is None or len(days) < self.min_days:
            return (function(history, day, *arguments, **options) for day in days)
        # Seconds and tens of megabytes, for those alone who set a scheduler.
        from services.history.dask_days import computed_by_workers  # noqa: PLC0415

        return computed_by_workers(self.scheduler, function, history, days, *arguments, **options)


IN_PROCESS: Final = DayMap()
"""This process alone."""
