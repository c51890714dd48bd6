"""All roles on one machine: starts web, worker, watch and camera, and again whichever dies.

``python -m services.supervisor`` is what ``make run`` calls. Every import of this module
delays the first page: what only some starts need is imported there.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Final

from services.alerts.rules import rules_of
from services.command_line import run_command
from services.data_directory import prepare_data_directory, when_replaced
from services.errors import ConfigurationError, TrafficError
from services.journal import start_journal
from services.probing import serves_pages
from services.processes import Child, Pulse, Supervisor
from services.settings import Settings, load_settings

if TYPE_CHECKING:
    from services.metrics.sharing import Role

log = logging.getLogger(__name__)

# Pages first: on two cores everything else would take from them what they need to start.
PAGES_FIRST_SECONDS: Final = 15.0
FIRST_ROUND_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.05


def worker_command() -> list[str]:
    """The command of the worker role."""
    return [sys.executable, "-m", "services.worker"]


def web_command() -> list[str]:
    """The command of the web role; ``gunicorn.conf.py`` reads the settings."""
    return [sys.executable, "-m", "gunicorn", "app:server"]


def watch_command() -> list[str]:
    """The command of the watch role."""
    return [sys.executable, "-m", "services.watch"]


def camera_command() -> list[str]:
    """The command of the camera role."""
    return [sys.executable, "-m", "models.camera.serve"]


def wait_for_pages(settings: Settings, stopping: threading.Event) -> None:
    """Return once pages are served, after a quarter of a minute at the latest."""
    latest = time.monotonic() + PAGES_FIRST_SECONDS
    while time.monotonic() < latest and not serves_pages(settings.url):
        if stopping.wait(_LOOK_SECONDS):
            return


def wait_for_traffic(settings: Settings, stopping: threading.Event) -> None:
    """Return once pages are served and the worker had time for its first round."""
    wait_for_pages(settings, stopping)
    stopping.wait(FIRST_ROUND_SECONDS)


class WebPulse:
    """How often the pages have answered: it stands still when they hang."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.url
        self._count = 0

    def __call__(self) -> int:
        """Ask again."""
        self._count += serves_pages(self._url)
        return self._count


def web_child(settings: Settings) -> Child:
    """The web role, started at once."""
    return Child(web_command(), pulse=WebPulse(settings))


def background_children(settings: Settings) -> list[Child]:
    """Every role but the web's: pages first, then the traffic, then the rest."""
    pages_first = partial(wait_for_pages, settings)
    traffic_first = partial(wait_for_traffic, settings)
    children = [
        Child(worker_command(), pages_first, heartbeat(settings, "worker")),
        Child(watch_command(), traffic_first, heartbeat(settings, "watch")),
    ]
    if settings.camera:
        children.append(Child(camera_command(), traffic_first, heartbeat(settings, "camera")))
    return children


def heartbeat(settings: Settings, role: Role) -> Pulse:
    """When a role last said that it is alive."""

    def last() -> float | None:
        # After the first page.
        from services.metrics import heartbeat_of  # noqa: PLC0415

        return heartbeat_of(settings.data_dir, role)

    return last


def check_port_is_free(host: str, port: int) -> None:
    """Fail early and in one line rather than in a server's own words.

    Raises
    ------
    ConfigurationError
        When the address cannot be bound.
    """
    try:
        [family, kind, protocol, _, address] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"TRAFFIC_HOST, TRAFFIC_PORT: cannot listen on {host}:{port}: {error.strerror}"
        ) from None


def _check_channels(settings: Settings) -> None:
    if settings.notify_urls is not None:
        # The library of the channels takes half a second.
        from services.watch import channels_of  # noqa: PLC0415

        channels_of(settings)


def _check_camera(settings: Settings) -> None:
    if settings.camera_model is not None:
        # It brings numpy.
        from services.camera.model_files import check_own_model  # noqa: PLC0415

        check_own_model(settings)


def prepare_start(settings: Settings) -> None:
    """Check machine, rules, channels and models, and start the journal.

    Raises
    ------
    ConfigurationError
        When the port, the data directory, the rules, a channel or a model cannot be used.
    """
    check_port_is_free(settings.host, settings.port)
    prepare_data_directory(settings.data_dir)
    rules_of(settings)
    _check_camera(settings)
    _check_channels(settings)
    start_journal(settings)


def _begin_again(settings: Settings) -> bool:
    """Make a data directory that was deleted; the roles end by themselves and are started again."""
    try:
        prepare_data_directory(settings.data_dir)
        start_journal(settings)
    except (ConfigurationError, OSError) as error:
        log.error("%s", error)
    else:
        log.error("the data directory was deleted or replaced: every role starts again")
    return False


def run(settings: Settings) -> None:
    """Run every role until a signal asks to stop.

    Raises
    ------
    ConfigurationError
        When the port or the data directory cannot be used.
    """
    prepare_start(settings)
    log.info("Traffic Rennes: %s", settings.url)
    when_replaced(settings.data_dir, partial(_begin_again, settings))
    with Supervisor([web_child(settings), *background_children(settings)]) as supervisor:

        def stop(_signal_number: int, _frame: FrameType | None) -> None:
            supervisor.stop()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop)
        supervisor.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all roles; returns the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.supervisor",
        description="Run the web, worker, watch and camera roles of Traffic Rennes on this "
        "machine. Settings come from the environment or .env (see README).",
    ).parse_args(arguments)
    try:
        run(load_settings())
    except TrafficError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    run_command(main)
