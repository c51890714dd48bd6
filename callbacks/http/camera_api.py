"""``/api/v1/segmentation`` and ``/api/v1/cameras``: street pictures for programs."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import ServiceUnavailable, UnsupportedMediaType

from callbacks.http.answers import for_all_sites, json_answer
from callbacks.http.problems import problem
from services.base.errors import InvalidRequest, StorageError
from services.camera.errors import (
    CameraBusy,
    CameraUnavailable,
    NotAPicture,
    PictureRefused,
    PictureTooCostly,
    PictureTooLarge,
)
from services.camera.messages import Answer
from services.operations.cameras import latest_readings
from services.operations.database import NothingRecorded
from services.operations.tables import Camera, CameraReading
from services.roles.assembly import Services
from services.web.server.awaited import awaited

log = logging.getLogger(__name__)

PATH: Final = "/api/v1/segmentation"
CAMERAS_PATH: Final = "/api/v1/cameras"
# Names a segment in the address of the camera's page.
SEGMENT_PARAMETER: Final = "troncon"
_FIELD: Final = "image"
_UNAVAILABLE_RETRY_S: Final = 30


def register(server: Flask, services: Services) -> None:
    """Add the routes, and what becomes of the camera's errors."""

    @server.post(PATH)
    def segmentation() -> Response:
        wants_picture = _checked_choice(request.args.get("picture", "true"))
        answer = services.camera.look_at(
            picture_of_request(),
            wants_picture=wants_picture,
            is_awaited=awaited(request.environ),
        )
        return json_answer(_segmentation_body(answer))

    @server.get(CAMERAS_PATH)
    def cameras() -> Response:
        try:
            with services.operations.reading.begin() as session:
                found = latest_readings(session)
        except NothingRecorded:
            found = []
        except StorageError as error:
            log.error("readings cannot be read: %s", error)
            raise ServiceUnavailable("The readings cannot be read now.") from error
        return for_all_sites(json_answer([camera_body(camera, item) for camera, item in found]))

    @server.errorhandler(PictureRefused)
    def refused(error: PictureRefused) -> Response:
        return problem(_status_of(error), str(error), parameter=_FIELD)

    @server.errorhandler(CameraUnavailable)
    def unavailable(error: CameraUnavailable) -> Response:
        answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        wait_s = error.retry_after_s if isinstance(error, CameraBusy) else _UNAVAILABLE_RETRY_S
        answer.headers["Retry-After"] = str(wait_s)
        return answer


def picture_of_request() -> bytes:
    """The picture of the request in progress: a form's file, base64 in JSON, or the body.

    Raises
    ------
    InvalidRequest
        When there is none, or it is no base64.
    werkzeug.exceptions.UnsupportedMediaType
        For a body of any other kind.
    werkzeug.exceptions.RequestEntityTooLarge
    """
    kind = request.mimetype
    if kind == "multipart/form-data":
        file = request.files.get(_FIELD)
        if file is None:
            raise InvalidRequest(_FIELD, "", "a file in a field of this name")
        return file.read()
    if kind == "application/json":
        content = request.get_json()
        text = content.get(_FIELD) if isinstance(content, dict) else None
        if not isinstance(text, str):
            raise InvalidRequest(_FIELD, "", "a picture in base64, in a member of this name")
        return decode_base64(text)
    if kind.startswith("image/"):
        return request.get_data()
    raise UnsupportedMediaType(
        "a picture comes as multipart/form-data, as application/json or as image/…"
    )


def decode_base64(text: str) -> bytes:
    """The bytes of base64, with or without ``data:…,`` in front.

    Raises
    ------
    InvalidRequest
    """
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(_FIELD, encoded[:20], "a picture in base64") from None


def camera_body(camera: Camera, reading: CameraReading) -> Mapping[str, Any]:
    """A camera and its last reading, as the API tells them."""
    return {
        "id": camera.id,
        "name": camera.name,
        "segment_id": camera.segment_id,
        "at": reading.at.isoformat(timespec="seconds"),
        "status": reading.status,
        "occupancy": reading.occupancy,
        "confidence": reading.confidence,
        "vehicles": reading.vehicles,
        "people": reading.people,
        "model_version": reading.model_version,
        "live_status": reading.live_status,
    }


def _segmentation_body(answer: Answer) -> Mapping[str, Any]:
    picture = answer.picture_png
    return {
        "width": answer.width,
        "height": answer.height,
        "image": None if picture is None else base64.b64encode(picture).decode(),
        "mask": base64.b64encode(answer.mask_png).decode(),
        "classes": [
            {"name": item.name, "colour": item.colour, "role": item.role, "share": share}
            for item, share in zip(answer.classes, answer.shares, strict=True)
        ],
        "reading": asdict(answer.reading),
        "model_version": answer.model_version,
        "took_ms": round(answer.took_ms, 1),
    }


def _checked_choice(text: str) -> bool:
    if text not in {"true", "false"}:
        raise InvalidRequest("picture", text, "true or false")
    return text == "true"


def _status_of(error: PictureRefused) -> HTTPStatus:
    if isinstance(error, NotAPicture):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if isinstance(error, PictureTooLarge | PictureTooCostly):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HTTPStatus.BAD_REQUEST
