"""The camera's page in a browser: hand a picture in, see what it says, keep it at a segment."""

from __future__ import annotations

import base64

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import BROWSER_TEST, DESKTOP, PHONE, serious_problems
from tests.cameras import SlowModel, as_file, running_camera, street

pytestmark = BROWSER_TEST

PASSWORD = "Good-velo-42-bleu"
FIELD = "#camera-upload input[type=file]"
ORIENTATION, MAKER = 0x0112, 0x010F


@pytest.fixture
def app(start_app):
    app = start_app(monitor_level="0", dashboard_password=PASSWORD)
    app.publish()
    with running_camera(app.settings.data_dir):
        yield app


def file_of(data, name="street.jpg", kind="image/jpeg"):
    return {"name": name, "mimeType": kind, "buffer": data}


def test_a_visitor_hands_in_pictures_good_and_bad(app, visit):
    visited = visit(f"{app.url}camera/", PHONE, bypass_csp=True)
    page = visited.page
    # By keyboard too: the field is there and says what it is for.
    expect(page.get_by_label("Choisir une photo ou en prendre une")).to_be_attached()
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "a telephone"
    sent = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.set_input_files(FIELD, file_of(as_file(street(0.3, 1_800, 2_400), "JPEG", exif=exif)))
    expect(page.locator(".camera-status")).to_have_text("Dense")
    expect(page.get_by_text("de la chaussée visible est couverte")).to_be_visible()
    # Upright, and no more than 2,048 pixels of bare picture left the telephone.
    assert page.locator("#camera-shown").evaluate("i => [i.naturalWidth, i.naturalHeight]") == [
        1_536,
        2_048,
    ]
    [body] = [text for text in sent if "data:image/jpeg" in text]
    picture = base64.b64decode(body.split("base64,")[1].split('"')[0])
    assert b"telephone" not in picture
    mask = page.locator("#camera-mask")
    expect(mask).to_be_visible()
    assert mask.evaluate("i => [i.naturalWidth, i.naturalHeight]") == [1_536, 2_048]
    page.locator("#camera-opacity").focus()
    page.keyboard.press("End")
    expect(mask).to_have_css("opacity", "1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger le masque").click()
    assert download.value.suggested_filename == "masque.png"
    found = serious_problems(page)
    assert found == [], found

    for bad, said in (
        (file_of(b"hello", "notes.txt", "text/plain"), "n'est pas une image"),
        (file_of(b"\xff\xd8\xff" + b"x" * 13_000_000), "trop grande"),
        (file_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "image/svg+xml"), "JPEG"),
    ):
        page.set_input_files(FIELD, bad)
        expect(page.locator("#camera-message")).to_contain_text(said)
        expect(page.locator(".camera-status")).to_have_count(0)
    page.get_by_role("button", name="Essayer avec une image").click()
    expect(page.locator(".camera-status")).to_be_visible()
    expect(page.locator("#camera-message")).to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

    paste(page, as_file(street(0.6)))
    expect(page.locator(".camera-status")).to_have_text("Bloqué")
    assert visited.errors == []


def test_the_first_picture_is_told_step_by_step_and_the_page_says_when_it_is_ready(
    start_app, visit
):
    app, model = start_app(monitor_level="0"), SlowModel()
    app.publish()
    with running_camera(
        app.settings.data_dir, model.work, state=model.state, prepare=model.prepare
    ):
        visited = visit(f"{app.url}camera", PHONE)
        page, said = visited.page, visited.page.locator("#camera-model")
        expect(said).to_have_text("Le modèle se prépare, environ 15 s…")
        page.set_input_files(FIELD, file_of(as_file(street(0.3), "JPEG")))
        steps = page.locator("#camera-progress")
        expect(steps).to_be_visible()
        expect(steps).to_have_text("Le modèle se charge, environ 15 s la première fois…")
        model.may_load.set()
        expect(page.locator(".camera-status")).to_have_text("Dense")
        expect(steps).to_be_hidden()
        expect(said).to_have_text("Prêt à lire une photo.")
    assert model.loads == 1
    assert visited.errors == []


def paste(page, data):
    """Paste a picture, as if it had been copied elsewhere."""
    page.evaluate(
        """(encoded) => {
            const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([bytes], "a.png", { type: "image/png" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }""",
        base64.b64encode(data).decode(),
    )


def test_an_operator_keeps_a_reading_at_a_road_and_finds_it_on_its_card(app, visit):
    visited = visit(f"{app.url}exploitation/", DESKTOP)
    page = visited.page
    page.fill("#name", "admin")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Incidents")
    page.goto(app.url)
    visited.until(lambda: visited.map("map.loaded()"), "the map")
    page.locator("#worst-0").click()
    page.get_by_role("link", name="Lire une photo de cette route").click()
    expect(page.locator("#camera-segment")).to_contain_text("d'après le flux, observé à")
    page.set_input_files(FIELD, file_of(as_file(street(0.6), "JPEG")))
    expect(page.locator(".camera-status")).to_have_text("Bloqué")
    page.fill("#camera-name", "Mât du pont")
    page.get_by_role("button", name="Garder cette lecture").click()
    expect(page.locator("#camera-kept")).to_have_text("La lecture est gardée.")
    expect(page.locator("#camera-kept-list")).to_contain_text("Mât du pont")
    page.get_by_role("link", name="Carte", exact=True).click()
    # As it was left: the road is still looked at.
    expect(page.locator("#panel-place")).to_contain_text("Caméra Mât du pont : Bloqué,")
    assert visited.errors == []
