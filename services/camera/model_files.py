"""Where the camera's model lies, and what can be told of its files without loading it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.base.errors import ConfigurationError, ForecastUnavailable
from services.base.settings import Settings
from services.camera.classes import ClassFile, decode_class_file
from services.camera.errors import ClassFileRefused, ModelRefused
from services.forecast.champions import champion_version

DIRECTORY: Final = "camera"
MODEL_ENDING: Final = ".keras"
CLASS_FILE_ENDING: Final = ".json"
# In the directory of a version.
CLASS_FILE: Final = f"model{CLASS_FILE_ENDING}"


def champion_model_file(roots: Sequence[Path]) -> Path:
    """The model in use: the champion of the first directory of versions that has one.

    Parameters
    ----------
    roots : sequence of Path
        Such as ``(data_dir / "models" / "camera", SHIPPED_ARTIFACTS / "camera")``.

    Raises
    ------
    ModelRefused
        When none names one, or a file that names one is damaged.
    """
    for root in roots:
        try:
            version = champion_version(root)
        except ForecastUnavailable as error:
            raise ModelRefused(str(error)) from error
        if version is not None:
            return root / version / f"model{MODEL_ENDING}"
    raise ModelRefused(f"there is no camera model in {' or '.join(map(str, roots))}")


def read_class_file(model_file: Path) -> ClassFile:
    """The classes of a model, from the file beside it; the model is only looked at from outside.

    Raises
    ------
    ModelRefused
        When the model is missing or no Keras file.
    ClassFileRefused
        When the file beside it is missing or damaged.
    """
    if model_file.suffix != MODEL_ENDING:
        raise ModelRefused(f"{model_file.name}: expected a file that ends in {MODEL_ENDING}")
    if not model_file.is_file():
        raise ModelRefused(f"{model_file.name}: there is no such file")
    if not zipfile.is_zipfile(model_file):
        raise ModelRefused(f"{model_file.name}: truncated, or not in Keras' own format")
    path = model_file.with_suffix(CLASS_FILE_ENDING)
    try:
        return decode_class_file(path.read_bytes())
    except OSError as error:
        raise ClassFileRefused(f"{path.name} beside the model: {error.strerror}") from error
    except ClassFileRefused as error:
        raise ClassFileRefused(f"{path.name}: {error}") from error


def check_own_model(settings: Settings) -> None:
    """See at the start whether the model that the settings name can be one.

    Raises
    ------
    ConfigurationError
        In one line.
    """
    if settings.camera_model is None:
        return
    try:
        read_class_file(settings.camera_model)
    except ModelRefused as error:
        raise ConfigurationError(f"TRAFFIC_CAMERA_MODEL: {error}") from None
