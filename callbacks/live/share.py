"""The present state for whoever is sent a link: a picture of it, made once a snapshot."""

from __future__ import annotations

from typing import Final

import numpy as np
from flask import Flask, Response, request
from werkzeug.urls import iri_to_uri

from callbacks.http.answers import conditional, kept, kept_for, nothing
from callbacks.http.language import PARAMETER
from components.document import Preview
from components.share_picture import (
    SIZE_PX,
    Line,
    RoadMap,
    SharedState,
    draw_picture,
    state_sentence,
)
from services.base.texts import Texts, checked_language, languages, load_texts
from services.city.plane import placed_m
from services.plain.statuses import DATEX_NAMES
from services.roles.assembly import Services
from services.web.latest import TrafficView

PATH: Final = "/share.png"
_KEPT_SECONDS: Final = 60
# Whoever writes a longer address gets that of the page alone.
_LONGEST_URL: Final = 300


def register(server: Flask, services: Services) -> None:
    """Add the route of the picture."""

    @kept(len(languages()))
    def picture_of(asked: tuple[TrafficView, bool, str]) -> bytes:
        view, is_old, language = asked
        state = shared_state(view, is_old=is_old)
        return draw_picture(load_texts(language), state, road_map(view))

    @server.get(PATH, endpoint="picture to share")
    def picture() -> Response:
        view = services.traffic.view()
        if view is None:
            return nothing()
        # The address alone decides, so that anybody in between may keep the answer.
        language = checked_language(request.args.get(PARAMETER))
        drawn = picture_of((view, is_old(services, view), language))
        return conditional(kept_for(Response(drawn, content_type="image/png"), _KEPT_SECONDS))


def preview(services: Services, texts: Texts, image_path: str) -> Preview | None:
    """What other sites show of the page that is asked for; None where nobody says where that is.

    That is where the settings say: anybody may ask for any host. Where they say nothing it is the
    host that was asked for, if that is one; no answer is kept on the way to a visitor.

    Parameters
    ----------
    image_path : str
        Where the picture is, on this server.
    """
    named = services.settings.public_url
    if not (named or request.host):
        return None
    site = str(named or request.host_url).rstrip("/")
    view = services.traffic.view()
    description, image_url = texts["page"]["description"], None
    if view is not None:
        state = shared_state(view, is_old=is_old(services, view))
        description = state_sentence(texts, state)
        language = texts["language"]["code"]
        image_url = f"{site}{image_path}?{PARAMETER}={language}"
    # As it was asked for, character by character.
    path, whole = (iri_to_uri(asked) for asked in (request.path, request.full_path))
    is_short = request.query_string and len(site + whole) <= _LONGEST_URL
    return Preview(
        url=site + (whole if is_short else path),
        title=f"{texts['page']['title']} · {texts['page']['tagline']}",
        description=description,
        image_url=image_url,
        image_size=SIZE_PX,
    )


def is_old(services: Services, view: TrafficView) -> bool:
    """Whether a snapshot is no longer of now."""
    age_s = (services.clock() - view.snapshot.observed_at).total_seconds()
    limit_s = services.settings.late_after_seconds
    return view.snapshot.source == "archive" or age_s > limit_s


def shared_state(view: TrafficView, *, is_old: bool) -> SharedState:
    """What is told of a snapshot."""
    city, snapshot = view.network.city, view.snapshot
    # The state of the whole network follows those of the zones.
    states = zip(city.zones, view.zone_states, strict=False)
    return SharedState(
        observed_at=city.local(snapshot.observed_at),
        source=snapshot.source,
        is_old=is_old,
        zones={zone: None if state is None else state.status for zone, state in states},
    )


def road_map(view: TrafficView) -> RoadMap:
    """The roads of each status, in the box that the map shows first."""
    network, box = view.network, view.network.city.roads
    north_west, south_east = placed_m(network.city, [(box.west, box.north), (box.east, box.south)])
    parts = [
        (code, part)
        for code, parts in zip(view.snapshot.status_codes().tolist(), network.geometry, strict=True)
        for part in parts
    ]
    points = np.array([point[:2] for _, part in parts for point in part]).reshape(-1, 2)
    placed = (placed_m(network.city, points) - north_west) / (south_east - north_west)
    ends = np.cumsum([len(part) for _, part in parts])
    roads: dict[str, list[Line]] = {name: [] for name in DATEX_NAMES}
    for (code, part), end in zip(parts, ends.tolist(), strict=True):
        roads[DATEX_NAMES[code]].append([tuple(p) for p in placed[end - len(part) : end].tolist()])
    wide, high = np.abs(south_east - north_west).tolist()
    return RoadMap(roads, aspect=wide / high)
