"""Fetching a feed over HTTP: bounded in time, size, retries and redirects."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import requests
import urllib3
from requests.adapters import HTTPAdapter

from services.errors import FeedUnreachable

CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 20.0
# From the first byte asked for to the last: a server that drips cannot hold the worker.
TOTAL_TIMEOUT_S: Final = 60.0
# The reply is 2.6 MB; 100,000 segments would be 90 MB.
MAXIMUM_REPLY_BYTES: Final = 100 * 1024 * 1024
RETRIES: Final = 3
# Without a network, names fail at once: the page must not wait for many tries.
CONNECT_RETRIES: Final = 1
BACKOFF_S: Final = 1.0
BACKOFF_JITTER_S: Final = 1.0
RETRIED_STATUSES: Final = (429, 500, 502, 503, 504)
_CHUNK_BYTES: Final = 256 * 1024
_USER_AGENT: Final = "traffic-rennes (open-source traffic dashboard)"


@dataclass(frozen=True)
class FetchLimits:
    """The bounds of one fetch; tests hand in smaller ones."""

    connect_timeout_s: float = CONNECT_TIMEOUT_S
    read_timeout_s: float = READ_TIMEOUT_S
    total_timeout_s: float = TOTAL_TIMEOUT_S
    maximum_bytes: int = MAXIMUM_REPLY_BYTES
    retries: int = RETRIES
    backoff_s: float = BACKOFF_S
    backoff_jitter_s: float = BACKOFF_JITTER_S


class PatientRetry(urllib3.Retry):
    """Retries that leave ``Retry-After`` to the caller, who can wait for longer than one fetch."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether to try again within this fetch."""
        return not has_retry_after and super().is_retry(method, status_code)


def make_session(limits: FetchLimits | None = None) -> requests.Session:
    """A session that retries with growing, jittered pauses.

    Only http and https are mounted, so that no redirect leads to a file.
    """
    limits = limits or FetchLimits()
    retry = PatientRetry(
        total=limits.retries,
        connect=min(CONNECT_RETRIES, limits.retries),
        backoff_factor=limits.backoff_s,
        backoff_jitter=limits.backoff_jitter_s,
        status_forcelist=RETRIED_STATUSES,
        allowed_methods=["GET"],
        raise_on_status=False,
    )
    session = requests.Session()
    session.headers["User-Agent"] = _USER_AGENT
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def fetch(session: requests.Session, url: str, limits: FetchLimits | None = None) -> bytes:
    """The body of a reply.

    Parameters
    ----------
    session : requests.Session
        From :func:`make_session`.
    url : str
        http or https.
    limits : FetchLimits, optional

    Raises
    ------
    FeedUnreachable
        In one sentence: connection, time, HTTP status, redirect or size.
    """
    limits = limits or FetchLimits()
    deadline = time.monotonic() + limits.total_timeout_s
    timeouts = (limits.connect_timeout_s, limits.read_timeout_s)
    try:
        with session.get(url, stream=True, timeout=timeouts) as response:
            if response.status_code != requests.codes.ok:
                raise _unsuccessful(response)
            return _read_within(response, deadline, limits)
    except requests.exceptions.InvalidSchema:
        raise FeedUnreachable("redirected to an address that is neither http nor https") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise FeedUnreachable(_reason(error)) from error


def _unsuccessful(response: requests.Response) -> FeedUnreachable:
    reason = f"HTTP {response.status_code} {response.reason or ''}".strip()
    return FeedUnreachable(reason, retry_after_s=_retry_after_s(response))


def _retry_after_s(response: requests.Response) -> float | None:
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    try:
        return urllib3.Retry().parse_retry_after(header)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _read_within(response: requests.Response, deadline: float, limits: FetchLimits) -> bytes:
    # read1 gives what has come: a full read would wait on a server that drips.
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > limits.maximum_bytes:
            raise FeedUnreachable(f"reply larger than {limits.maximum_bytes} bytes")
        if time.monotonic() > deadline:
            raise FeedUnreachable(f"reply not complete after {limits.total_timeout_s:g} s")
    return bytes(body)


def _reason(error: Exception) -> str:
    """The innermost cause, without the object addresses that urllib3 prints."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    return f"{type(error).__name__}: {type(cause).__name__}: {cause}"
