"""The errors of the application, in one tree.

TrafficError
 ├── ConfigurationError      a setting or the machine stops the start: one line, exit code 2
 ├── FeedError               the source of traffic data
 │    ├── FeedUnreachable    no usable reply: network, HTTP status, size, time
 │    └── FeedRefused        a reply came and failed a check; names the field
 ├── StorageError            the data directory cannot be read or written
 ├── ForecastUnavailable     no table of forecasts fits this code
 └── InvalidRequest          the caller's fault; names the parameter

Those of one room are there: models and their training in ``models/errors.py``, pictures in
``services/camera/errors.py``, and what only one module raises beside it.
"""

from __future__ import annotations

from typing import ClassVar


class TrafficError(Exception):
    """Base of every error that this application raises on purpose."""


class ConfigurationError(TrafficError):
    """A setting, or the machine, does not allow the application to start."""


class FeedError(TrafficError):
    """The source of traffic data gave nothing usable."""


class FeedUnreachable(FeedError):
    """No usable reply: connection, HTTP status, redirect, size or time.

    Parameters
    ----------
    reason : str
        In one sentence without a final stop.
    retry_after_s : float, optional
        How many seconds the server asked to be left alone.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class FeedRefused(FeedError):
    """A reply came but failed a check.

    Parameters
    ----------
    field : str
        The field or rule that failed, as the journal names it.
    reason : str
        What was wrong, in one sentence without a final stop.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class StorageError(TrafficError):
    """The data directory cannot be read or written."""


class ForecastUnavailable(TrafficError):
    """No table of forecasts can be read, or it does not fit this code."""


class InvalidRequest(TrafficError):
    """A caller's parameter is wrong.

    Parameters
    ----------
    parameter : str
        Name of the parameter, as the caller spelled it in the contract.
    value : str
        What was received.
    allowed : str
        What would have been accepted, for people.
    """

    reason: ClassVar[str] = "invalid_request"

    def __init__(self, parameter: str, value: str, allowed: str) -> None:
        super().__init__(f"{parameter}={value!r}: expected {allowed}")
        self.parameter = parameter
        self.value = value
        self.allowed = allowed
