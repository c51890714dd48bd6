from __future__ import annotations

import io
import re
import threading
from datetime import timedelta
from html import unescape

import pytest
from PIL import Image

from callbacks.live import share
from services.traffic.status import Status
from services.web.latest import TrafficView
from tests.callbacks.conftest import NOW
from tests.factories import make_snapshot_for, rennes_network


def test_the_picture_is_of_the_present_snapshot_and_made_once(client, published, monkeypatch):
    made = []
    draw = share.draw_picture
    monkeypatch.setattr(
        share, "draw_picture", lambda *given: (made.append(given[1]), draw(*given))[1]
    )
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(client.application.test_client().get("/share.png"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len(made) == 1
    [first, *_] = answers
    assert first.content_type == "image/png"
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert Image.open(io.BytesIO(first.data)).size == (1200, 630)
    again = client.get("/share.png", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert set(made[0].zones) == set(published[0].city.zones)


def test_another_language_is_another_picture_and_nonsense_is_none(client, published):
    french, english = (client.get(f"/share.png?lang={code}").data for code in ("fr", "en"))
    assert french != english
    assert client.get("/share.png?lang=../xx&size=9999").data == french


def test_what_is_late_is_drawn_as_old(make_client, store, published):
    fresh = make_client().get("/share.png").data
    late = make_client(NOW + timedelta(hours=2)).get("/share.png").data
    assert Image.open(io.BytesIO(fresh)).convert("RGB").getpixel((0, 0)) == (238, 240, 242)
    assert fresh != late


def test_before_the_first_snapshot_there_is_no_picture(client):
    assert client.get("/share.png").status_code == 204


def test_the_next_snapshot_has_a_picture_of_its_own(client, published, store):
    network, _ = published
    before = client.get("/share.png").data
    store.publish(network, make_snapshot_for(network, Status.CONGESTED))
    assert client.get("/share.png").data != before


def test_roads_lie_within_the_map():
    network = rennes_network()
    found = share.road_map(TrafficView(network, make_snapshot_for(network, Status.FREE_FLOW)))
    points = [point for line in found.roads["freeFlow"] for point in line]
    assert len(found.roads["freeFlow"]) == sum(map(len, network.geometry))
    assert all(-0.1 <= x <= 1.1 and -0.1 <= y <= 1.1 for x, y in points)


def tags_of(client, path="/", **options):
    document = client.get(path, **options).text
    found = re.findall(
        r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">', document
    )
    return {name: unescape(text) for name, text in found}


def test_a_shared_link_tells_the_state_and_has_the_picture(client, published):
    tags = tags_of(client, "/?t=30min&lang=en", base_url="https://traffic.example")
    assert tags["og:url"] == "https://traffic.example/?t=30min&lang=en"
    assert tags["og:image"] == "https://traffic.example/share.png?lang=en"
    assert tags["twitter:card"] == "summary_large_image"
    assert tags["og:title"].startswith("Traffic Rennes")
    assert re.fullmatch(r"(?:[\w -]+: \w+, ){4}[\w -]+: \w+ — 12:43", tags["og:description"])
    assert tags["og:image:alt"] == tags["og:description"]
    french = tags_of(client)["og:description"]
    assert "rocade\N{NO-BREAK SPACE}:" in french


def test_the_addresses_are_those_of_the_proxy_in_front(make_client, published):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "traffic.example"}
    proxied = tags_of(make_client(trusted_proxies=1), headers=told)
    assert proxied["og:image"].startswith("https://traffic.example/share.png")
    assert tags_of(make_client(), headers=told)["og:url"] == "http://localhost/"


def test_where_the_settings_name_the_site_no_host_that_is_asked_for_does(make_client, published):
    client = make_client(public_url="https://traffic.example/rennes/")
    for host in ("elsewhere.example", "", "x y"):
        tags = tags_of(client, "/?t=30min&zone=rocade", headers={"Host": host})
        assert tags["og:url"] == "https://traffic.example/rennes/?t=30min&zone=rocade"
        assert tags["og:image"] == "https://traffic.example/rennes/share.png?lang=fr"


def test_the_tags_cost_each_document_less_than_a_kilobyte(client, published):
    document = client.get(f"/?zone={'x' * 5_000}").text
    tags = re.findall(r'<meta (?:property|name)="(?:og|twitter):.*?>', document)
    assert 0 < len("".join(tags).encode()) <= 1_024
    assert "x" * 300 not in "".join(tags)


def test_what_an_address_says_stays_text(client, published):
    document = client.get('/?zone="><script>alert(1)</script>').text
    assert "<script>alert" not in document


def test_without_a_snapshot_a_link_has_no_picture(client):
    tags = tags_of(client)
    assert "og:image" not in tags
    assert tags["twitter:card"] == "summary"


def test_other_pages_say_nothing_of_the_state(client, published):
    assert tags_of(client, "/qualite") == {}


@pytest.mark.parametrize("host", ["", "x y", "[::1", 'a"><script>', "h:99999999", "u@evil.example"])
def test_a_host_that_is_none_makes_no_addresses(client, published, host):
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 200
    assert "og:" not in answer.text
