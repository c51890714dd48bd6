"""Starts the roles of one machine or container, and again whichever dies or hangs.

``python -m services.roles.supervisor`` is what ``make run`` calls: all of them. Every import of
this module delays the first page: what only some starts need is imported there.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Collection, Sequence
from functools import partial
from types import FrameType
from typing import Final, get_args

from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.data_directory import prepare_data_directory, when_replaced
from services.base.errors import ConfigurationError
from services.base.journal import start_journal
from services.base.settings import HostRole, Role, Settings, host_and_port, load_settings
from services.city.chosen import CITY
from services.roles.processes import (
    CAMERA,
    HUNG_AFTER_SECONDS,
    LEARNER,
    MIRROR,
    TRENDS,
    WATCH,
    WORKER,
    Child,
    Pulse,
    Supervisor,
    at_once,
    module_command,
)
from services.watch.probe import serves_pages
from services.watch.reports import check_reports
from services.watch.traffic_rules import check_traffic_rules

log = logging.getLogger(__name__)

# Pages first: on two cores everything else would take from them what they need to start.
PAGES_FIRST_SECONDS: Final = 15.0
FIRST_ROUND_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.05
ROLES: Final[tuple[HostRole, ...]] = get_args(HostRole)


def web_command() -> list[str]:
    """The command of the web role; ``gunicorn.conf.py`` reads the settings."""
    return module_command("gunicorn", "app:server")


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


def background_children(
    settings: Settings, roles: Collection[str] | None = None, *, after_pages: bool = True
) -> list[Child]:
    """Those of the roles that serve no pages.

    Parameters
    ----------
    settings : Settings
        Which may leave out the camera and the archive's process.
    roles : collection of str, optional
        Those of the settings, if they are not given.
    after_pages : bool
        Whether pages come first, then the traffic, then the rest: where all share a machine.
    """
    roles = settings.roles if roles is None else roles
    pages_first = partial(wait_for_pages, settings) if after_pages else at_once
    traffic_first = partial(wait_for_traffic, settings) if after_pages else at_once
    children = {
        "worker": Child(module_command(WORKER), pages_first, heartbeat(settings, "worker")),
        "watch": Child(module_command(WATCH), traffic_first, heartbeat(settings, "watch")),
        # On a host of its own; elsewhere the worker starts it.
        "learner": Child(
            module_command(LEARNER, "--alone"), at_once, heartbeat(settings, "learner")
        ),
    }
    if settings.camera:
        children["camera"] = Child(
            module_command(CAMERA), traffic_first, heartbeat(settings, "camera")
        )
    if settings.trends:
        children["trends"] = Child(
            module_command(TRENDS), traffic_first, heartbeat(settings, "trends")
        )
    wanted = [child for role, child in children.items() if role in roles]
    if settings.storage_url is not None:
        # At once: without it the pages have nothing to show.
        has_history = not {"worker", "learner", "trends"}.isdisjoint(roles)
        wanted.insert(0, mirror_child(settings, with_history=has_history))
    return wanted


def mirror_child(settings: Settings, *, with_history: bool) -> Child:
    """What follows the object storage, for all roles of this machine."""
    options = ["--with-history"] if with_history else []
    return Child(module_command(MIRROR, *options), pulse=heartbeat(settings, "mirror"))


def heartbeat(settings: Settings, role: Role) -> Pulse:
    """When a role last said that it is alive."""

    def last() -> float | None:
        # After the first page.
        from services.metrics.samples import heartbeat_of  # noqa: PLC0415

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
            f"TRAFFIC_HOST, TRAFFIC_PORT: cannot listen on {host_and_port(host, port)}: "
            f"{error.strerror}"
        ) from None


def _check_channels(settings: Settings) -> None:
    if settings.notify_urls is not None:
        # The library of the channels takes half a second.
        from services.roles.watch import channels_of  # noqa: PLC0415

        channels_of(settings)


def _check_camera(settings: Settings) -> None:
    if settings.camera_model is not None:
        # It brings numpy.
        from services.camera.model_files import check_own_model  # noqa: PLC0415

        check_own_model(settings)


def is_alive(settings: Settings, role: Role) -> bool:
    """Whether a role has given a sign of life within a minute."""
    if role == "web":
        return serves_pages(settings.url)
    if role == "camera" and settings.camera_url is not None:
        # As web hosts find it. They need it only when they are asked.
        from services.camera.remote import remote_camera  # noqa: PLC0415
        from services.web.camera_client import is_answering  # noqa: PLC0415

        camera = remote_camera(settings)
        return camera is not None and is_answering(camera)
    last = heartbeat(settings, role)()
    return isinstance(last, float) and utc_now().timestamp() - last < HUNG_AFTER_SECONDS


def prepare_start(settings: Settings, roles: Collection[str] | None = None) -> None:
    """Check machine, rules, channels and models, and start the journal.

    Raises
    ------
    ConfigurationError
        When the port, the data directory, the rules, a channel or a model cannot be used.
    """
    if "web" in (settings.roles if roles is None else roles):
        check_port_is_free(settings.host, settings.port)
    prepare_data_directory(settings.data_dir, CITY.name)
    check_traffic_rules(settings, CITY)
    check_reports(settings, CITY)
    _check_camera(settings)
    _check_channels(settings)
    start_journal(settings)


def _begin_again(settings: Settings) -> bool:
    """Make a data directory that was deleted; the roles end by themselves and are started again."""
    try:
        prepare_data_directory(settings.data_dir, CITY.name)
        start_journal(settings)
    except (ConfigurationError, OSError) as error:
        log.error("%s", error)
    else:
        log.error("the data directory was deleted or replaced: every role starts again")
    return False


def run(settings: Settings, roles: Collection[str]) -> None:
    """Run roles until a signal asks to stop.

    Raises
    ------
    ConfigurationError
        When the port or the data directory cannot be used.
    """
    prepare_start(settings, roles)
    children = background_children(settings, roles, after_pages="web" in roles)
    if "web" in roles:
        log.info("Traffic Rennes: %s", settings.url)
        children.insert(0, web_child(settings))
    when_replaced(settings.data_dir, partial(_begin_again, settings))
    with Supervisor(children) as supervisor:

        def stop(_signal_number: int, _frame: FrameType | None) -> None:
            supervisor.stop()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop)
        supervisor.wait()


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run roles, or see whether they are alive; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.roles.supervisor",
        description="Run roles of Traffic Rennes on this machine, and start again whichever dies "
        "or hangs. Settings come from the environment or .env (see README).",
    )
    parser.add_argument(
        "roles",
        nargs="*",
        metavar="ROLE",
        help=f"of {', '.join(ROLES)}; default: those of TRAFFIC_ROLES",
    )
    parser.add_argument(
        "--check", action="store_true", help="only say whether they are alive: exit code 0 or 1"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.roles) - set(ROLES):
        parser.error(f"there is no role {', '.join(sorted(unknown))}: {', '.join(ROLES)}")
    settings = load_settings()
    roles: Collection[HostRole] = options.roles or settings.roles
    if "learner" in roles and "worker" in roles:
        raise ConfigurationError(
            "TRAFFIC_ROLES: a learner is a role of its own on a host without a worker, whose "
            "companion it is elsewhere"
        )
    if options.check:
        return 0 if all(is_alive(settings, role) for role in roles) else 1
    run(settings, roles)
    return 0


if __name__ == "__main__":
    run_command(main)
