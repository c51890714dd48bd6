"""What may be written of a person, or of a secret: nothing. For the journal and the monitoring.

Every expression here takes time in proportion to the text, whatever a stranger has put into it:
each is anchored at a sign, or bounded, or begins only where a run of its characters does.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

NOT_KEPT: Final = "-"
# A long traceback; of longer texts the beginning and the end are kept.
MAX_CHARACTERS: Final = 16_384
# The longest user and password of an address that are found.
_MAX_BEFORE_AT: Final = 300

_IPV4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_IPV6_LIKE: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]+")
_LONGEST_IPV6: Final = 45
_SECRET_HEADERS: Final = re.compile(
    r"(?i)\b(set-cookie|cookie|authorization)\b(\s*[:=]\s*)[^\r\n]*"
)
_CREDENTIALS: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)[^\s,;'\"]+")
# Of any address, a path alone included: what follows a "?" (or "%3F") that follows something,
# and a fragment that names a value.
_QUERY: Final = re.compile(r"(?<=[^\s\"'(\[{])(\?(?![\s\"?])|%3[Ff]|#(?=[\w.-]{1,64}=))[^\s\"<>]+")
_USER: Final = re.compile(rf"(://)[^\s\"'<>]{{1,{_MAX_BEFORE_AT}}}@")
# As people write them and as addresses of pages do.
_EMAIL: Final = re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")


def without_personal_data(text: str) -> str:
    """A text without IP addresses, e-mail addresses, credentials and queries, its middle left out.

    Addresses of this machine itself, such as the one that it listens on, are nobody's.

    >>> without_personal_data("refused 203.0.113.9 at 12:43:00, Bearer abc.def, me@example.org")
    'refused - at 12:43:00, Bearer -, -'
    >>> without_personal_data("http://127.0.0.1:8050, http://0.0.0.0:80, [::1]:80")
    'http://127.0.0.1:8050, http://0.0.0.0:80, [::1]:80'
    >>> without_personal_data("https://me:secret@example.org/feed?key=secret refused")
    'https://example.org/feed?- refused'
    """
    if len(text) <= MAX_CHARACTERS:
        return masked(text)
    half = MAX_CHARACTERS // 2
    # Cut where no secret can be halved: the end begins with a line, the beginning ends with a word.
    end = text[-half:].partition("\n")[2]
    last_words = text[half - _MAX_BEFORE_AT : half]
    beginning = text[: half - _MAX_BEFORE_AT] + last_words.rpartition(" ")[0]
    left_out = len(text) - len(beginning) - len(end)
    return f"{masked(beginning)} … {left_out} characters left out …\n{masked(end)}".rstrip("\n")


def shortened(text: str, most: int = 200) -> str:
    """The beginning of what a stranger sent, for a line of the journal.

    >>> shortened("/page", 10), shortened("/" + "x" * 20, 5)
    ('/page', '/xxxx… (21 characters)')
    """
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def masked(text: str) -> str:
    """A text of any length without what is nobody's business."""
    for pattern in (_SECRET_HEADERS, _CREDENTIALS, _QUERY):
        text = pattern.sub(_shown_part, text)
    text = _EMAIL.sub(NOT_KEPT, _USER.sub(r"\1", text))
    return _IPV6_LIKE.sub(_hide_ipv6, _IPV4.sub(_hide_ipv4, text))


def _shown_part(match: re.Match[str]) -> str:
    return "".join(match.groups()) + NOT_KEPT


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
    found = match.group()
    text = found.rstrip(".")
    # A colon before or after it belongs to the sentence.
    if text.startswith(":") and not text.startswith("::"):
        text = text[1:]
    if text.endswith(":") and not text.endswith("::"):
        text = text[:-1]
    if len(text) > _LONGEST_IPV6:
        return found
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return found
    return found if _is_this_machine(address) else found.replace(text, NOT_KEPT)
