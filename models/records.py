"""What was recorded when a version was trained, and whether its files are whole: no TensorFlow."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import ModelMismatch
from models.registry import MEASURES_FILE, MODEL_FILE
from services.errors import StorageError
from services.files import read_if_present

_RECORDED: Final = {"model_version", "features", "trained_on", "split"}


def read_measures(directory: Path) -> dict[str, Any]:
    """What was recorded when a version was trained.

    Raises
    ------
    ModelMismatch
        When the record is missing or damaged.
    """
    path = directory / MEASURES_FILE
    try:
        document = read_if_present(path)
        measures: dict[str, Any] = orjson.loads(document or b"")
    except (StorageError, orjson.JSONDecodeError) as error:
        raise ModelMismatch(f"{path} is no record of a training: {error}") from error
    if not isinstance(measures, dict) or not measures.keys() >= _RECORDED:
        raise ModelMismatch(f"{path} is no record of a training")
    return measures


def check_files(directory: Path) -> dict[str, Any]:
    """Refuse a version with a file missing, damaged or from another one; of any kind of model.

    Returns
    -------
    dict
        Its record.

    Raises
    ------
    ModelMismatch
        In one line that names the file.
    """
    if not directory.is_dir():
        raise ModelMismatch(f"{directory} is missing")
    measures = read_measures(directory)
    if measures["model_version"] != directory.name:
        raise ModelMismatch(
            f"{directory / MEASURES_FILE} is the record of {measures['model_version']!r}"
        )
    _check_archive(directory / MODEL_FILE)
    for path in sorted(directory.glob("*.parquet")):
        try:
            pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            reason = str(error).partition("\n")[0]
            raise ModelMismatch(f"{path} cannot be read: {reason}") from error
    return measures


def _check_archive(path: Path) -> None:
    """Keras' own format is a zip archive: its checksums tell a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except FileNotFoundError:
        raise ModelMismatch(f"{path} is missing") from None
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelMismatch(f"{path} is damaged: {error}") from error
    if damaged is not None:
        raise ModelMismatch(f"{path} is damaged: {damaged}")
