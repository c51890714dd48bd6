"""Plotly's script with maps alone: the same version as the figures are made for, or none at all."""

from __future__ import annotations

import io
import logging
import tarfile

import brotli
import pytest
from plotly.offline import get_plotlyjs_version

from services.base.errors import ConfigurationError
from services.web import plotly_bundle

SCRIPT = b"var Plotly = {};"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(plotly_bundle, "_PLACE", tmp_path / "share")
    plotly_bundle.find.cache_clear()
    yield tmp_path / "share"
    plotly_bundle.find.cache_clear()


def npm_that(monkeypatch, does):
    monkeypatch.setattr(plotly_bundle, "_NPM", f"import sys, pathlib\n{does}")


def test_it_is_of_the_version_that_the_package_of_figures_has():
    assert get_plotlyjs_version() == plotly_bundle.VERSION


def test_where_it_was_not_fetched_that_is_told_once(caplog):
    with caplog.at_level(logging.INFO):
        assert plotly_bundle.find() is None
        assert plotly_bundle.find() is None
    assert len(caplog.records) == 1


def test_what_npm_packs_is_kept_with_its_compressed_twin(place, monkeypatch, tmp_path):
    archive = tmp_path / "plotly.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        member = tarfile.TarInfo("package/dist/plotly-map.min.js")
        member.size = len(SCRIPT)
        packed.addfile(member, io.BytesIO(SCRIPT))
    npm_that(
        monkeypatch,
        "[place] = [a.partition('=')[2] for a in sys.argv if a.startswith('--pack-destination=')]\n"
        f"pathlib.Path(place, 'x.tgz').write_bytes(pathlib.Path({str(archive)!r}).read_bytes())",
    )
    with pytest.raises(ConfigurationError, match="not the file expected"):
        plotly_bundle.fetch()
    assert plotly_bundle.find() is None
    plotly_bundle.find.cache_clear()

    monkeypatch.setattr(plotly_bundle, "_SHA256", plotly_bundle.hashlib.sha256(SCRIPT).hexdigest())
    plotly_bundle.fetch()
    found = plotly_bundle.find()
    assert found.path.read_bytes() == SCRIPT
    assert brotli.decompress(found.compressed.read_bytes()) == SCRIPT
    npm_that(monkeypatch, "sys.exit('asked again for what is there')")
    plotly_bundle.fetch()


def test_where_there_is_no_npm_or_no_way_to_it_one_line_says_so(monkeypatch):
    npm_that(monkeypatch, "sys.exit(1)")
    with pytest.raises(ConfigurationError, match=r"was not fetched") as raised:
        plotly_bundle.fetch()
    assert "\n" not in str(raised.value)


def test_a_file_that_was_spoilt_since_is_not_handed_out_and_is_fetched_again(place, monkeypatch):
    monkeypatch.setattr(plotly_bundle, "_SHA256", plotly_bundle.hashlib.sha256(SCRIPT).hexdigest())
    monkeypatch.setattr(plotly_bundle, "_from_npm", lambda: SCRIPT)
    plotly_bundle.fetch()
    found = plotly_bundle.find()
    assert found is not None
    for path in (found.path, found.compressed):
        whole = path.read_bytes()
        for spoilt in (b"", whole[:-3], b"<html>"):
            path.write_bytes(spoilt)
            plotly_bundle.find.cache_clear()
            assert plotly_bundle.find() is None
        plotly_bundle.fetch()
        plotly_bundle.find.cache_clear()
        assert plotly_bundle.find() == found
        assert path.read_bytes() == whole
