"""Headers that keep every page to what comes from this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash import Dash
from flask import Response, request

from callbacks.http.answers import own_to_visitor

# Bound by another package, whose pages have inline scripts and a policy of their own.
MONITORING_PREFIX: Final = "/dashboard"


# Nothing of a visitor's device is of use here, but the place that they may show on the map.
PERMISSIONS_POLICY: Final = (
    "camera=(), microphone=(), payment=(), usb=(), interest-cohort=(), geolocation=(self)"
)
# A year, as the preload list asks for; said only where the visitor came by TLS.
STRICT_TRANSPORT: Final = "max-age=31536000"


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """The policy of Dash's pages.

    Parameters
    ----------
    script_hashes : list of str
        From ``Dash.csp_hashes()``.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self'",
            # MapLibre's worker is made from a blob.
            "worker-src blob:",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def register(apps: Sequence[Dash]) -> None:
    """Set the headers on every HTML answer; call it once every callback is registered.

    Parameters
    ----------
    apps : sequence of Dash
        The pages, all on one server.
    """
    hashes = dict.fromkeys(item for app in apps for item in app.csp_hashes())
    policy = content_security_policy(list(hashes))

    @apps[0].server.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        # Of the visitor's language, which is told by more than the address, and of the host asked.
        if response.mimetype == "text/html" and "Cache-Control" not in response.headers:
            own_to_visitor(response)
        if response.mimetype == "text/html" and request.is_secure:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        if response.mimetype == "text/html" and not request.path.startswith(MONITORING_PREFIX):
            response.headers["Content-Security-Policy"] = policy
            response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
            response.headers["Referrer-Policy"] = "same-origin"
        return response
