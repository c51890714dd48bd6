"""Debian's nginx with ``deploy/nginx/``, at addresses and in a directory of a test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.ports import HOST, free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

CONFIGURATION: Final = Path(__file__).parents[1] / "deploy" / "nginx"
# What the file of a distribution has around it.
_MAIN: Final = """
{user}
worker_processes 2;
worker_rlimit_nofile 16384;
pid {directory}/nginx.pid;
error_log {log} error;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    access_log {directory}/access.log;
    gzip on;
    include conf.d/*.conf;
}}
"""
_HOST_LINE: Final = re.compile(r"^ *server 10\.0\.0\.1\d:8050 (.*)$", re.MULTILINE)


class Nginx:
    """A server in front of web hosts on this machine.

    Parameters
    ----------
    directory : Path
        Everything it writes.
    hosts : sequence of int
        Ports of the web hosts.
    """

    def __init__(self, directory: Path, hosts: Sequence[int]) -> None:
        self._directory = directory
        self._file = directory / "nginx.conf"
        self.log = directory / "error.log"
        self.port = free_port()
        (directory / "cache").mkdir()
        (directory / "conf.d").mkdir()
        self.configure(hosts)
        self._process = subprocess.Popen(self._command("-g", "daemon off;"))
        wait_until(self._answers)

    def configure(self, hosts: Sequence[int]) -> None:
        """Write the files that come with the project, with the addresses of here."""
        # As who runs the tests; for others than root the line would be one of warning.
        user = "user root;" if os.geteuid() == 0 else ""
        self._file.write_text(_MAIN.format(user=user, directory=self._directory, log=self.log))
        texts = {path.name: path.read_text() for path in CONFIGURATION.iterdir()}
        [options, *_] = _HOST_LINE.findall(texts["hosts.conf"])
        lines = iter([*(f"server {HOST}:{port} {options}" for port in hosts), "", ""])
        texts["hosts.conf"] = _HOST_LINE.sub(lambda _found: next(lines), texts["hosts.conf"])
        for name, theirs, here in (
            ("listen.inc", "listen 80;", f"listen {HOST}:{self.port};"),
            ("traffic.conf", "/var/cache/nginx", str(self._directory / "cache")),
            ("traffic.conf", "/var/log/nginx/error.log emerg", f"{self.log} error"),
        ):
            assert theirs in texts[name]
            texts[name] = texts[name].replace(theirs, here)
        for name, text in texts.items():
            (self._directory / "conf.d" / name).write_text(text)

    def reload(self, hosts: Sequence[int]) -> None:
        """Have other hosts, as an operator does."""
        self.configure(hosts)
        subprocess.run(self._command("-s", "reload"), check=True, timeout=PATIENCE_SECONDS)

    def stop(self) -> None:
        """End at once."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_SECONDS)

    def _command(self, *arguments: str) -> list[str]:
        # Root's path alone has it, in Debian.
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        places = ["-p", str(self._directory), "-c", str(self._file), "-e", str(self.log)]
        return [program, *places, *arguments]

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text(errors="replace")[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


@contextmanager
def running_nginx(directory: Path, hosts: Sequence[int]) -> Iterator[Nginx]:
    """In front of these web hosts until the end."""
    directory.mkdir()
    nginx = Nginx(directory, hosts)
    try:
        yield nginx
    finally:
        nginx.stop()
