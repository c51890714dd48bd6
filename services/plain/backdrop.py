"""What the map is told of the tiles below its roads."""

from __future__ import annotations

from dataclasses import dataclass

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


@dataclass(frozen=True)
class Backdrop:
    """The tiles below the roads.

    Attributes
    ----------
    url : str
        Template with ``{z}``, ``{x}`` and ``{y}``.
    bounds : tuple of float
        There are none elsewhere.
    first_zoom, last_zoom : int
        Between these; nearer, those of the last one are enlarged.
    """

    url: str
    bounds: Bounds
    first_zoom: int
    last_zoom: int
