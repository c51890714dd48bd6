"""Cameras pinned to segments, and what their pictures said; no picture is kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.base.errors import InvalidRequest
from services.operations.database import Operations
from services.operations.rows import read_rows
from services.operations.tables import Camera, CameraReading

LONGEST_NAME = 80
_READINGS = select(Camera, CameraReading).join(CameraReading, CameraReading.camera_id == Camera.id)


def pin_camera(session: Session, name: str, segment_id: str, at: datetime) -> Camera:
    """The camera of that name at a segment, made where there is none.

    Raises
    ------
    InvalidRequest
        When the name is empty or too long.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidRequest("name", name[:20], f"1 to {LONGEST_NAME} characters")
    known = select(Camera).where(Camera.segment_id == segment_id, Camera.name == name)
    found = session.scalars(known).one_or_none()
    if found is None:
        found = Camera(id=uuid.uuid4().hex, name=name, segment_id=segment_id, created_at=at)
        session.add(found)
        session.flush()
    return found


def record_reading(session: Session, reading: CameraReading) -> None:
    """Keep what a picture said.

    Raises
    ------
    InvalidRequest
        When there is no such camera.
    """
    if session.get(Camera, reading.camera_id) is None:
        raise InvalidRequest("camera", reading.camera_id, "one that exists")
    session.add(reading)
    session.flush()


def latest_readings(session: Session) -> list[tuple[Camera, CameraReading]]:
    """Every camera with what its last picture said, the newest first."""
    # Numbers rise as readings come.
    newest = select(func.max(CameraReading.id)).group_by(CameraReading.camera_id)
    query = _READINGS.where(CameraReading.id.in_(newest)).order_by(CameraReading.at.desc())
    return [(camera, reading) for camera, reading in read_rows(session, query)]


def readings_since(
    session: Session, since: datetime, limit: int
) -> Sequence[tuple[Camera, CameraReading]]:
    """What pictures have said since a time, the newest first."""
    query = _READINGS.where(CameraReading.at >= since).order_by(
        CameraReading.at.desc(), CameraReading.id.desc()
    )
    return [(camera, reading) for camera, reading in read_rows(session, query, limit)]


def remove_camera(session: Session, camera_id: str) -> None:
    """Remove a camera with all that its pictures said.

    Raises
    ------
    InvalidRequest
        When there is no such camera.
    """
    if session.get(Camera, camera_id) is None:
        raise InvalidRequest("camera", camera_id, "one that exists")
    session.execute(delete(CameraReading).where(CameraReading.camera_id == camera_id))
    session.execute(delete(Camera).where(Camera.id == camera_id))


def prune_readings(operations: Operations, now: datetime, keep: timedelta) -> int:
    """Remove what pictures said long ago; returns how many readings.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        old = list(session.scalars(select(CameraReading.id).where(CameraReading.at < now - keep)))
        session.execute(delete(CameraReading).where(CameraReading.id.in_(old)))
    return len(old)
