"""The kinds of models there are: of a new one, its folder's ``kind.py`` is named here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.camera.kind import CAMERA
from models.catalogue import ModelKind
from models.nowcast.kind import NOWCAST
from models.week.kind import WEEK
from models.zones.kind import ZONES
from services.operations.tables import Kind

MODEL_KINDS: Final[Mapping[Kind, ModelKind]] = {
    kind.name: kind for kind in (ZONES, WEEK, NOWCAST, CAMERA)
}
