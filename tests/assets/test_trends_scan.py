"""Reading a cell of the space–time diagram out, and telling the page's other parts of it."""

from __future__ import annotations

import pytest

from tests.assets.scripts import loaded
from tests.components.trees import plain

TEXTS = {
    "cell": "{time}, {place}: {speed} km/h, {share}",
    "cell_unknown": "{time}, {place}: unknown",
    "cell_closed": "{time}, {place}: closed",
}
META = {
    "measure": "vitesse", "start_s": 1_000, "step_s": 180, "times": ["8 h", "8 h 03", "8 h 06"],
    "ends_m": [100, 400], "segments": [7, 3], "free_kmh": [50, None],
    "places": ["A", "B"], "closed": [[1, 2]], "shapes": 0, "words": TEXTS,
}  # fmt: skip
SPEEDS = [[50, 20, None], [30, None, None]]
HOVER, TIME = "trends-scan.hoverData", "trends-scan-time.value"


@pytest.fixture
def page():
    with loaded("trends_scan.js") as page:
        page.js(
            "void (globalThis.told = [],"
            " document.dispatchEvent = ({ detail }) => told.push(detail),"
            " globalThis.CustomEvent = class {"
            "   constructor(type, { detail }) { Object.assign(this, { type, detail }); } })"
        )
        yield page


def read(page, prop_id, *, hover=None, time=None, place=None, **changes):
    figure = {"data": [{"z": changes.pop("z", SPEEDS)}], "layout": {"meta": META | changes}}
    page.js(
        "void Object.assign(dash_clientside, { no_update: 'nothing', callback_context:"
        f" {{ triggered: [{{ prop_id: '{prop_id}' }}] }} }})"
    )
    points = None if hover is None else {"points": [dict(zip("xy", hover, strict=True))]}
    return page.call("dash_clientside.trends_scan.read", points, None, time, place, figure)


def test_the_cell_under_the_pointer_is_read_out_and_told(page):
    assert plain(read(page, HOVER, hover=(1.5, 99))) == "8 h 03, A: 20 km/h, 40 %"
    assert page.js("told") == [{"segment": 7, "epoch_s": 1_180, "by": "scan"}]


def test_a_share_is_told_as_the_speed_that_it_is_of(page):
    said = read(page, HOVER, hover=(0.5, 50), measure="part", z=[[0.4, 1, 1], [None] * 3])
    assert "20 km/h" in said


def test_without_free_flow_there_is_a_speed_and_no_share(page):
    assert read(page, HOVER, hover=(0.5, 100)) == "8 h, B: 30 km/h, –"


def test_what_is_not_known_and_what_was_closed_are_told_apart(page):
    assert read(page, HOVER, hover=(1.5, 200)) == "8 h 03, B: unknown"
    assert read(page, HOVER, hover=(2.5, 200)) == "8 h 06, B: closed"


@pytest.mark.parametrize("beside", [(-0.1, 50), (3.0, 50), (1, 400), (1, -1)])
def test_beside_the_diagram_is_no_cell(page, beside):
    assert read(page, HOVER, hover=beside) == "nothing"
    assert page.js("told") == []


def test_the_sliders_point_as_a_mouse_does(page):
    assert read(page, TIME, time="0", place="1") == "8 h, B: 30 km/h, –"
    # A slider that nobody moved stands in the middle.
    assert read(page, TIME, time="2").startswith("8 h 06, B")


def test_the_mean_day_of_a_period_is_at_no_time(page):
    read(page, HOVER, hover=(0.5, 50), start_s=None)
    assert page.js("told") == [{"segment": 7, "epoch_s": None, "by": "scan"}]
