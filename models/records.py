"""What was recorded when a version was trained, and whether its files are whole: no TensorFlow."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import ModelMismatch
from models.versions import MEASURES_FILE
from services.base.errors import StorageError
from services.base.files import read_if_present


class _Record(msgspec.Struct, kw_only=True):
    """What is relied on of every version's record."""

    model_version: str
    test: dict[str, Any] = {}


class _LearnedFrom(msgspec.Struct):
    source: str
    first_day: date
    last_day: date
    days: int


class _TrainingRecord(_Record, kw_only=True):
    """And of one that learned from the history."""

    trained_on: _LearnedFrom
    split: dict[str, list[date]]


def read_measures(directory: Path, extra: Collection[str] = ()) -> dict[str, Any]:
    """What was recorded when a version was trained, of any kind of model.

    Parameters
    ----------
    extra : collection of str
        What the record must hold besides what every kind records.

    Raises
    ------
    ModelMismatch
        When the record is missing or damaged.
    """
    measures = _read(directory, _TrainingRecord)
    for name in extra:
        if not isinstance(measures.get(name), dict):
            raise ModelMismatch(f"{directory / MEASURES_FILE} is no record of a training: {name}")
    return measures


def read_record(directory: Path) -> dict[str, Any]:
    """What was recorded of a version that learned from something else than the history.

    Raises
    ------
    ModelMismatch
        When the record is missing or damaged.
    """
    return _read(directory, _Record)


def _read(directory: Path, form: type[_Record]) -> dict[str, Any]:
    path = directory / MEASURES_FILE
    try:
        record: dict[str, Any] = orjson.loads(read_if_present(path) or b"")
        msgspec.convert(record, form)
    except (StorageError, orjson.JSONDecodeError, msgspec.ValidationError) as error:
        raise ModelMismatch(f"{path} is no record of a training: {error}") from error
    return record


def check_files(
    directory: Path,
    names: Collection[str],
    read: Callable[[Path], dict[str, Any]] = read_measures,
) -> dict[str, Any]:
    """Refuse a version with a file missing, damaged or from another one.

    Parameters
    ----------
    names : collection of str
        The files it serves by, besides its record.

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
    measures = read(directory)
    if measures["model_version"] != directory.name:
        raise ModelMismatch(
            f"{directory / MEASURES_FILE} is the record of {measures['model_version']!r}"
        )
    for path in (directory / name for name in names):
        if not path.is_file():
            raise ModelMismatch(f"{path} is missing")
        if path.suffix == ".parquet":
            _check_table(path)
        elif path.suffix == ".json":
            _check_json(path)
        else:
            _check_archive(path)
    return measures


def _check_table(path: Path) -> None:
    try:
        pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise ModelMismatch(f"{path} cannot be read: {reason}") from error


def _check_json(path: Path) -> None:
    try:
        orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ModelMismatch(f"{path} cannot be read: {error}") from error


def _check_archive(path: Path) -> None:
    """Keras' and numpy's formats are zip archives: their checksums tell a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelMismatch(f"{path} is damaged: {error}") from error
    if damaged is not None:
        raise ModelMismatch(f"{path} is damaged: {damaged}")
