"""The cache of ``deploy/nginx/`` against visitors who make things up, before a made-up host."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.nginx import running_nginx
from tests.ports import HOST

pytestmark = pytest.mark.scale


class Upstream(ThreadingHTTPServer):
    """Says yes to all, for ever, and what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Answer)
        self.asked: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = f"{self.path} by {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_what_is_made_up_behind_an_address_asks_no_host_again(tmp_path, upstream):
    with running_nginx(tmp_path / "nginx", [upstream.server_port]) as nginx:
        base = f"http://{HOST}:{nginx.port}"
        for place in ("live/0f", "network/v/places", "snapshot/v/details", "tiles/1/2/3.png"):
            spellings = [
                place,
                *(f"{place}?{i}" for i in range(20)),
                f"{place[:-1]}%{ord(place[-1]):x}",
            ]
            answers = {requests.get(f"{base}/{one}", timeout=10).text for one in spellings}
            assert len(answers) == 1
            assert sum(path.startswith(f"/{place[:-1]}") for path in upstream.asked) == 1
        # Where a question makes another answer it is told apart.
        pictures = {
            requests.get(f"{base}/share.png?lang={one}", timeout=10).text for one in ("fr", "en")
        }
        assert len(pictures) == 2
