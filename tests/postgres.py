"""A real PostgreSQL for tests: Debian's, in a directory of its own, gone with who started it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg

from tests.ports import HOST, free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

SUPERUSER: Final = "postgres"
PASSWORD: Final = "pg-secret-7261"
# The machine keeps its power, and the files their bytes, even where a server is killed.
_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum": "off",
    "timezone": "Pacific/Chatham",
}


class Postgres:
    """A server of one session of tests; starts, ends and restarts at the same address.

    Its time zone is one that nobody means, so that a time kept without its zone is found out.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log = directory / "server.log"
        self._data = directory / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        _run(
            "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--no-instructions", f"--username={SUPERUSER}", f"--pgdata={self._data}",
        )  # fmt: skip

    def url(self, database: str, user: str = SUPERUSER, password: str = PASSWORD) -> str:
        """The address of a database, as ``TRAFFIC_DATABASE_URL`` has it."""
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Start unless it has, and return once it answers."""
        if self._process is not None:
            return
        options = [item for pair in _SETTINGS.items() for item in ("-c", "=".join(pair))]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *_as_user(), _program("postgres"),
                    "-D", str(self._data), "-p", str(self.port), *options,
                ],
                cwd="/",
                stdout=output,
                stderr=output,
            )  # fmt: skip
        wait_until(self._answers)

    def stop(self, *, crash: bool = False) -> None:
        """End it, cutting every connection; ``crash`` as where its machine loses its power."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def restart(self, *, crash: bool = False) -> None:
        """End it and start it again, at the same address with all that was committed."""
        self.stop(crash=crash)
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While entered, it answers nothing and closes nothing."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        stopped = [server, *server.children()]
        try:
            for process in stopped:
                process.suspend()
            yield
        finally:
            for process in stopped:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The name of a database of one test, made like another one, removed afterwards."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield name
        finally:
            if self._process is not None:
                self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, database: str = SUPERUSER) -> list[tuple[Any, ...]]:
        """Run a statement as the one who may do all; the rows that it gives."""
        with self._connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def cut(self, database: str) -> int:
        """Cut every connection to a database; how many there were."""
        ended = self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - of this file
            f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        )
        return len(ended)

    def _connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=HOST, port=self.port, user=SUPERUSER, dbname=database, autocommit=True
        )

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-2000:]
        with suppress(psycopg.OperationalError), self._connect(SUPERUSER):
            return True
        return False


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server that has started, and ends."""
    # Not below pytest's directory, which its user may not enter.
    with tempfile.TemporaryDirectory(prefix="traffic-postgres-") as made:
        if _is_root():
            shutil.chown(made, SUPERUSER, SUPERUSER)
        server = Postgres(Path(made))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _run(program: str, *arguments: str) -> None:
    command = [*_as_user(), _program(program), *arguments]
    done = subprocess.run(command, cwd="/", capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def _program(name: str) -> str:
    """The newest that Debian has installed, whose programs are on nobody's path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(re.sub(r"\D", "", path.parts[4]) or 0),
    )
    where = str(found[-1]) if found else shutil.which(name)
    assert where, "PostgreSQL is missing: sh tests/install_postgres.sh"
    return where


def _as_user() -> list[str]:
    """PostgreSQL refuses to be root's; and where the tests are killed, it ends too."""
    if sys.platform != "linux":
        return []
    user = [f"--reuid={SUPERUSER}", f"--regid={SUPERUSER}", "--clear-groups"]
    return ["setpriv", "--pdeathsig=QUIT", *(user if _is_root() else [])]


def _is_root() -> bool:
    return os.geteuid() == 0
