"""What lies along a route, as views of space and time have it."""

from __future__ import annotations

import msgspec


class PassedPlace(msgspec.Struct, frozen=True):
    """A place that one passes on a route.

    Parameters
    ----------
    at_m : float
        How far it is from where the route begins.
    name : str
        As signs call it.
    """

    at_m: float
    name: str
