"""What a visitor's words find, among the names of the real network."""

from __future__ import annotations

import orjson
import pytest

from callbacks.http.places import encode_stretches
from services.city.rennes import RENNES
from services.web.places import encode_places
from tests.assets.scripts import loaded
from tests.factories import rennes_network


@pytest.fixture(scope="module", params=["fr", "en"])
def page(request):
    network = rennes_network()
    with loaded(
        "app.js", "wording.js", "find_match.js", "places.js", language=request.param
    ) as page:
        features = [
            {"id": i, "properties": {"name": name}, "geometry": _geometry(parts)}
            for i, (name, parts) in enumerate(
                zip(network.names.tolist(), network.geometry, strict=True)
            )
        ]
        documents = {
            "places": orjson.loads(encode_places(network)),
            "stretches": orjson.loads(encode_stretches(network)),
            "features": features,
            "told": {"zones": RENNES.zones, "texts": page.texts},
        }
        for name, document in documents.items():
            page.call(f"void ((value) => {{ globalThis.{name} = value; }})", document)
        page.js(
            "void (globalThis.all = trafficRennes.places.all(places, stretches, features, told))"
        )
        page.language = request.param
        yield page


def _geometry(parts):
    return {"type": "MultiLineString", "coordinates": parts}


def found(page, text):
    """Kind and name of each."""
    js = f"trafficRennes.match.find({text!r}, all).map((place) => [place.kind, place.name])"
    return [tuple(pair) for pair in page.js(js)]


def test_what_is_told_of_as_a_list_has_a_key_of_its_own_in_every_language(page):
    keys = page.js("all.map(({ kind, key }) => [kind, key ?? null])")
    kinds = {"road", "ring-junction", "commune", "corridor"}
    assert kinds <= {kind for kind, key in keys if key}
    told = [key for _, key in keys if key]
    assert len(told) == len(set(told))
    assert "commune,Bruz" in told
    assert "ring-junction,Porte d'Alma" in told


def best(page, text):
    return found(page, text)[0]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("saint malo", "road", "Rue de Saint-Malo"),
        ("Porte de St-Malo", "ring-junction", "Porte de Saint-Malo"),
        ("porte st malo", "ring-junction", "Porte de Saint-Malo"),
        ("PORTE DU SAINT MALO", "ring-junction", "Porte de Saint-Malo"),
        ("brequigny", "ring-junction", "Porte de Bréquigny"),
        ("porte d’alma", "ring-junction", "Porte d'Alma"),
        ("alma", "ring-junction", "Porte d'Alma"),
        ("RN 136", "road", "Rocade"),
        ("route nationale 136", "road", "Rocade"),
        ("rn24", "road", "N 24"),
        ("d34", "road", "D 34"),
        ("départementale 837", "road", "D 837"),
        ("bd verdun", "road", "Bd de Verdun"),
        ("Boulevard de Verdun", "road", "Bd de Verdun"),
        ("verdun bd", "road", "Bd de Verdun"),
        ("bd liber", None, None),
        ("av liberation", "road", "Av. de la Libération"),
        ("general leclerc", "road", "Av. Général Leclerc"),
        ("freville", "road", "Av. Henri Fréville"),
        ("hotel dieu", "road", "Rue de l'Hôtel Dieu"),
        ("buttes de coesmes", "road", "Av. des Buttes de Coësmes"),
        ("fouge", "road", "Rue de Fougères"),
        ("rue de f", "road", "Rue de Fougères"),
        ("cesson", "commune", "Cesson-Sévigné"),
        ("st grégoire", "commune", "Saint-Grégoire"),
        ("le rheu", "commune", "Le Rheu"),
        ("chateau des marais", "junction", "Rond-point du Château des Marais"),
        ("saintmalo", "road", "Rue de Saint-Malo"),
        ("A84", None, None),
        ("  ", None, None),
        ("qqq", None, None),
    ],
)
def test_words_find_the_place_that_is_meant_first(page, text, kind, name):
    called = page.texts["local_name"].get(name, name)
    assert found(page, text)[:1] == ([(kind, called)] if name else [])


def test_the_ring_road_is_found_as_zone_road_corridors_and_stretches(page):
    kinds = [kind for kind, _ in found(page, "rocade")]
    zone = page.texts["zone"]["rocade"]
    assert len(kinds) == 8
    if page.language == "fr":
        assert kinds == ["zone", "road", "corridor", "corridor", *["stretch"] * 4]
        assert best(page, "rocade nord")[1].startswith("Rocade nord ")
    assert ("zone", zone) in found(page, zone)


def test_a_stretch_is_found_by_where_it_ends_after_what_is_called_so(page):
    names = found(page, "porte de maurepas")
    assert names[0] == ("ring-junction", "Porte de Maurepas")
    assert {kind for kind, _ in names[1:]} == {"stretch"}


def test_what_is_found_has_its_segments(page):
    js = "trafficRennes.match.find('rue de fougeres', all).map(({ segments }) => segments.length)"
    road, *others = page.js(js)
    assert road == (rennes_network().names == "Rue de Fougères").sum()
    assert all(others)


def test_the_nearest_stretches_of_a_place_come_nearest_first(page):
    junction = [-1.66869, 48.14174]
    codes = page.call(
        "((place) => trafficRennes.places.nearest(place, stretches, features))", junction
    )
    labels = [page.js(f"stretches.stretches[{code}]")[2] for code in codes]
    assert len(codes) == 8
    assert "Rocade" in labels[:2]
    at_sea = page.call(
        "((place) => trafficRennes.places.nearest(place, stretches, features))", [-3.0, 48.1]
    )
    assert at_sea == []


def test_metres_by_status_add_up_to_the_length(page):
    network = rennes_network()
    segments = [0, 1, 2]
    pairs = page.call(
        "((segments) => [...trafficRennes.places.metresByStatus(segments, features,"
        " (segment) => segment % 2)])",
        segments,
    )
    told = dict(map(tuple, pairs))
    assert told[1] == pytest.approx(network.length_m[1], rel=0.01)
    assert sum(told.values()) == pytest.approx(network.length_m[segments].sum(), rel=0.01)
