"""An application served in a thread, by a server that keeps connections and closes cut ones.

Flask's own development server is not used: when a browser hangs up in the middle of an
answer it leaves the file it was sending open.
"""

from __future__ import annotations

import threading
from typing import Any

from cheroot import wsgi

from tests.ports import HOST, free_port, wait_for_port


class ServerThread:
    """Serves from its creation until :meth:`stop`."""

    def __init__(self, application: Any, port: int | None = None) -> None:
        self.port = port or free_port()
        wait_for_port(self.port)
        self._server = wsgi.Server((HOST, self.port), application, shutdown_timeout=1)
        self._server.prepare()
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way and close every connection."""
        self._server.stop()
        self._thread.join()
