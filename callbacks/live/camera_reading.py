"""Readings of the camera beside a segment's live status, and keeping them, for operators."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from dash import ALL, Dash, Input, Output, State, ctx, no_update
from flask import Response, current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden, ServiceUnavailable

from callbacks.http.answers import send_csv
from callbacks.http.camera_api import SEGMENT_PARAMETER
from callbacks.http.dash_requests import text_of
from callbacks.http.language import requested_language
from components import camera as cards
from services.base.errors import InvalidRequest, StorageError
from services.base.texts import Texts, chance, formats, load_texts
from services.camera.messages import Answer
from services.camera.reading import TrafficReading
from services.operations.cameras import pin_camera, readings_since, record_reading, remove_camera
from services.operations.database import NothingRecorded
from services.operations.tables import Camera, CameraReading
from services.plain.statuses import DATEX_NAMES
from services.roles.assembly import Services
from services.web.access.session import is_from_own_page, is_signed_in
from services.web.latest import TrafficView

log = logging.getLogger(__name__)

CSV_PATH: Final = "/camera/lectures.csv"
KEPT_SHOWN: Final = 50
KEPT_IN_CSV: Final = 10_000
# What was not kept by then is of a traffic long gone.
KEEP_WITHIN_SECONDS: Final = 3_600
_SALT: Final = "camera reading"

Sign = Callable[[Answer], str]
"""Makes a token of an answer's reading."""

_FIGURES: Final = (
    "status", "occupancy", "confidence", "vehicles", "people", "live_status", "model_version",
)  # fmt: skip


class SignedReading(msgspec.Struct, frozen=True):
    """A reading between the answer and the operator who keeps it."""

    reading: TrafficReading
    model_version: str


def register(page: Dash, album: Album, links: Mapping[str, str]) -> None:
    """Add what concerns segments and kept readings to the page.

    Parameters
    ----------
    links : mapping
        Addresses of ``home`` and ``login``.
    """

    @page.callback(
        Output(cards.SEGMENT_ID, "children"),
        Output(cards.KEEP_FORM_ID, "hidden"),
        Input(cards.LOCATION_ID, "search"),
        # The live status is told anew beside each reading.
        Input(cards.READING_STORE_ID, "data"),
    )
    def tell_segment(search: object, _token: object) -> tuple[Any, bool]:
        texts = load_texts(requested_language())
        segment = album.segment(texts, segment_of(search))
        is_operator = is_signed_in()
        told = cards.build_segment(texts, segment, links, is_operator=is_operator)
        return told, segment is None or not is_operator

    @page.callback(Output(cards.NAME_ID, "value"), Input(cards.LOCATION_ID, "search"))
    def propose_name(search: object) -> str:
        segment = album.segment(load_texts(requested_language()), segment_of(search))
        return "" if segment is None else segment.name

    @page.callback(
        Output(cards.KEPT_LIST_ID, "children"),
        Output(cards.KEPT_ID, "children"),
        Input(cards.KEEP_ID, "n_clicks"),
        Input({"type": cards.REMOVE_TYPE, "camera": ALL}, "n_clicks"),
        State(cards.READING_STORE_ID, "data"),
        State(cards.NAME_ID, "value"),
        State(cards.LOCATION_ID, "search"),
        prevent_initial_call=True,
    )
    def change(
        _keep: object, _remove: object, token: object, name: object, search: object
    ) -> tuple[Any, Any]:
        # A button that was only just drawn has not been pressed.
        if not ctx.triggered or not ctx.triggered[0]["value"]:
            return no_update, no_update
        if not (is_signed_in() and is_from_own_page()):
            raise Forbidden
        texts, chosen = load_texts(requested_language()), ctx.triggered_id
        if isinstance(chosen, dict):
            said = album.remove(texts, str(chosen["camera"]))
        else:
            said = album.keep(
                texts, text_of("reading", token), text_of("name", name), segment_of(search)
            )
        return cards.build_kept(texts, album.kept(texts), is_operator=True), said

    @page.server.get(CSV_PATH)
    def kept_csv() -> Response:
        try:
            return send_csv(album.rows(), "lectures.csv")
        except StorageError as error:
            raise ServiceUnavailable("The readings cannot be read now.") from error


def segment_of(search: object) -> str | None:
    """The segment that the page's address names.

    Raises
    ------
    InvalidRequest
        When it is no text.

    Examples
    --------
    >>> segment_of("?troncon=10273_D")
    '10273_D'
    >>> segment_of("") is None
    True
    """
    asked = parse_qs(text_of("search", search).removeprefix("?"))
    return asked.get(SEGMENT_PARAMETER, [None])[0]


def share_shown(texts: Texts, share: float | None) -> str:
    """A share as people read it; a dash for None."""
    return str(texts["glance"]["no_value"]) if share is None else chance(texts, share)


class Album:
    """The readings that operators kept."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._operations = services.operations

    def sign(self, answer: Answer) -> str:
        """A token of what the model said, which a browser can hand back but not change."""
        signed = SignedReading(answer.reading, answer.model_version)
        return str(self._signer().dumps(msgspec.to_builtins(signed)))

    def segment(self, texts: Texts, segment_id: str | None) -> cards.SegmentShown | None:
        """A segment as it is now; None where the network of today has none of that id."""
        view = self._services.traffic.view()
        if view is None or segment_id is None:
            return None
        status = _status_of(view, segment_id)
        if status is None:
            return None
        written, when = formats(texts), texts["camera"][f"observed_{view.snapshot.source}"]
        observed_at = self._services.city.local(view.snapshot.observed_at)
        return cards.SegmentShown(
            id=segment_id,
            name=str(view.network.names[view.network.index_of_id[segment_id]])
            or texts["road"]["no_name"],
            status=texts["status"][status],
            observed=when.format(
                time=written.clock(observed_at), moment=written.moment(observed_at)
            ),
        )

    def keep(self, texts: Texts, token: str, name: str, segment_id: str | None) -> str:
        """Keep a reading at a segment; says what came of it."""
        wording = texts["camera"]
        try:
            content = self._signer().loads(token, max_age=KEEP_WITHIN_SECONDS)
            signed = msgspec.convert(content, SignedReading)
        except (BadData, msgspec.ValidationError):
            return str(wording["keep_too_late"])
        if segment_id is None or self.segment(texts, segment_id) is None:
            return str(wording["segment_gone"])
        try:
            self._record(signed, name, segment_id)
        except InvalidRequest:
            return str(wording["name_refused"])
        except StorageError as error:
            log.error("a reading was not kept: %s", error)
            return str(wording["keep_failed"])
        return str(wording["keep_done"])

    def remove(self, texts: Texts, camera_id: str) -> str:
        """Remove a camera and its readings; says what came of it."""
        try:
            with self._operations.writing.begin() as session:
                remove_camera(session, camera_id)
        except (InvalidRequest, StorageError) as error:
            log.error("a camera was not removed: %s", error)
            return str(texts["camera"]["keep_failed"])
        return str(texts["camera"]["remove_done"])

    def kept(self, texts: Texts) -> list[cards.KeptShown] | None:
        """The newest readings; None when they cannot be read."""
        try:
            found = self._found(KEPT_SHOWN)
        except StorageError as error:
            log.error("readings cannot be read: %s", error)
            return None
        return [self._shown(texts, camera, reading) for camera, reading in found]

    def rows(self) -> list[list[object]]:
        """A table of every reading, the newest first, below its header.

        Raises
        ------
        StorageError
        """
        header: list[object] = ["camera", "segment_id", "at", *_FIGURES]
        rows: list[list[object]] = [
            [
                camera.name,
                camera.segment_id,
                item.at.isoformat(timespec="seconds"),
                *(getattr(item, name) for name in _FIGURES),
            ]
            for camera, item in self._found(KEPT_IN_CSV)
        ]
        return [header, *rows]

    def _record(self, signed: SignedReading, name: str, segment_id: str) -> None:
        now, found = self._services.clock(), signed.reading
        with self._operations.writing.begin() as session:
            camera = pin_camera(session, name, segment_id, now)
            record_reading(
                session,
                CameraReading(
                    camera_id=camera.id,
                    at=now,
                    status=found.status,
                    occupancy=found.occupancy,
                    confidence=found.confidence,
                    # Only readings with counts are signed.
                    vehicles=found.vehicles or 0,
                    people=found.people or 0,
                    model_version=signed.model_version,
                    live_status=self._live_status(segment_id),
                ),
            )

    def _live_status(self, segment_id: str) -> str | None:
        """What the feed says of a segment; None where that is simulated or late."""
        view = self._services.traffic.view()
        if view is None or view.snapshot.source != "live":
            return None
        age_s = (self._services.clock() - view.snapshot.observed_at).total_seconds()
        if age_s > self._services.settings.late_after_seconds:
            return None
        return _status_of(view, segment_id)

    def _found(self, limit: int) -> Sequence[tuple[Camera, CameraReading]]:
        keep = timedelta(days=self._services.settings.history_retention_days)
        try:
            with self._operations.reading.begin() as session:
                return readings_since(session, self._services.clock() - keep, limit)
        except NothingRecorded:
            return []

    def _shown(self, texts: Texts, camera: Camera, item: CameraReading) -> cards.KeptShown:
        segment = self.segment(texts, camera.segment_id)
        return cards.KeptShown(
            camera_id=camera.id,
            name=camera.name,
            segment=camera.segment_id if segment is None else segment.name,
            at=formats(texts).moment(self._services.city.local(item.at)),
            status=item.status,
            occupancy=share_shown(texts, item.occupancy),
            vehicles=formats(texts).number(item.vehicles),
            live_status=texts["glance"]["no_value"]
            if item.live_status is None
            else texts["status"][item.live_status],
        )

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(str(current_app.secret_key), salt=_SALT)


def _status_of(view: TrafficView, segment_id: str) -> str | None:
    """Status of a segment as DATEX II spells it; None where there is no such segment."""
    index = view.network.index_of_id.get(segment_id)
    return None if index is None else DATEX_NAMES[int(view.snapshot.status_codes()[index])]
