"""A nowcaster of a city as one file: everything it needs, and a check that it is itself.

Arrays only, in numpy's own format: nothing in it can run, and a cut file is noticed by
its checksums. A file also holds what the model once gave for a made-up hour. Code whose
features, architecture or Keras came out differently gives something else for it, and
refuses the file, even where every shape fits.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import orjson
from numpy.typing import NDArray

from models.errors import ModelMismatch
from models.nowcast.calibration import calibration_from
from models.nowcast.city_nowcaster import STEPS_AROUND, CityNowcaster
from models.nowcast.city_table import SLOTS_PER_DAY
from models.nowcast.features import LAGS, Levels, View
from models.nowcast.fit import NetworkPlan
from models.nowcast.graph import Neighbours
from models.nowcast.nowcaster import TrainedNowcaster
from models.nowcast.options import Architecture
from models.nowcast.speed_table import RowTimes
from models.nowcast.typical_days import TypicalDays
from models.nowcast.zone_bands import ZoneCalibration
from models.versions import NOWCASTER_FILE, weights_hash
from services.base.errors import StorageError
from services.base.files import read_if_present
from services.forecast.zone_forecasts import TrainedOn, decode_trained_on

FORMAT: Final = 1
_PROBE_SEGMENTS: Final = 64
_TOLERANCE: Final = 2e-3
# What reading a damaged file, or arrays that do not fit each other, may raise.
_DAMAGES: Final = (
    ValueError,
    KeyError,
    TypeError,
    OSError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class StoredNowcaster:
    """A nowcaster with what is told of it."""

    city: CityNowcaster
    zones: ZoneCalibration
    network_version: str
    trained_on: TrainedOn

    @cached_property
    def version(self) -> str:
        """Its name: the last day it learned from, and a hash of its weights."""
        return f"{self.trained_on.last_day}-{weights_hash(_weights(self.city))}"


def encode_nowcaster(stored: StoredNowcaster) -> bytes:
    """The nowcaster as the bytes of one file."""
    city = stored.city
    calibration, view = city.trained.calibration, city.trained.view
    header = {
        "format": FORMAT,
        "keras": _keras_release(),
        "network_version": stored.network_version,
        "trained_on": asdict(stored.trained_on),
        "segment_ids": city.segment_ids,
        "sizes": asdict(city.plan.sizes),
        "unit": view.levels.unit,
        "calibration": None if calibration is None else asdict(calibration),
    }
    arrays: dict[str, NDArray[Any]] = {
        "header": np.frombuffer(orjson.dumps(header), dtype=np.uint8),
        "is_known": city.is_known,
        "usual_speed": city.profile.speed,
        "usual_spread": city.profile.spread,
        "neighbours": view.neighbours.index.astype(np.int32),
        "neighbour_weights": view.neighbours.weight,
        "typical": view.levels.typical,
        "fast": view.levels.fast,
        "telling": city.plan.telling.astype(np.int32),
        "offset": city.plan.offset,
        "scale": city.plan.scale,
        "zone_factors": stored.zones.factors,
        "probe": _probe(city),
    }
    arrays |= {f"weight_{place}": values for place, values in enumerate(_weights(city))}
    sink = io.BytesIO()
    np.savez_compressed(sink, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def load_nowcaster(directory: Path) -> StoredNowcaster:
    """Load the nowcaster of one version and check that this code speaks its language.

    Raises
    ------
    ModelMismatch
        In one line, when the file is missing or damaged, when another release of Keras
        wrote it, when its weights are not those its version names, or when this code
        makes something else of them than the one that trained it.
    """
    path = directory / NOWCASTER_FILE
    try:
        document = read_if_present(path)
        if document is None:
            raise ModelMismatch(f"{path} is missing")
        stored = _decoded(document)
    except (StorageError, *_DAMAGES) as error:
        reason = str(error).partition("\n")[0]
        raise ModelMismatch(f"{path} cannot be loaded: {reason}") from error
    except ModelMismatch as error:
        raise ModelMismatch(f"{path}: {error}") from error
    if directory.name != stored.version:
        raise ModelMismatch(f"{path} does not hold the weights of {directory.name}")
    return stored


def _decoded(document: bytes) -> StoredNowcaster:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"{damaged} in it is damaged")
    with np.load(io.BytesIO(document), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    header: dict[str, Any] = orjson.loads(arrays["header"].tobytes())
    if header["format"] != FORMAT or header["keras"] != _keras_release():
        raise ModelMismatch(
            f"written in format {header['format']} with Keras {header['keras']}, this code reads "
            f"format {FORMAT} with Keras {_keras_release()}: train again with "
            "python -m models.nowcast.train"
        )
    plan = NetworkPlan(
        arrays["telling"].astype(np.int64),
        arrays["offset"],
        arrays["scale"],
        Architecture(**header["sizes"]),
    )
    profile = TypicalDays(arrays["usual_speed"], arrays["usual_spread"])
    neighbours = Neighbours(arrays["neighbours"].astype(np.int64), arrays["neighbour_weights"])
    levels = Levels(arrays["typical"], arrays["fast"], float(header["unit"]))
    network = plan.build()
    network.set_weights([arrays[f"weight_{n}"] for n in range(len(network.get_weights()))])
    calibration = header["calibration"]
    trained = TrainedNowcaster(
        View(profile, neighbours, levels),
        network,
        None if calibration is None else calibration_from(calibration),
    )
    city = CityNowcaster(tuple(header["segment_ids"]), arrays["is_known"], profile, plan, trained)
    _check_probe(city, arrays["probe"])
    return StoredNowcaster(
        city,
        ZoneCalibration(arrays["zone_factors"]),
        str(header["network_version"]),
        decode_trained_on(header["trained_on"]),
    )


def _weights(city: CityNowcaster) -> list[NDArray[np.float32]]:
    return [np.asarray(values, np.float32) for values in city.trained.network.get_weights()]


def _keras_release() -> str:
    """Major and minor version: what may change how a network computes."""
    return ".".join(keras.__version__.split(".")[:2])


def _probe(city: CityNowcaster) -> NDArray[np.float32]:
    """What the model gives for an hour that was made up, a morning like a saw."""
    count = len(city.segment_ids)
    place = np.arange(STEPS_AROUND)[:, None] + np.arange(count)[None, :]
    ratio = (0.25 + 0.125 * (place % 7)).astype(np.float32)
    ratio[place % 5 == 0] = np.nan
    slots = np.arange(STEPS_AROUND) + SLOTS_PER_DAY // 3
    times = RowTimes(
        np.zeros(STEPS_AROUND, np.int64), slots, np.zeros(STEPS_AROUND, bool), SLOTS_PER_DAY
    )
    found = city.trained.forecast(ratio, times, np.array([LAGS - 1]))
    bands = np.stack([found.p10, found.median, found.p90])
    kept: NDArray[np.float32] = bands[:, 0, :_PROBE_SEGMENTS]
    return kept


def _check_probe(city: CityNowcaster, expected: NDArray[np.float32]) -> None:
    found = _probe(city)
    if found.shape != expected.shape or not np.allclose(found, expected, atol=_TOLERANCE):
        raise ModelMismatch(
            "this code's features or architecture are not those it was trained with: "
            "train again with python -m models.nowcast.train"
        )
