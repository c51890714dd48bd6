"""Fetching over HTTP, a feed or a tile: bounded in time, size, retries and redirects."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from services.base.cut_off import IN_PROGRESS, CutOff
from services.base.errors import FeedUnreachable

# Without a network, names fail at once: the page must not wait for many tries.
CONNECT_RETRIES: Final = 1
RETRIED_STATUSES: Final = (429, 500, 502, 503, 504)
MAX_REDIRECTS: Final = 5
_CHUNK_BYTES: Final = 256 * 1024
_USER_AGENT: Final = "traffic-rennes (open-source traffic dashboard)"


@dataclass(frozen=True)
class FetchLimits:
    """The bounds of one fetch, those of a feed unless told otherwise.

    Attributes
    ----------
    total_timeout_s : float
        From the first address looked up to the last byte, tries again and redirects included: a
        server that drips cannot hold the worker, whether it drips a handshake, a header or a body.
    max_bytes : int
        The reply is 2.6 MB; 100,000 segments would be 90 MB.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    total_timeout_s: float = 60.0
    max_bytes: int = 100 * 1024 * 1024
    retries: int = 3
    backoff_s: float = 1.0
    backoff_jitter_s: float = 1.0


class _HttpConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return IN_PROGRESS.get().connected(super()._new_conn)


class _HttpsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return IN_PROGRESS.get().connected(super()._new_conn)


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _WatchedAdapter(HTTPAdapter):
    """Makes connections that end in time, through a proxy too."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if isinstance(manager, urllib3.ProxyManager):
            manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager


class PatientRetry(urllib3.Retry):
    """Retries within the time of a fetch.

    ``Retry-After`` is left to the caller, who can wait for longer than one fetch.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether to try again within this fetch."""
        return not has_retry_after and super().is_retry(method, status_code)

    def get_backoff_time(self) -> float:
        """The pause before the next try, in seconds; raises when the fetch has no time left."""
        return min(super().get_backoff_time(), IN_PROGRESS.get().remaining_s())


class _Session(requests.Session):
    """Follows no redirect by itself: it would read the body of each one to its end."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


def fetch(
    url: str, limits: FetchLimits | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """The body of a reply.

    Parameters
    ----------
    url : str
        http or https.
    headers : mapping, optional
        Sent with the request, instead of those that say who asks for a feed.

    Raises
    ------
    FeedUnreachable
        In one sentence: connection, time, HTTP status, redirect or size.
    """
    limits = limits or FetchLimits()
    cut_off = CutOff(limits.total_timeout_s)
    with cut_off.running(), _make_session(limits) as session:
        session.headers.update(headers or {"User-Agent": _USER_AGENT})
        try:
            with _followed(session, url, limits) as response:
                if response.status_code != requests.codes.ok:
                    reason = f"HTTP {response.status_code} {response.reason or ''}".strip()
                    raise FeedUnreachable(reason, retry_after_s=_retry_after_s(response))
                body = _read_within(response, limits)
        except _FAILURES as error:
            cut_off.remaining_s()
            raise FeedUnreachable(_reason(error)) from error
        # A connection that was shut down looks like the end of a reply that tells no length.
        cut_off.remaining_s()
        return body


# The last two: what is sent, such as a redirect to "http://[", may be read outside of any guard.
_FAILURES: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


def _make_session(limits: FetchLimits) -> requests.Session:
    """A session that retries with growing, jittered pauses."""
    retry = PatientRetry(
        total=limits.retries,
        connect=min(CONNECT_RETRIES, limits.retries),
        backoff_factor=limits.backoff_s,
        backoff_jitter=limits.backoff_jitter_s,
        status_forcelist=RETRIED_STATUSES,
        allowed_methods=["GET"],
        raise_on_status=False,
    )
    session = _Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _WatchedAdapter(max_retries=retry))
    return session


def _followed(session: requests.Session, url: str, limits: FetchLimits) -> requests.Response:
    """The answer at the end of the redirects, whose own bodies are not read."""
    timeouts = (limits.connect_timeout_s, limits.read_timeout_s)
    for _ in range(MAX_REDIRECTS + 1):
        response = session.get(url, stream=True, allow_redirects=False, timeout=timeouts)
        if not response.is_redirect:
            return response
        with response:
            # Headers come as Latin-1; addresses are UTF-8.
            target = response.headers["Location"].encode("latin-1").decode("utf-8")
            url = urljoin(response.url, target)
        if urlsplit(url).scheme not in ("http", "https"):
            raise FeedUnreachable("redirected to an address that is neither http nor https")
    raise FeedUnreachable(f"redirected more than {MAX_REDIRECTS} times")


def _retry_after_s(response: requests.Response) -> float | None:
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    try:
        return urllib3.Retry().parse_retry_after(header)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _read_within(response: requests.Response, limits: FetchLimits) -> bytes:
    # read1 gives what has come: a full read would hold all of it before it can be counted.
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > limits.max_bytes:
            raise FeedUnreachable(f"reply larger than {limits.max_bytes} bytes")
    return bytes(body)


def _reason(error: Exception) -> str:
    """The innermost cause, without the object addresses that urllib3 prints."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    names = dict.fromkeys((type(error).__name__, type(cause).__name__))
    return f"{': '.join(names)}: {cause}"
