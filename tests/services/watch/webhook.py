"""A webhook on loopback that remembers what it was told."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class Webhook:
    """Its address as Apprise spells it, and the messages that it received."""

    url: str
    told: list[dict[str, str]] = field(default_factory=list)
    is_down: bool = False

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.told]


@contextlib.contextmanager
def serve_webhook() -> Iterator[Webhook]:
    """Serve until left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if not hook.is_down:
                hook.told.append(json.loads(content))
            self.send_response(503 if hook.is_down else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Webhook(f"json://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()
