"""What the monitoring may keep of a visitor: nothing."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

NOT_KEPT = "-"

_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_IPV6_LIKE = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_SECRET_HEADERS = re.compile(r"(?i)\b(set-cookie|cookie|authorization)\b(\s*[:=]\s*)[^\r\n]*")
_CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)(\s+)[^\s,;'\"]+")


def no_address() -> str:
    """Stands for the visitor's IP address. It must not fail: the package would use the real one."""
    return NOT_KEPT


def without_personal_data(text: str) -> str:
    """A text without IP addresses and credentials.

    >>> without_personal_data("refused 203.0.113.9 at 12:43:00, Bearer abc.def")
    'refused - at 12:43:00, Bearer -'
    """
    for pattern in (_SECRET_HEADERS, _CREDENTIALS):
        text = pattern.sub(rf"\1\2{NOT_KEPT}", text)
    return _IPV6_LIKE.sub(_hide_ipv6, _IPV4.sub(NOT_KEPT, text))


def clean_request(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before a measured request is stored."""
    row.ip = NOT_KEPT


def clean_outlier(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before a slow request is stored: no header, no environment, no query string."""
    row.request_header = NOT_KEPT
    row.request_environment = NOT_KEPT
    row.request_url = _path_only(row.request_url)


def clean_message(_mapper: Any, _connection: Any, row: Any) -> None:
    """Before the message of an exception is stored."""
    row.message = without_personal_data(row.message)


def _hide_ipv6(match: re.Match[str]) -> str:
    # A time of day has the look of an address; only the parser can tell.
    text = match.group().rstrip(".")
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return match.group()
    return NOT_KEPT + match.group()[len(text) :]


def _path_only(url: str | bytes | None) -> str:
    text = url.decode("utf-8", "replace") if isinstance(url, bytes) else url or ""
    return urlsplit(text).path
