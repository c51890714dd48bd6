"""The camera's model among the kinds of models."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.catalogue import ModelKind, roots_of
from models.versions import MODEL_FILE
from services.camera.model_files import CLASS_FILE, DIRECTORY, champion_model_file

CAMERA: Final = ModelKind(
    "camera", DIRECTORY, (MODEL_FILE, CLASS_FILE), figures={}, learns_from_history=False
)


def champion_file(data_dir: Path) -> Path:
    """The model in use.

    Raises
    ------
    ModelRefused
    """
    return champion_model_file(tuple(roots_of(data_dir, CAMERA)))
