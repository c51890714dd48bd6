"""Icons, manifest and ``robots.txt``: there where documents and browsers look for them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from services.web import icons
from tests.pages import page_paths

ICON = Path(__file__).parents[3] / "assets" / "icon.svg"


def test_every_document_names_the_icons_and_the_manifest(client):
    for page in page_paths(client.application):
        answer = client.get(page)
        if answer.status_code != 200:
            # For operators alone.
            continue
        named = dict(
            re.findall(r'<link rel="([\w-]+)"(?: type="[^"]+")? href="([^"]+)"', answer.text)
        )
        for kind in ("icon", "apple-touch-icon", "manifest"):
            assert client.get(named[kind]).status_code == 200, (page, kind)


def test_the_manifest_speaks_the_visitor_s_language_and_has_icons_of_the_size_it_says(client):
    [named] = re.findall(r'<link rel="manifest" href="([^"]+)"', client.get("/?lang=en").text)
    answer = client.get(named)
    assert answer.mimetype == "application/manifest+json"
    manifest = answer.get_json(force=True)
    assert manifest["lang"] == "en"
    assert client.get(manifest["start_url"]).status_code == 200
    for icon in manifest["icons"]:
        found = client.get(icon["src"])
        assert found.mimetype == icon["type"] == "image/png"
        width, height = Image.open(io.BytesIO(found.data)).size
        assert f"{width}x{height}" == icon["sizes"]


@pytest.mark.parametrize(
    ("path", "kind", "size"),
    [
        ("/favicon.ico", "image/x-icon", (48, 48)),
        ("/apple-touch-icon.png", "image/png", (180, 180)),
    ],
)
def test_icons_are_pictures_that_browsers_keep(client, path, kind, size):
    answer = client.get(path)
    assert (answer.mimetype, Image.open(io.BytesIO(answer.data)).size) == (kind, size)
    assert "max-age" in answer.headers["Cache-Control"]
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_icon_in_pixels_has_the_colours_of_the_drawn_one():
    drawn = ICON.read_text("utf-8")
    colours = [icons.GROUND, *icons.LIGHTS.values()]
    assert [colour in drawn for colour in colours] == [True] * 4
    picture = Image.open(io.BytesIO(icons.png(320))).convert("RGBA")
    assert picture.getpixel((0, 0))[3] == 0
    for y, colour in icons.LIGHTS.items():
        assert bytes(picture.getpixel((160, 10 * y))[:3]).hex() == colour.removeprefix("#")


def test_search_engines_are_kept_from_the_operators_pages(client):
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    assert "Disallow: /exploitation\n" in answer.text
