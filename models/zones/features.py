"""The one encoding of day, hour and zone into what the Keras model takes.

Training, evaluation and the writing of forecasts all call :func:`encode`. What
it gives is described by a :class:`FeatureSpec`, recorded with every model and compared when
one is loaded.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from models.hour_waves import HOUR_HARMONICS, hour_waves
from services.city.city import City
from services.forecast.zone_forecasts import DAYS, HOURS
from services.plain.statuses import ZONE_STATUSES

_FINGERPRINT_BYTES: Final = 4


@dataclass(frozen=True)
class Cells:
    """Hours of the week in zones: what a forecast is asked about; arrays of shape (cells,).

    Attributes
    ----------
    zone : array of int
        Index into ``City.zone_choices``.
    day : array of int
        0 for Monday to 6 for Sunday.
    hour : array of int
        0 to 23, local time.
    """

    zone: NDArray[np.int64]
    day: NDArray[np.int64]
    hour: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.zone)


@dataclass(frozen=True)
class InputSpec:
    """One input of the model: numbers of one kind, ``width`` of them a cell."""

    name: str
    width: int
    dtype: str


@dataclass(frozen=True)
class FeatureSpec:
    """All that a model's inputs and outputs mean; two models agree if their versions do.

    Attributes
    ----------
    zones, statuses : tuple of str
        What the codes of the zone input, and the columns of the output, stand for.
    """

    inputs: tuple[InputSpec, ...]
    zones: tuple[str, ...]
    statuses: tuple[str, ...]

    @property
    def version(self) -> str:
        """Fingerprint of everything above."""
        content = orjson.dumps(self.as_dict())
        return hashlib.blake2b(content, digest_size=_FINGERPRINT_BYTES).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain data, to be recorded."""
        return asdict(self)


def features_of(city: City) -> FeatureSpec:
    """What models of a city's zones take and give."""
    inputs = (
        InputSpec("zone", 1, "int32"),
        InputSpec("day", 1, "int32"),
        InputSpec("hour_waves", 2 * HOUR_HARMONICS, "float32"),
    )
    return FeatureSpec(inputs, city.zone_choices, ZONE_STATUSES)


def encode(features: FeatureSpec, cells: Cells) -> dict[str, NDArray[Any]]:
    """The model's inputs, by name.

    The hour becomes sines and cosines of its angle on the clock, so that 23 h and
    0 h are neighbours; day and zone stay codes, which the model embeds.

    Returns
    -------
    dict of arrays, shape (cells, width)
        As the specification describes them.

    Raises
    ------
    ValueError
        When a code is out of range: an embedding would answer it all the same.
    """
    for name, size in (("zone", len(features.zones)), ("day", DAYS), ("hour", HOURS)):
        codes = getattr(cells, name)
        if len(codes) and not 0 <= codes.min() <= codes.max() < size:
            raise ValueError(f"{name} outside 0 to {size - 1}")
    columns = {
        "zone": cells.zone[:, None],
        "day": cells.day[:, None],
        "hour_waves": hour_waves(cells.hour),
    }
    return {item.name: columns[item.name].astype(item.dtype) for item in features.inputs}


def every_cell(features: FeatureSpec) -> Cells:
    """Each zone, day and hour once, in the order of a table of forecasts."""
    zone, day, hour = (axis.ravel() for axis in np.indices((len(features.zones), DAYS, HOURS)))
    return Cells(zone, day, hour)
