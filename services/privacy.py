"""What may be written of a person: nothing. Used for the journal and for the monitoring."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

NOT_KEPT: Final = "-"

_IPV4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_IPV6_LIKE: Final = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_SECRET_HEADERS: Final = re.compile(
    r"(?i)\b(set-cookie|cookie|authorization)\b(\s*[:=]\s*)[^\r\n]*"
)
_CREDENTIALS: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)[^\s,;'\"]+")
# As people write them and as addresses of pages do; the parts around "@" are bounded (RFC 5321).
_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")


def without_personal_data(text: str) -> str:
    """A text without IP addresses, e-mail addresses and credentials.

    Addresses of this machine itself, such as the one that it listens on, are nobody's.

    >>> without_personal_data("refused 203.0.113.9 at 12:43:00, Bearer abc.def, me@example.org")
    'refused - at 12:43:00, Bearer -, -'
    >>> without_personal_data("http://127.0.0.1:8050, http://0.0.0.0:80, [::1]:80")
    'http://127.0.0.1:8050, http://0.0.0.0:80, [::1]:80'
    """
    for pattern in (_SECRET_HEADERS, _CREDENTIALS):
        text = pattern.sub(rf"\1\2{NOT_KEPT}", text)
    text = _EMAIL.sub(NOT_KEPT, text)
    return _IPV6_LIKE.sub(_hide_ipv6, _IPV4.sub(_hide_ipv4, text))


def _hide_ipv4(match: re.Match[str]) -> str:
    # What only looks like an address is hidden too.
    try:
        address = ipaddress.IPv4Address(match.group())
    except ValueError:
        return NOT_KEPT
    return match.group() if _is_this_machine(address) else NOT_KEPT


def _is_this_machine(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_loopback or address.is_unspecified


def _hide_ipv6(match: re.Match[str]) -> str:
    # A time of day has the look of an address; only the parser can tell.
    text = match.group().rstrip(".")
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return match.group()
    if _is_this_machine(address):
        return match.group()
    return NOT_KEPT + match.group()[len(text) :]
