"""A stored day in the browser: whatever the server wrote comes back, at any time, in any order."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from services.trends.replay import KEY_EVERY, Frame, ReplayDay, encode_replay
from tests.assets.scripts import loaded

START = 1_763_938_800


@pytest.fixture(scope="module")
def page():
    with loaded("app.js", "trends_replay_codec.js") as page:
        yield page


def make_day(codes, *, gaps=(), levels=None, step_s=180):
    """Frames of one step each from midnight on; those of the places in ``gaps`` are gaps."""
    frames = tuple(
        Frame(
            START + step_s * place,
            None if place in gaps else np.asarray(row, np.uint8),
            None if levels is None else levels[place],
        )
        for place, row in enumerate(codes)
    )
    segments = len(codes[0]) if len(codes) else 3
    return ReplayDay(
        date(2026, 11, 24), "demo", "net", segments, START, START + 86_400, START + 7_200, frames
    )


def open_day(page, document, name="day"):
    listed = json.dumps(list(document))
    page.js(
        f"void (globalThis.{name} = new trafficRennes.ReplayDay(new Uint8Array({listed}).buffer))"
    )


def codes_at(page, place):
    return page.js(f"Array.from(day.codesAt({place}))")


def random_days():
    """Days whose segments change seldom, often and all at once, of many sizes."""
    random = np.random.default_rng(17)
    for segments, frames, share in [
        (1, 3, 0.5), (2, 90, 0.5), (7, 60, 0.02), (8, 60, 1.0), (301, 130, 0.1), (2_859, 30, 0.001)
    ]:  # fmt: skip
        codes = random.integers(0, 5, (frames, segments))
        for place in range(1, frames):
            stays = random.random(segments) >= share
            codes[place][stays] = codes[place - 1][stays]
        gaps = set(np.flatnonzero(random.random(frames) < 0.1).tolist())
        yield codes, gaps


@pytest.mark.parametrize(("codes", "gaps"), list(random_days()))
def test_every_frame_comes_back_in_order_and_at_random(page, codes, gaps):
    open_day(page, encode_replay(make_day(codes, gaps=gaps)))
    wanted = [
        ([0] * len(row) if place in gaps else row.tolist()) for place, row in enumerate(codes)
    ]
    places = list(range(len(codes)))
    shuffled = np.random.default_rng(3).permutation(places).tolist()
    for place in [*places, *shuffled, *reversed(places)]:
        assert codes_at(page, place) == wanted[place]


def test_what_a_page_got_is_its_own(page):
    open_day(page, encode_replay(make_day([[1, 2, 3], [1, 2, 2]])))
    page.js("void (globalThis.got = day.codesAt(0))")
    assert codes_at(page, 1) == [1, 2, 2]
    assert page.js("Array.from(got)") == [1, 2, 3]


def test_the_header_says_what_is_played(page):
    codes = [[1, 2], [1, 3], [2, 3]]
    open_day(page, encode_replay(make_day(codes, gaps={1}, levels=[0.256, None, 1.0])))
    told = page.js(
        "[day.day, day.source, day.network, day.segments, day.start, day.end, day.until,"
        " day.times, day.levels]"
    )
    assert told == [
        "2026-11-24", "demo", "net", 2, START, START + 86_400, START + 7_200,
        [START, START + 180, START + 360], [26, None, 100],
    ]  # fmt: skip


def test_a_time_shows_the_frame_that_was_observed_last(page):
    open_day(page, encode_replay(make_day([[1], [2], [3]])))
    times = [START - 1, START, START + 179, START + 180, START + 359, START + 360, START + 80_000]
    assert [page.js(f"day.placeAt({at})") for at in times] == [-1, 0, 0, 1, 1, 2, 2]
    assert codes_at(page, -1) == [0]
    assert page.js("[-1, 0].map((place) => day.isGap(place))") == [True, False]


def test_a_day_without_any_frame_is_unknown_all_along(page):
    open_day(page, encode_replay(make_day([])))
    assert page.js(f"day.placeAt({START + 100})") == -1
    assert codes_at(page, -1) == [0, 0, 0]


def test_no_time_is_further_than_a_key_frame_away(page):
    codes = np.ones((4 * KEY_EVERY, 900), int)
    for place in range(1, len(codes)):
        codes[place:, place] = 2
    open_day(page, encode_replay(make_day(codes)))
    kinds = page.js("day.frames.map(([kind]) => kind)")
    assert [place for place, kind in enumerate(kinds) if kind == 1] == [
        KEY_EVERY * part for part in range(4)
    ]
    # One segment changed: its place in two bytes at most, beside the kind.
    assert max(page.js("day.frames.map(({ length }) => length)")[1:KEY_EVERY]) <= 3


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda body: b"", "form"),
        (lambda body: body[:6], "form"),
        (lambda body: b"TRR\x02" + body[4:], "form"),
        (lambda body: b"<htm" + body[4:], "form"),
        (lambda body: body[:-1], "cut off"),
        (lambda body: body + b"\0", "cut off"),
    ],
)
def test_what_is_no_such_document_is_refused(page, spoil, said):
    document = spoil(encode_replay(make_day([[1, 2, 3], [1, 2, 2]])))
    listed = json.dumps(list(document))
    refused = page.js(
        "(() => { try { new trafficRennes.ReplayDay(new Uint8Array("
        f"{listed}).buffer); return ''; }} catch (error) {{ return error.message; }} }})()"
    )
    assert said in refused
