"""The page ``/camera``: a street picture in, its mask and what it says about the traffic out."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component
from flask import Response, request
from werkzeug.exceptions import Forbidden

from callbacks.http.answers import json_answer
from callbacks.http.camera_api import SEGMENT_PARAMETER, decode_base64
from callbacks.http.language import asked_in_address, requested_language
from callbacks.live import camera_reading
from callbacks.live.camera_reading import Album, share_shown
from callbacks.pages import privacy
from callbacks.pages.log_in import log_in_address
from callbacks.pages.subpage import HOME_PATH, Pages, add_page
from components import camera as cards
from components.subpage import Subpage
from services.base.csv_text import csv_text
from services.base.errors import InvalidRequest
from services.base.texts import Texts, chance, formats, load_texts
from services.camera.errors import (
    CameraBusy,
    CameraUnavailable,
    PictureRefused,
    PictureTooLarge,
)
from services.camera.limits import MAX_BYTES
from services.camera.messages import Answer
from services.roles.assembly import Services
from services.web.access.session import is_from_own_page, is_signed_in
from services.web.camera_client import CameraClient
from services.web.server.awaited import IsAwaited, always, awaited

PATH: Final = "/camera"
# What the page asks as it opens, and again while it waits.
READY_PATH: Final = "/camera/ready"
NAMESPACE: Final = "camera"
# The one value of a callback that may be large.
PICTURE_INPUT: Final = f"{cards.PICTURE_STORE_ID}.data"
# As large as a browser sends: sixty times what the model sees.
MAX_SIDE: Final = 2_048
_PNG: Final = "data:image/png;base64,"
_CSV: Final = "data:text/csv;charset=utf-8;base64,"


@dataclass(frozen=True)
class Told:
    """What the page shows after a picture: a result or a message.

    Attributes
    ----------
    mask : str
        A data address, empty with a message.
    message : str
        Empty with a result.
    may_try_again : bool
        Whether the same picture may do better in a moment.
    token : str or None
        The reading, signed by this server, where it may be kept.
    """

    mask: str = ""
    result: tuple[Component, ...] = ()
    message: str = ""
    may_try_again: bool = False
    token: str | None = None


def register(pages: Pages, services: Services) -> None:
    """Add the page; where no pictures are read it says that and nothing leads there."""
    main = pages.main
    if not services.settings.camera:
        home = main.get_relative_path(HOME_PATH)
        add_page(
            pages,
            PATH,
            "camera",
            lambda texts: cards.build_switched_off(texts, home),
            is_offered=False,
        )
        return
    links = {
        "home": main.get_relative_path(HOME_PATH),
        "privacy": main.get_relative_path(privacy.PATH),
        "csv": camera_reading.CSV_PATH,
        "login": log_in_address(PATH),
    }
    settings = {
        "maxBytes": MAX_BYTES,
        "maxSide": MAX_SIDE,
        "sampleUrl": main.get_asset_url("camera/sample.jpg"),
        "readyUrl": main.get_relative_path(READY_PATH),
    }
    album = Album(services)

    def layout(texts: Texts) -> Subpage:
        return cards.build_camera_page(
            texts,
            segment=album.segment(texts, asked_in_address(SEGMENT_PARAMETER)),
            kept=album.kept(texts),
            is_operator=is_signed_in(),
            settings=settings | _said(texts["camera"]),
            links=links,
        )

    page = add_page(pages, PATH, "camera", layout)
    camera_reading.register(page, album, links)
    _register_browser(page)

    @page.server.post(READY_PATH)
    def ready() -> Response:
        # No other site has this one take the memory of a model.
        if not is_from_own_page():
            raise Forbidden
        answer = json_answer({"model": services.camera.prepare()})
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @page.callback(
        Output(cards.MASK_ID, "src"),
        Output(cards.RESULT_ID, "children"),
        Output(cards.MESSAGE_ID, "children"),
        Output(cards.AGAIN_ID, "hidden"),
        Output(cards.READING_STORE_ID, "data"),
        Output(cards.KEEP_ID, "disabled"),
        Input(cards.PICTURE_STORE_ID, "data"),
        Input(cards.AGAIN_ID, "n_clicks"),
        running=[
            (Output(cards.PROGRESS_ID, "hidden"), False, True),
            # What was said of the picture before.
            (Output(cards.RESULT_ID, "hidden"), True, False),
            (Output(cards.MASK_ID, "hidden"), True, False),
            (Output(cards.MESSAGE_ID, "hidden"), True, False),
        ],
        prevent_initial_call=True,
    )
    def look(picture: object, _again: object) -> tuple[Any, ...]:
        texts = load_texts(requested_language())
        handed_in = picture.get("data") if isinstance(picture, Mapping) else None
        told = tell(services.camera, texts, handed_in, album.sign, awaited(request.environ))
        is_kept_out = told.token is None
        result = list(told.result)
        return told.mask, result, told.message, not told.may_try_again, told.token, is_kept_out


def _said(wording: Mapping[str, str]) -> dict[str, Any]:
    """What the script says, by how far the model is."""
    sending, loading = wording["step_sending"], wording["step_loading"]
    ready = wording["model_ready"]
    return {
        "uploadLabel": wording["hand_in"],
        "model": {
            "cold": wording["model_cold"],
            "loading": wording["model_loading"],
            "ready": ready,
            "reading": ready,
            "away": wording["unavailable"],
        },
        # A model that waits has not got the picture yet.
        "steps": {
            "cold": sending,
            "loading": loading,
            "ready": sending,
            "reading": wording["step_reading"],
            "away": sending,
        },
    }


def tell(
    camera: CameraClient,
    texts: Texts,
    picture: object,
    sign: camera_reading.Sign,
    is_awaited: IsAwaited = always,
) -> Told:
    """Have a picture looked at, and say what came of it in the visitor's language.

    Parameters
    ----------
    picture : object
        A data address; None where the browser kept a file back that is too large.
    sign : callable
        Makes a token of a reading.
    is_awaited : callable
        Whether the visitor still waits.
    """
    wording = texts["camera"]
    if picture is None:
        return Told(message=_too_large(texts))
    try:
        answer = camera.look_at(decode_base64(str(picture)), is_awaited=is_awaited)
    except InvalidRequest:
        return Told(message=wording["not_a_picture"])
    except PictureTooLarge:
        return Told(message=_too_large(texts))
    except PictureRefused as error:
        return Told(message=wording[error.fault])
    except CameraUnavailable as error:
        key = "busy" if isinstance(error, CameraBusy) else "unavailable"
        return Told(message=wording[key], may_try_again=True)
    return Told(
        mask=_PNG + base64.b64encode(answer.mask_png).decode(),
        result=tuple(cards.build_result(texts, reading_shown(texts, answer))),
        # Of a picture that was none to read there is nothing to keep.
        token=None if answer.reading.vehicles is None else sign(answer),
    )


def reading_shown(texts: Texts, answer: Answer) -> cards.ReadingShown:
    """An answer, every value as it is read."""
    found = answer.reading
    return cards.ReadingShown(
        status=found.status,
        occupancy=share_shown(texts, found.occupancy),
        low=share_shown(texts, found.occupancy_low),
        high=share_shown(texts, found.occupancy_high),
        confidence=share_shown(texts, found.confidence),
        reason=found.reason,
        vehicles=found.vehicles,
        people=found.people,
        legend=_legend(texts, answer),
        size=f"{answer.width} × {answer.height}",
        took=formats(texts).duration(answer.took_ms / 1_000),
        model_version=answer.model_version,
        mask_png=_PNG + base64.b64encode(answer.mask_png).decode(),
        csv=_CSV + base64.b64encode(figures_csv(answer).encode("utf-8-sig")).decode(),
    )


def figures_csv(answer: Answer) -> str:
    """Every figure of an answer; shares from 0 to 1, with a point."""
    shares = [
        (f"share of {item.name}", f"{share:.5f}")
        for item, share in zip(answer.classes, answer.shares, strict=True)
    ]
    found = answer.reading
    told = {
        "status": found.status,
        "reason": found.reason,
        "occupancy": found.occupancy,
        "occupancy low": found.occupancy_low,
        "occupancy high": found.occupancy_high,
        "confidence": found.confidence,
        "familiarity": found.familiarity,
        "vehicles": found.vehicles,
        "people": found.people,
        "width": answer.width,
        "height": answer.height,
        "model": answer.model_version,
    }
    return csv_text([("figure", "value"), *shares, *told.items()])


def _legend(texts: Texts, answer: Answer) -> list[tuple[str, str, str]]:
    """Colour, name and share of the classes that are there, the largest first."""
    names = texts["camera_class"]
    shares = sorted(
        zip(answer.classes, answer.shares, strict=True), key=lambda item: item[1], reverse=True
    )
    return [
        # A model of somebody's own has names of its own.
        (item.colour, names.get(item.name, item.name), chance(texts, share))
        for item, share in shares
        if share > 0
    ]


def _too_large(texts: Texts) -> str:
    return str(texts["camera"]["too_large"]).format(size=formats(texts).megabytes(MAX_BYTES))


def _register_browser(page: Dash) -> None:
    """What happens in the browser alone."""
    page.clientside_callback(
        ClientsideFunction(NAMESPACE, "equip"),
        # Without an output, Dash would not call it on a page that comes after another.
        Output(cards.SAMPLE_ID, "disabled"),
        Input(cards.SETTINGS_STORE_ID, "data"),
    )
    page.clientside_callback(
        ClientsideFunction(NAMESPACE, "prepare"),
        Output(cards.PICTURE_STORE_ID, "data"),
        Output(cards.PICTURE_ID, "src"),
        Output(cards.STAGE_ID, "hidden"),
        Input(cards.UPLOAD_ID, "contents"),
        State(cards.SETTINGS_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    page.clientside_callback(
        ClientsideFunction(NAMESPACE, "sample"),
        Input(cards.SAMPLE_ID, "n_clicks"),
        State(cards.SETTINGS_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    page.clientside_callback(
        ClientsideFunction(NAMESPACE, "fade"),
        Output(cards.MASK_ID, "style"),
        Input(cards.OPACITY_ID, "value"),
        prevent_initial_call=True,
    )
