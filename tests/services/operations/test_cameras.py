"""Cameras at segments, and the readings that were kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.base.errors import InvalidRequest
from services.operations.cameras import (
    latest_readings,
    pin_camera,
    prune_readings,
    readings_since,
    record_reading,
    remove_camera,
)
from services.operations.tables import CameraReading

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def keep(session, name, segment="10273_D", at=NOW, status="dense"):
    camera = pin_camera(session, name, segment, at)
    reading = CameraReading(
        camera_id=camera.id, at=at, status=status, occupancy=0.2, confidence=0.9, vehicles=3,
        people=1, model_version="a", live_status="heavy",
    )  # fmt: skip
    record_reading(session, reading)
    return camera


def test_a_camera_is_made_once_and_its_last_reading_is_told(operations):
    with operations.begin() as session:
        first = keep(session, "Pont de  Nantes ", at=NOW - timedelta(hours=1))
        second = keep(session, "Pont de Nantes", status="blocked")
        keep(session, "Quai Sud", segment="10299_D")
    assert first.id == second.id
    with operations.begin() as session:
        told = {camera.name: reading.status for camera, reading in latest_readings(session)}
        since = readings_since(session, NOW - timedelta(minutes=1), 10)
        newest = [reading.at for _, reading in readings_since(session, NOW - timedelta(days=1), 2)]
    assert told == {"Pont de Nantes": "blocked", "Quai Sud": "dense"}
    assert len(since) == 2
    assert newest == [NOW, NOW]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_camera_has_a_name(operations, name):
    with pytest.raises(InvalidRequest, match="name"), operations.begin() as session:
        pin_camera(session, name, "10273_D", NOW)


def test_a_camera_goes_with_its_readings_and_others_stay(operations):
    with operations.begin() as session:
        gone = keep(session, "Pont de Nantes")
        keep(session, "Quai Sud")
    with operations.begin() as session:
        remove_camera(session, gone.id)
    with operations.begin() as session:
        left = readings_since(session, NOW - timedelta(days=1), 10)
    assert [camera.name for camera, _ in left] == ["Quai Sud"]
    with pytest.raises(InvalidRequest), operations.begin() as session:
        remove_camera(session, gone.id)


def test_a_reading_needs_its_camera(operations):
    reading = CameraReading(
        camera_id="nobody", at=NOW, status="free", occupancy=None, confidence=None, vehicles=0,
        people=0, model_version="a",
    )  # fmt: skip
    with pytest.raises(InvalidRequest), operations.begin() as session:
        record_reading(session, reading)


def test_old_readings_are_removed_in_time(operations):
    with operations.begin() as session:
        keep(session, "Pont de Nantes", at=NOW - timedelta(days=401))
        keep(session, "Pont de Nantes")
    assert prune_readings(operations, NOW, timedelta(days=400)) == 1
    assert prune_readings(operations, NOW, timedelta(days=400)) == 0
    with operations.begin() as session:
        assert len(readings_since(session, NOW - timedelta(days=999), 10)) == 1
