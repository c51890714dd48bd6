"""The camera's model among the kinds of models."""

from __future__ import annotations

from typing import Final

from models.catalogue import ModelKind
from models.versions import MODEL_FILE
from services.camera.model_files import CLASS_FILE, DIRECTORY

CAMERA: Final = ModelKind(
    "camera", DIRECTORY, (MODEL_FILE, CLASS_FILE), figures={}, learns_from_history=False
)
