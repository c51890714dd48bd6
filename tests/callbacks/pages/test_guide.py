"""The page ``/mode-d-emploi``."""

from __future__ import annotations


def test_it_is_text_in_the_language_asked_for(client):
    response = client.get("/mode-d-emploi")
    assert response.status_code == 200
    assert '<h2 class="card-title">Espace-temps' in response.text
    assert "quality.css" in response.text
    assert '<script src="/_dash' not in response.text
    assert "How to read" not in response.text
    assert "how to read the scan" in client.get("/mode-d-emploi?lang=en").text


def test_tendances_leads_there(client):
    layout = client.get("/tendances/_dash-layout").text
    assert "mode-d-emploi" in layout
