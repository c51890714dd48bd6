"""Whether a request comes from one of our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

import flask


def is_same_origin(request: flask.Request) -> bool:
    """Whether a request comes from one of our own pages, as far as its browser tells.

    ``Sec-Fetch-Site`` cannot be forged by a page; browsers leave it out over plain HTTP, where
    ``Origin``, or else ``Referer``, must name the host that was asked. None of them: refused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    source = request.headers.get("Origin") or request.headers.get("Referer") or ""
    try:
        return urlsplit(source).netloc == request.host
    except ValueError:  # no address at all, such as "http://["
        return False
