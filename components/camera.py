"""The page of the camera: a street picture in, its mask and what it says about the traffic out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components.aria import aria
from components.subpage import Subpage, build_card
from services.base.texts import Texts

UPLOAD_ID: Final = "camera-upload"
SAMPLE_ID: Final = "camera-sample"
PICTURE_STORE_ID: Final = "camera-picture"
SETTINGS_STORE_ID: Final = "camera-settings"
STAGE_ID: Final = "camera-stage"
PICTURE_ID: Final = "camera-shown"
MASK_ID: Final = "camera-mask"
OPACITY_ID: Final = "camera-opacity"
PROGRESS_ID: Final = "camera-progress"
STEP_ID: Final = "camera-step"
MODEL_ID: Final = "camera-model"
MESSAGE_ID: Final = "camera-message"
AGAIN_ID: Final = "camera-again"
RESULT_ID: Final = "camera-result"
READING_STORE_ID: Final = "camera-reading"
LOCATION_ID: Final = "camera-location"
SEGMENT_ID: Final = "camera-segment"
KEEP_FORM_ID: Final = "camera-keep-form"
NAME_ID: Final = "camera-name"
KEEP_ID: Final = "camera-keep"
KEPT_ID: Final = "camera-kept"
KEPT_LIST_ID: Final = "camera-kept-list"
REMOVE_TYPE: Final = "camera-remove"

FIRST_OPACITY_PCT: Final = 55


@dataclass(frozen=True)
class SegmentShown:
    """A segment of the network, as it is now, every value as it is read."""

    id: str
    name: str
    status: str
    observed: str


@dataclass(frozen=True)
class ReadingShown:
    """What a picture says, every value as it is read.

    Attributes
    ----------
    status : {"free", "dense", "blocked", "unknown"}
    occupancy, low, high, confidence : str
        Percentages; empty where the status is unknown.
    reason : {"uniform", "noise", "unfamiliar", "no_road"} or None
        Why the status is unknown.
    vehicles, people : int or None
        None where the picture is none to count in.
    legend : sequence of triples
        Colour, name and share of each class in the picture, the largest first.
    mask_png, csv : str
        For downloading, as data addresses.
    """

    status: str
    occupancy: str
    low: str
    high: str
    confidence: str
    reason: str | None
    vehicles: int | None
    people: int | None
    legend: Sequence[tuple[str, str, str]]
    size: str
    took: str
    model_version: str
    mask_png: str
    csv: str


@dataclass(frozen=True)
class KeptShown:
    """A reading that was kept, every value as it is read."""

    camera_id: str
    name: str
    segment: str
    at: str
    status: str
    occupancy: str
    vehicles: str
    live_status: str


def build_camera_page(
    texts: Texts,
    *,
    segment: SegmentShown | None,
    kept: Sequence[KeptShown] | None,
    is_operator: bool,
    settings: Mapping[str, Any],
    links: Mapping[str, str],
) -> Subpage:
    """The page.

    Parameters
    ----------
    segment : SegmentShown, or None
        Where the visitor comes from; None when from no segment.
    kept : sequence of KeptShown, or None
        None when the readings cannot be read.
    is_operator : bool
        Whether the visitor may keep readings.
    settings : mapping
        What the scripts need: ``maxBytes``, ``maxSide``, ``sampleUrl``, ``readyUrl``,
        ``uploadLabel``, and what is said by how far the model is: ``model`` before a picture,
        ``steps`` while one is handed in.
    links : mapping
        Addresses of ``privacy``, ``csv`` and ``login``.
    """
    wording = texts["camera"]
    return Subpage(
        [
            _hand_in(wording, links),
            html.Div(
                [_stage(wording), html.Div(id=RESULT_ID, className="camera-result")],
                className="camera-view",
            ),
            _segment(wording, build_segment(texts, segment, links, is_operator=is_operator)),
            build_card(
                wording["kept_title"],
                html.Div(build_kept(texts, kept, is_operator=is_operator), id=KEPT_LIST_ID),
                html.A(wording["kept_csv"], href=links["csv"]),
            ),
            build_card(
                wording["limits_title"],
                *[html.P(wording[f"limits_{part}"]) for part in ("speed", "model", "what")],
            ),
        ],
        unseen=[
            # Names the segment, where the visitor comes from one.
            dcc.Location(id=LOCATION_ID, refresh=False),
            dcc.Store(id=PICTURE_STORE_ID),
            dcc.Store(id=READING_STORE_ID),
            dcc.Store(id=SETTINGS_STORE_ID, data=dict(settings)),
        ],
    )


def build_switched_off(texts: Texts, home_url: str) -> Subpage:
    """The page where no pictures are read."""
    wording = texts["camera"]
    link = html.P(html.A(wording["to_map"], href=home_url))
    return Subpage([build_card(wording["off_title"], html.P(wording["off"]), link)])


def build_result(texts: Texts, reading: ReadingShown) -> list[Component]:
    """What a picture says about the traffic, and what is where in it."""
    wording = texts["camera"]
    return [
        build_card(wording["reading_title"], *_reading(texts, reading)),
        build_card(
            # What is told of a picture that is none to read is the model's fancy.
            wording["mask_title" if reading.vehicles is not None else "mask_title_doubtful"],
            html.Ul(
                [_legend_row(*row) for row in reading.legend],
                className="camera-legend",
            ),
            html.P(
                [
                    html.A(
                        wording["download_mask"],
                        href=reading.mask_png,
                        download=wording["mask_file"],
                    ),
                    html.A(wording["download_csv"], href=reading.csv, download=wording["csv_file"]),
                ],
                className="camera-downloads",
            ),
            html.P(
                wording["made_by"].format(
                    size=reading.size, took=reading.took, version=reading.model_version
                ),
                className="camera-fine",
            ),
        ),
    ]


def build_kept(
    texts: Texts, kept: Sequence[KeptShown] | None, *, is_operator: bool
) -> list[Component]:
    """The readings that were kept, the newest first."""
    wording = texts["camera"]
    if kept is None:
        return [html.P(wording["kept_unreadable"])]
    if not kept:
        return [html.P(wording["kept_none"])]
    columns = ("at", "camera", "segment", "status", "occupancy", "vehicles", "live")
    heads = [html.Th(wording[f"column_{name}"], scope="col") for name in columns]
    if is_operator:
        heads.append(html.Th(wording["column_remove"], scope="col"))
    rows = [_kept_row(texts, item, is_operator=is_operator) for item in kept]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="quality-table")
    return [html.Div(table, className="quality-scroll", tabIndex=0)]


def _hand_in(wording: Mapping[str, Any], links: Mapping[str, str]) -> html.Section:
    return build_card(
        wording["hand_in_title"],
        dcc.Upload(
            [
                html.Strong(wording["hand_in"]),
                html.Span(wording["hand_in_how"]),
            ],
            id=UPLOAD_ID,
            # Of any kind: what is no picture gets a clear answer, not none.
            className="camera-upload",
            className_active="camera-upload camera-upload--over",
        ),
        html.Button(wording["sample"], id=SAMPLE_ID, className="exploitation-button"),
        html.P(id=MODEL_ID, role="status", className="camera-fine camera-model"),
        html.P(
            [wording["private"], " ", html.A(wording["private_link"], href=links["privacy"])],
            className="camera-fine",
        ),
        html.Div(
            [
                html.Span(className="camera-spinner", **aria(hidden="true")),
                html.Span(wording["step_sending"], id=STEP_ID),
            ],
            id=PROGRESS_ID,
            className="camera-progress",
            role="status",
            hidden=True,
        ),
        html.Div(id=MESSAGE_ID, role="alert", className="camera-message"),
        html.Button(wording["again"], id=AGAIN_ID, className="exploitation-button", hidden=True),
    )


def _stage(wording: Mapping[str, Any]) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.Img(id=PICTURE_ID, alt=wording["picture_alt"]),
                    html.Img(
                        id=MASK_ID,
                        alt="",
                        className="camera-mask",
                        style={"opacity": FIRST_OPACITY_PCT / 100},
                    ),
                ],
                className="camera-frame",
            ),
            html.Label(wording["opacity"], htmlFor=OPACITY_ID),
            dbc.Input(
                id=OPACITY_ID,
                type="range",
                min=0,
                max=100,
                step=5,
                value=FIRST_OPACITY_PCT,
                class_name="camera-opacity",
            ),
        ],
        id=STAGE_ID,
        className="card-panel subpage-card camera-stage",
        hidden=True,
    )


def _reading(texts: Texts, reading: ReadingShown) -> list[Component]:
    wording = texts["camera"]
    status = texts["zone_status"][reading.status]
    chip = html.P(status, className=f"camera-status camera-status--{reading.status}", role="status")
    if reading.reason is not None:
        return [chip, html.P(texts["camera_unknown"][reading.reason])]
    return [
        chip,
        html.P(
            wording["covered"].format(
                occupancy=reading.occupancy, low=reading.low, high=reading.high
            )
        ),
        html.P(wording["counted"].format(vehicles=reading.vehicles, people=reading.people)),
        html.P(wording["confidence"].format(confidence=reading.confidence)),
    ]


def _legend_row(colour: str, name: str, share: str) -> html.Li:
    return html.Li(
        [
            html.Span(className="camera-swatch", style={"background": colour}),
            html.Span(name),
            html.Span(share),
        ]
    )


def build_segment(
    texts: Texts, segment: SegmentShown | None, links: Mapping[str, str], *, is_operator: bool
) -> list[Component]:
    """What is known of the segment that the picture is of, and who may keep the reading."""
    wording = texts["camera"]
    if segment is None:
        told: list[Component] = [
            html.P([wording["segment_none"], " ", html.A(wording["to_map"], href=links["home"])])
        ]
    else:
        told = [
            html.P(
                wording["segment_now"].format(
                    name=segment.name, status=segment.status, observed=segment.observed
                )
            )
        ]
    if not is_operator:
        told.append(
            html.P([wording["keep_who"], " ", html.A(wording["log_in"], href=links["login"])])
        )
    return told


def _segment(wording: Mapping[str, Any], told: Sequence[Component]) -> html.Section:
    return build_card(
        wording["segment_title"],
        html.Div(told, id=SEGMENT_ID),
        html.Div(
            [
                html.Label(wording["name"], htmlFor=NAME_ID),
                dbc.Input(id=NAME_ID, value="", maxlength=80),
                html.Button(
                    wording["keep"], id=KEEP_ID, className="exploitation-button", disabled=True
                ),
                html.Span(id=KEPT_ID, role="status"),
            ],
            id=KEEP_FORM_ID,
            className="camera-keep",
            hidden=True,
        ),
    )


def _kept_row(texts: Texts, item: KeptShown, *, is_operator: bool) -> html.Tr:
    wording = texts["camera"]
    cells: list[Any] = [
        item.at,
        item.name,
        item.segment,
        html.Span(
            texts["zone_status"][item.status],
            className=f"camera-tag camera-status--{item.status}",
        ),
        item.occupancy,
        item.vehicles,
        item.live_status,
    ]
    if is_operator:
        cells.append(
            html.Button(
                wording["remove"],
                id={"type": REMOVE_TYPE, "camera": item.camera_id},
                className="link-button",
            )
        )
    return html.Tr([html.Td(cell) for cell in cells])
