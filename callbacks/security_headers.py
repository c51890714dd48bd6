"""Headers that keep every page to what comes from this server (and the tile host, if any)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from dash import Dash
from flask import Response, request

from services.settings import Settings

# Bound by another package, whose pages have inline scripts and a policy of their own.
MONITORING_PREFIX: Final = "/dashboard"


# Nothing of a visitor's device is of use here, but the place that they may show on the map.
PERMISSIONS_POLICY: Final = (
    "camera=(), microphone=(), payment=(), usb=(), interest-cohort=(), geolocation=(self)"
)
# A year, as the preload list asks for; said only where the visitor came by TLS.
STRICT_TRANSPORT: Final = "max-age=31536000"


def content_security_policy(script_hashes: Sequence[str], tiles_url: str) -> str:
    """The policy of Dash's pages.

    Parameters
    ----------
    script_hashes : list of str
        From ``Dash.csp_hashes()``.
    tiles_url : str
        Where the backdrop comes from, or empty.
    """
    tiles = ""
    if tiles_url:
        address = urlsplit(tiles_url)
        tiles = f" {address.scheme}://{address.netloc}"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self'",
            # MapLibre's worker is made from a blob.
            "worker-src blob:",
            f"img-src 'self' data: blob:{tiles}",
            # MapLibre fetches its tiles.
            f"connect-src 'self'{tiles}",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def register(apps: Sequence[Dash], settings: Settings) -> None:
    """Set the headers on every HTML answer; call it once every callback is registered.

    Parameters
    ----------
    apps : sequence of Dash
        The pages, all on one server.
    settings : Settings
    """
    hashes = dict.fromkeys(item for app in apps for item in app.csp_hashes())
    policy = content_security_policy(list(hashes), settings.tiles_url)

    @apps[0].server.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        if response.mimetype == "text/html" and not request.path.startswith(MONITORING_PREFIX):
            response.headers["Content-Security-Policy"] = policy
            # Tile servers ask where their tiles are shown; the path is nobody's business.
            response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        return response
