"""The table that says what the map shows: the figures of every stretch at one moment."""

from __future__ import annotations

import math

import numpy as np
import orjson
from numpy.typing import NDArray

from services.traffic.indicators import StretchFigures


def encode_stretch_figures(figures: StretchFigures) -> bytes:
    """By column, in the order of ``Network.stretches``.

    ``status`` is a code; ``speed_kmh``, ``delay_s`` against free flow and ``usual_delay_s``, more
    than usual, are whole numbers, null where too little is known.
    """
    speeds_kmh = _or_none(figures.speed_kmh)
    delays_s = zip(_or_none(figures.delay_s), speeds_kmh, strict=True)
    return orjson.dumps(
        {
            "status": figures.status_codes.tolist(),
            "speed_kmh": speeds_kmh,
            # One drives faster than in free flow, too: no time is won there.
            "delay_s": [None if kmh is None else max(0, lost or 0) for lost, kmh in delays_s],
            "usual_delay_s": _or_none(figures.usual_delay_s),
        }
    )


def _or_none(values: NDArray[np.float64]) -> list[int | None]:
    return [None if math.isnan(value) else round(value) for value in values.tolist()]
