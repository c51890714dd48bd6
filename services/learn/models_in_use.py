"""Which models there are, which are in use, and what they learned from, by their own records."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from services.base.errors import ForecastUnavailable, StorageError
from services.base.files import read_if_present
from services.forecast.champions import (
    VERSION_PATTERN,
    champion_version,
    model_roots,
    set_aside_version,
)
from services.forecast.week_forecasts import WEEK_DIRECTORY
from services.operations.tables import KINDS, Kind
from services.plain.quality import LearnedFrom, ModelInUse

log = logging.getLogger(__name__)

MODEL_FOLDERS: Final[Mapping[Kind, str]] = {
    "zones": ".",
    "week": WEEK_DIRECTORY,
    "nowcast": "nowcast",
    "camera": "camera",
}
_RECORD_FILE: Final = "measures.json"


class _Days(msgspec.Struct):
    source: str
    first_day: date | None = None
    last_day: date | None = None
    days: int = 0


class _Pictures(msgspec.Struct):
    train: int


class _Record(msgspec.Struct):
    """What is told of a version's record; the rest of it is for those who train."""

    trained_on: _Days | None = None
    pictures: _Pictures | None = None
    test: dict[str, Any] = {}


def models_in_use(data_dir: Path, shipped: Path) -> list[ModelInUse]:
    """The champion of every kind that has one.

    Parameters
    ----------
    data_dir, shipped : Path
        Where local models and those that came with the code are.
    """
    found = (model_in_use(kind, data_dir, shipped) for kind in KINDS)
    return [model for model in found if model is not None]


def model_in_use(kind: Kind, data_dir: Path, shipped: Path) -> ModelInUse | None:
    """The champion of a kind: the local one, else the one that came with the code."""
    roots = model_roots(data_dir, shipped, MODEL_FOLDERS[kind])
    for root in roots:
        try:
            version = champion_version(root)
        except ForecastUnavailable as error:
            log.warning("a champion cannot be told: %s", error)
            continue
        if version is None:
            continue
        return _described(kind, roots, root, version)
    return None


def known_versions(kind: Kind, data_dir: Path, shipped: Path) -> list[ModelInUse]:
    """Every version of a kind that lies there, whole or not, the newest first."""
    roots = model_roots(data_dir, shipped, MODEL_FOLDERS[kind])
    found = [
        _described(kind, roots, root, path.name)
        for root in roots
        for path in root.glob("*")
        if VERSION_PATTERN.fullmatch(path.name)
    ]
    return sorted(found, key=lambda model: (model.version, not model.is_shipped), reverse=True)


def _described(kind: Kind, roots: tuple[Path, Path], root: Path, version: str) -> ModelInUse:
    record = _record(root / version)
    return ModelInUse(
        kind=kind,
        version=version,
        is_shipped=root == roots[1],
        is_set_aside=set_aside_version(roots[0]) == version,
        learned_from=None if record is None else _learned_from(record),
        mean_iou=None if record is None else _mean_iou(record),
    )


def _record(directory: Path) -> _Record | None:
    try:
        content = read_if_present(directory / _RECORD_FILE)
        return None if content is None else msgspec.json.decode(content, type=_Record)
    except (StorageError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warning("the record of a model cannot be read: %s: %s", directory, error)
        return None


def _learned_from(record: _Record) -> LearnedFrom | None:
    if record.trained_on is not None:
        days = record.trained_on
        return LearnedFrom(
            is_simulated=days.source == "demo",
            days=days.days,
            first_day=days.first_day,
            last_day=days.last_day,
        )
    if record.pictures is not None:
        return LearnedFrom(is_simulated=False, pictures=record.pictures.train)
    return None


def _mean_iou(record: _Record) -> float | None:
    found = record.test.get("mean_iou")
    return found if isinstance(found, float) else None
