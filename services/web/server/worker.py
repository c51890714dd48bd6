"""The process of gunicorn that serves: Uvicorn's loop in front of the application's threads."""

from __future__ import annotations

import functools
import logging
import os
import resource
import signal
import sys
from typing import Any, Final

from gunicorn.arbiter import Arbiter
from uvicorn import Server
from uvicorn_worker import UvicornWorker

from services.web.server.connections import Connections, DeadlineProtocol
from services.web.server.gateway import Gateway
from services.web.server.limits import IDLE_SECONDS, MAX_CONNECTIONS, OTHER_FILES

# A process takes one connection at a time from the queue that all share: else whichever wakes first
# takes all that wait, and the others answer none of them.
_TAKEN_AT_ONCE: Final = 1
_QUEUE: Final = 2_048
# Less than the supervisor gives.
_STOP_SECONDS: Final = 5


class WebWorker(UvicornWorker):  # type: ignore[misc]
    """Serves ``app:server``, a WSGI application, within the limits of :mod:`.limits`."""

    CONFIG_KWARGS: Final[dict[str, Any]] = {
        "loop": "asyncio",
        "ws": "none",
        "lifespan": "off",
        "interface": "asgi3",
        # Flask believes as many as the settings say.
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "backlog": _TAKEN_AT_ONCE,
        "timeout_keep_alive": IDLE_SECONDS,
        "timeout_graceful_shutdown": _STOP_SECONDS,
        "timeout_notify": 1,
    }

    def __init__(self, *gunicorns: Any, **named: Any) -> None:
        super().__init__(*gunicorns, **named)
        # What strangers send wrongly is answered, not written down.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

    def init_signals(self) -> None:
        """Gunicorn's hook; Uvicorn hands the signal on that ended it, after all has been sent."""
        super().init_signals()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.handle_exit)

    async def _serve(self) -> None:
        self.config.app = Gateway(self.wsgi, self.cfg.threads)
        self.config.http = functools.partial(
            DeadlineProtocol, connections=Connections(_connections_that_fit())
        )
        server = _SharingServer(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    async def callback_notify(self) -> None:
        """Tell gunicorn that the loop turns; end when gunicorn is gone."""
        await super().callback_notify()
        if os.getppid() != self.ppid:
            os.kill(os.getpid(), signal.SIGTERM)


class _SharingServer(Server):
    """Leaves the sockets' queue as long as gunicorn made it."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        for each in sockets or ():
            each.listen(_QUEUE)


def _connections_that_fit() -> int:
    """How many, with as many files open as the system lets a process have."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    allowed = max(now, wanted if most == resource.RLIM_INFINITY else min(wanted, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return max(1, min(MAX_CONNECTIONS, allowed - OTHER_FILES))
